/**
 * Steps through what has waited, on values: the room itself is left as it was (PURE, but for the windows, see there). Once that
 * is committed, lets it out.
 */
import type { Seed } from '../game/game.js';
import type { Epoch } from '../protocol/ids.js';
import type { Clock } from '../runtime/clock.js';
import type { Audience, Committed, Connection } from './audience.js';
import { History, type LogEntry, type Position } from './history.js';
import type { RoomInput } from './input-queue.js';
import type { Presence } from './seats.js';
import { type Entry, evolve, type RoomState } from './state.js';
import { type Room, type Step, step, wantsSeed } from './step.js';

/** One input's outcome: what to let out once `entry` is safe, and the room as it is then. */
export interface Done {
  readonly step: Step<Connection>;
  readonly state: RoomState;
  readonly presence: Presence;
  /** Undefined when nothing durable has happened. */
  readonly entry: LogEntry | undefined;
}

export interface BatchContext {
  readonly epoch: Epoch;
  readonly clock: Pick<Clock, 'now'>;
  readonly idleMs: number;
  readonly newSeed: () => Seed;
}

/** Hex digits: 128 bits. */
const SALT_LENGTH = 32;

/**
 * The outcomes of `batch` in order; seeds that the game asks for in between are given. Of the room only `windows`
 * changes, so that the same command twice in a batch is seen: they die with the room if the commit is refused.
 */
export function runBatch(
  from: Room,
  after: Position,
  batch: readonly RoomInput[],
  { epoch, clock, idleMs, newSeed }: BatchContext,
): Done[] {
  const done: Done[] = [];
  const { game, head, windows } = from;
  let room = from;
  let position = after;
  const take = (input: RoomInput): void => {
    const now = clock.now();
    const taken = step(room, input, now, idleMs);
    let { state } = room;
    let entry: LogEntry | undefined;
    if (taken.events.length > 0 || (taken.marked && position === after)) {
      const salt = newSeed().slice(0, SALT_LENGTH);
      const draft: Entry = { v: 1, epoch, at: now, salt, ...(taken.by ? { by: taken.by } : {}), events: taken.events };
      entry = History.link(position, draft);
      position = entry;
      windows.apply(draft, entry.seq, state);
      state = evolve(game, head, state, draft, entry.seq);
    }
    if (taken.outcome) windows.record(taken.outcome.seat, taken.outcome.id, taken.outcome.outcome);
    room = { ...room, state, presence: taken.presence };
    done.push({ step: taken, state, presence: taken.presence, entry });
  };
  for (const input of batch) {
    take(input);
    while (wantsSeed(room)) take({ type: 'seed', seed: newSeed() });
  }
  return done;
}

/** Lets out what a committed batch did: for each step its entry to everybody, then its effects. `noted` hears of each entry. */
export function publish(
  room: Committed,
  done: readonly Done[],
  audience: Pick<Audience, 'show' | 'apply'>,
  noted: (entry: LogEntry, before: RoomState) => void,
): void {
  for (const { step: taken, state, presence, entry } of done) {
    const before = room.state;
    room.state = state;
    room.presence = presence;
    if (entry) {
      room.history.push(entry);
      audience.show(entry, before);
      noted(entry, before);
    }
    for (const effect of taken.effects) audience.apply(effect);
  }
}
