/** A table that only the test plays: real events of the real rules, told to a page over a socket of the test's own. */
import type { Page } from 'playwright-core';
import { rankOf } from '../../src/game/cards.js';
import type { Seat, Typed } from '../../src/game/game.js';
import type { Command } from '../../src/game/hokm/command.js';
import type { Event, Kot } from '../../src/game/hokm/event.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import { sideOf } from '../../src/game/hokm/seats.js';
import type { RoomView } from '../../src/protocol/client-out.js';

type State = ReturnType<typeof hokm.setup>;

export interface LastMove {
  /** Before the card that ends the hand. */
  readonly before: State;
  readonly events: readonly Event[];
}

const ROOM = '7KQ2M9XZ';

/** A hand that ends with the kot, played by a sound side against one that throws its cards away. */
export function handWith(kot: Kot): LastMove {
  for (let attempt = 1; attempt < 5_000; attempt++) {
    const played = playHand(attempt, kot === 'hakem_kot' ? 1 : 0);
    if (played.events.some((event) => event.type === 'hand_ended' && event.kot === kot)) return played;
  }
  throw new Error(`no hand with ${kot} found`);
}

/** A deal whose hakem has five cards and names trump. */
export function firstFive(): LastMove {
  let state = hokm.setup(hokm.optionsSchema.parse({}));
  for (let seeds = 0; hokm.turn(state).waitsFor === 'seed'; seeds++) {
    for (const event of hokm.chance(state, `${seeds}`.padStart(64, '7'))) state = hokm.evolve(state, event);
  }
  const decision = hokm.decide(state, state.table.hakem as Seat, { type: 'name_trump', trump: 'S' });
  if (!decision.ok) throw new Error(decision.refusal.message);
  return { before: state, events: decision.events };
}

/** `strong`: 0 when the hakem's side plays soundly, 1 when the others do. */
function playHand(number: number, strong: number): LastMove {
  let state = hokm.setup(hokm.optionsSchema.parse({}));
  const apply = (events: readonly Event[]) => {
    for (const event of events) state = hokm.evolve(state, event);
  };
  let seeds = 0;
  for (;;) {
    const turn = hokm.turn(state);
    if (turn.waitsFor === 'nothing') throw new Error('the match ended before the hand did');
    if (turn.waitsFor === 'seed') {
      apply(hokm.chance(state, `${number}`.padStart(32, '0') + `${++seeds}`.padStart(32, '0')));
      continue;
    }
    const seat = turn.seats[0] as Seat;
    const view = hokm.view(state, seat);
    const isStrong = (sideOf(seat) ^ sideOf(state.table.hakem ?? seat)) === strong;
    const cards = hokm.legal(view).flatMap((command) => (command.type === 'play' ? [command] : []));
    const [weakest] = cards.toSorted((a, b) => rankOf(a.card) - rankOf(b.card));
    const decision = hokm.decide(state, seat, isStrong || !weakest ? hokm.bot(view) : weakest);
    if (!decision.ok) throw new Error(decision.refusal.message);
    if (decision.events.some(({ type }) => type === 'hand_ended')) return { before: state, events: decision.events };
    apply(decision.events);
  }
}

/** Puts `seat` at a table in the state `before`; `happen` tells what comes next. Call before the page is opened. */
export async function stage(
  page: Page,
  { before, events }: LastMove,
  seat: Seat,
  names: readonly string[] = ['Sara', 'Bot 2', 'علی', 'Bot 4'],
): Promise<{ happen: () => void; tell: (frame: object) => void }> {
  const tell = await sitDown(page, before, seat, names, () => undefined);
  return {
    tell,
    happen: () => tell({ type: 'event', seq: 2, at: 0, ...NO_TIME, events: shownTo(seat, events) }),
  };
}

/** A command that the page has sent. */
export interface Sent {
  readonly id: string;
  readonly command: Command;
  readonly for?: number;
}

/** Puts `seat` on turn. Whatever it plays, the others play at once, until it is on turn again. Gives what it has sent. */
export async function stageTurns(page: Page, start: State, seat: Seat): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  let [state, seq] = [start, 1];
  const tell = await sitDown(page, start, seat, ['Sara', 'Bot 2', 'Bot 3', 'Bot 4'], (given) => {
    sent.push(given);
    const events: Event[] = [];
    const play = (by: Seat, command: Command) => {
      const decision = hokm.decide(state, by, command);
      if (!decision.ok) throw new Error(decision.refusal.message);
      for (const event of decision.events) state = hokm.evolve(state, event);
      events.push(...decision.events);
    };
    play(seat, given.command);
    for (let { turn } = state.table; turn !== null && turn !== seat; turn = state.table.turn) {
      play(turn, hokm.bot(hokm.view(state, turn)));
    }
    seq += 1;
    const next = { turn: seq, legal: hokm.legal(hokm.view(state, seat)) };
    tell({ type: 'event', seq, at: 0, ...NO_TIME, ...next, events: shownTo(seat, events) });
    tell({ type: 'ack', id: given.id, seq });
  });
  return sent;
}

const NO_TIME = { epoch: 1, digest: '0'.repeat(16), deadline: null };

const shownTo = (seat: Seat, events: readonly Event[]): readonly Typed[] =>
  events.map((event) => hokm.project(event, seat)).filter((event): event is Typed & typeof event => event !== null);

/** Gives the way to tell the page something. */
async function sitDown(
  page: Page,
  before: State,
  seat: Seat,
  names: readonly string[],
  onCommand: (given: Sent) => void,
): Promise<(frame: object) => void> {
  const view: RoomView = {
    room: ROOM as RoomView['room'],
    game: 'hokm',
    options: before.table.options,
    turn_ms: 20_000,
    status: 'playing',
    host: seat,
    seat,
    seats: names.map((name) => ({ name, bot: name.startsWith('Bot'), substituted: false })),
    match: 1,
    swaps: [],
    deserted: [],
    table: hokm.view(before, seat),
  };
  // A seat that this device holds already: the page sits down without asking.
  const kept = JSON.stringify([{ room: ROOM, token: 'token-of-the-stage' }]);
  await page.addInitScript(`localStorage.setItem('hokm.seats', ${JSON.stringify(kept)})`);
  let send: (frame: object) => void = () => undefined;
  await page.routeWebSocket(/\/ws\?/, (socket) => {
    send = (frame) => socket.send(JSON.stringify(frame));
    socket.onMessage((text) => {
      const frame = JSON.parse(String(text)) as { type: string };
      if (frame.type === 'command') onCommand(frame as unknown as Sent);
      if (frame.type !== 'hello') return;
      const presence = { seats: [true, true, true, true], spectators: 0 };
      const place = { room: ROOM, seat, token: 'token-of-the-stage', last_command: 0, resumed: false };
      const turn = { turn: 1, legal: hokm.legal(hokm.view(before, seat)), accepts: ['for'] };
      send({ type: 'welcome', v: 1, ...place, now: 0, seq: 1, presence, view, ...NO_TIME, ...turn });
    });
  });
  return (frame) => send(frame);
}

export const stagedPath = `/?room_code=${ROOM}`;
