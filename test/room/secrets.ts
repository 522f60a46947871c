/** Who was shown what, against what he may know. */

import { type Card, DECK } from '../../src/game/cards.js';
import type { Viewer } from '../../src/game/game.js';
import type { State } from '../../src/game/hokm/rules.js';
import type { View } from '../../src/game/hokm/view.js';
import type { ClientOut, EventFrame, RoomView } from '../../src/protocol/client-out.js';
import type { LogEntry } from '../../src/room/history.js';
import { emptyRoom, evolve, type RoomHead, type RoomState } from '../../src/room/state.js';
import { game } from './rooms.js';
import { equal, must } from './sure.js';

/** A frame and who it was for. */
export interface Shown {
  readonly viewer: Viewer;
  readonly frame: ClientOut;
  readonly text: string;
}

/** No frame of a viewer says what it may not know: a card, a seed before its time, a token's hash, a salt. */
export function hidesSecrets(
  head: RoomHead,
  log: readonly LogEntry[],
  shown: readonly Shown[],
  hashes: ReadonlySet<string>,
): void {
  const states = statesOf(head, log);
  const secret = [...hashes, ...log.map(({ entry }) => entry.salt)];
  for (const { viewer, frame, text } of shown) {
    for (const word of secret) must(!text.includes(word), `a hash or a salt in ${text}`);
    if (frame.type === 'event') hidesInEvent(head, viewer, frame, log, states);
    else if (frame.type === 'welcome' || frame.type === 'snapshot') {
      const table = tableOf(states[frame.seq]);
      must(table?.seed == null || !text.includes(table.seed), 'a seed before its time');
      if (frame.view) conceals(withoutLastHand(frame.view), table, viewer);
      conceals(frame.legal, table, viewer);
    } else {
      // Of a card that is none a refusal lists all that there are, and is cut off after any of them.
      const said = frame.type === 'error' && frame.code === 'BAD_FRAME' ? { ...frame, message: '' } : frame;
      must(!/"[2-9TJQKA][SHCD]"/.test(JSON.stringify(said)), `a card in ${text}`);
    }
  }
}

/** Whoever was shown all these frames has seen hidden cards of one seat at most in each deal, wherever he sat. */
export function seesOneHand(head: RoomHead, log: readonly LogEntry[], shown: readonly Shown[]): void {
  const states = statesOf(head, log);
  const seats = new Map<string, number>();
  for (const { frame } of shown) {
    if (frame.type !== 'event' && frame.type !== 'welcome' && frame.type !== 'snapshot') continue;
    const table = tableOf(states[frame.seq]);
    if (table?.seed == null) continue;
    const said = 'view' in frame && frame.view ? { ...frame, view: withoutLastHand(frame.view) } : frame;
    const text = JSON.stringify(said);
    for (const [seat, hand] of table.hands.entries()) {
      if (!hand.some((card) => text.includes(`"${card}"`))) continue;
      must(
        (seats.get(table.seed) ?? seat) === seat,
        `the hands of seats ${seats.get(table.seed)} and ${seat} in one deal`,
      );
      seats.set(table.seed, seat);
    }
  }
}

function hidesInEvent(
  head: RoomHead,
  viewer: Viewer,
  frame: EventFrame,
  log: readonly LogEntry[],
  states: readonly RoomState[],
): void {
  const entry = log[frame.seq - 1]?.entry;
  let state = states[frame.seq - 1];
  if (!entry || !state) throw new Error('an event of no entry');
  equal(frame.events.length, entry.events.length, 'Hokm hides no event wholly');
  for (const [at, event] of entry.events.entries()) {
    state = evolve(game, head, state, { ...entry, events: [event] }, frame.seq);
    const table = tableOf(state);
    const seen = frame.events[at];
    conceals(seen, table, viewer);
    must(table?.seed == null || !JSON.stringify(seen).includes(table.seed), 'a seed before its time');
  }
  conceals(frame.legal, tableOf(state), viewer);
}

/** The room after each entry, the empty one first. */
function statesOf(head: RoomHead, log: readonly LogEntry[]): readonly RoomState[] {
  const states = [emptyRoom(4)];
  for (const { entry, seq } of log) states.push(evolve(game, head, states.at(-1) ?? emptyRoom(4), entry, seq));
  return states;
}

const tableOf = (state: RoomState | undefined) => (state?.table ?? undefined) as State | undefined;

/** The hand before this one lies open, with cards of the same names. */
function withoutLastHand(view: RoomView): unknown {
  const table = view.table as View | null;
  return table === null ? view : { ...view, table: { ...table, table: { ...table.table, last_hand: null } } };
}

/** Nothing in `shown` names a card of this hand that `viewer` neither holds nor has seen. */
function conceals(shown: unknown, table: State | undefined, viewer: Viewer): void {
  if (table?.seed == null || shown === undefined) return;
  const known = new Set<Card>([...table.table.played, ...(viewer === 'spectator' ? [] : (table.hands[viewer] ?? []))]);
  const text = JSON.stringify(shown);
  for (const card of DECK) must(known.has(card) || !text.includes(`"${card}"`), `${viewer} sees ${card}: ${text}`);
}
