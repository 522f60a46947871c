/**
 * Which commands a seat has given, so that each takes effect at most once, however often it is sent.
 *
 * Ids carry a counter. What has left the window (the last 256 of a seat) is refused as stale and never run again.
 */
import type { Seat } from '../game/game.js';
import type { CommandId, Seq } from '../protocol/ids.js';
import { type Entry, leaverOf, type RoomState } from './state.js';

export const WINDOW = 256;
/** Players whose `leave` is still known by its id. */
const DEPARTED = 16;

/** What came of a command: the log entry that holds its effect, or the refusal that was answered. */
export type Outcome = { readonly seq: Seq } | Refused;
export type Refused = { readonly refused: string; readonly reason?: string };

/** Two rings side by side: what comes too late takes the place of what came first. */
interface SeatWindow {
  readonly ids: CommandId[];
  /** By the place of the id; a bare number is the log entry that holds the effect. */
  readonly outcomes: (Seq | Refused)[];
  /** The place of the oldest, once the window is full. */
  oldest: number;
  /** Highest counter seen. */
  highest: number;
  /** Counters up to here may have left the window. */
  floor: number;
}

/**
 * Plain JSON of all windows, for the snapshot: ids and, at the same place, what came of them, the oldest first. Columns
 * cost half of what pairs do, and there are up to a thousand.
 */
export type StoredWindows = readonly StoredWindow[];
export interface StoredWindow extends Readonly<Pick<SeatWindow, 'highest' | 'floor'>> {
  readonly seat: Seat;
  readonly ids: readonly CommandId[];
  readonly outcomes: readonly (Seq | Refused)[];
}

/** As snapshots of version 1 have it. */
type PairedWindow = Omit<StoredWindow, 'ids' | 'outcomes'> & { readonly outcomes: readonly [CommandId, Outcome][] };

/** The command with which a player gave the seat up, found by what proved the seat. */
export interface Departure {
  /** SHA-256 of the seat token. */
  readonly holder: string;
  readonly id: CommandId;
  readonly seq: Seq;
}

export const counterOf = (id: CommandId): number => Number.parseInt(id, 10);

export class CommandWindows {
  /** By seat. */
  private readonly seats: (SeatWindow | undefined)[] = [];

  /** @param departures the oldest first */
  constructor(
    stored: readonly (StoredWindow | PairedWindow)[] = [],
    private departures: readonly Departure[] = [],
  ) {
    for (const window of stored) {
      const { highest, floor } = window;
      this.seats[window.seat] = { ...columns(window), oldest: 0, highest, floor };
    }
  }

  /** What came of the command before; `new` when it was never seen, `stale` when that can no longer be told. */
  lookup(seat: Seat, id: CommandId): Outcome | 'new' | 'stale' {
    const window = this.seats[seat];
    if (window === undefined || counterOf(id) > window.highest) return 'new';
    const outcome = window.outcomes[window.ids.indexOf(id)];
    if (outcome === undefined) return counterOf(id) <= window.floor ? 'stale' : 'new';
    return outcomeOf(outcome);
  }

  /** The log entry in which `holder`, who has no seat any more, gave it up by this very command. */
  departedIn(holder: string, id: CommandId): Seq | undefined {
    return this.departures.find((departure) => departure.holder === holder && departure.id === id)?.seq;
  }

  /** Keeps a refusal, or the log entry in which a command has taken effect. */
  record(seat: Seat, id: CommandId, outcome: Seq | Refused): void {
    this.seats[seat] ??= { ids: [], outcomes: [], oldest: 0, highest: 0, floor: 0 };
    keep(this.seats[seat], id, outcome);
  }

  /** Takes over what a log entry says of a room that was `before`: its command, and seats that changed hands. */
  apply(entry: Entry, seq: Seq, before: RoomState): void {
    const { by } = entry;
    if (by) this.record(by.seat, by.id, seq);
    for (const event of entry.events) {
      if (event.type === 'seat_changed' && 'from' in event) {
        this.seats[event.to] = this.seats[event.from];
        this.seats[event.from] = undefined;
      } else if (event.type === 'seats_swapped' && 'seats' in event) {
        const [one, other] = event.seats;
        [this.seats[one], this.seats[other]] = [this.seats[other], this.seats[one]];
      } else if (event.type === 'seat_left' && 'reason' in event) {
        const holder = leaverOf(before, event);
        if (holder === undefined) continue;
        this.seats[event.seat] = undefined;
        if (event.reason === 'left' && by) {
          this.departures = [...this.departures, { holder, id: by.id, seq }].slice(-DEPARTED);
        }
      } else if (event.type === 'seat_taken' && 'seat' in event) {
        const lapsed = before.lapsed[event.seat];
        const isKept = lapsed && (event.token_hash === undefined || event.token_hash === lapsed.tokenHash);
        if (!isKept) this.seats[event.seat] = undefined;
      }
    }
  }

  highest(seat: Seat): number {
    return this.seats[seat]?.highest ?? 0;
  }

  departed(): readonly Departure[] {
    return this.departures;
  }

  stored(): StoredWindows {
    return this.seats.flatMap((window, seat) => {
      if (window === undefined) return [];
      const { ids, outcomes, oldest, highest, floor } = window;
      return [{ seat: seat as Seat, highest, floor, ids: inOrder(ids, oldest), outcomes: inOrder(outcomes, oldest) }];
    });
  }
}

const inOrder = <Value>(ring: readonly Value[], oldest: number): Value[] =>
  ring.slice(oldest).concat(ring.slice(0, oldest));

function columns(window: StoredWindow | PairedWindow): Pick<SeatWindow, 'ids' | 'outcomes'> {
  if ('ids' in window) return { ids: [...window.ids], outcomes: window.outcomes.map(withoutText) };
  const outcomes = window.outcomes.map(([, outcome]) => ('seq' in outcome ? outcome.seq : withoutText(outcome)));
  return { ids: window.outcomes.map(([id]) => id), outcomes };
}

function keep(window: SeatWindow, id: CommandId, outcome: Seq | Refused): void {
  const counter = counterOf(id);
  if (counter > window.highest) window.highest = counter;
  if (window.ids.length < WINDOW) {
    window.ids.push(id);
    window.outcomes.push(outcome);
    return;
  }
  const { oldest } = window;
  window.floor = Math.max(window.floor, counterOf(window.ids[oldest] as CommandId));
  window.ids[oldest] = id;
  window.outcomes[oldest] = outcome;
  window.oldest = (oldest + 1) % WINDOW;
}

/** Older versions have stored what was answered, in which the sender was quoted. */
function withoutText(outcome: Seq | Refused): Seq | Refused {
  if (typeof outcome === 'number') return outcome;
  const { refused, reason } = outcome;
  return { refused, ...(reason === undefined ? {} : { reason }) };
}

const outcomeOf = (outcome: Seq | Refused): Outcome => (typeof outcome === 'number' ? { seq: outcome } : outcome);
