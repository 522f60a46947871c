/** What a client knows at positions made by hand. */
import type { TableState } from '../../src/client/table.js';
import type { Card } from '../../src/game/cards.js';
import type { Seat } from '../../src/game/game.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import type { State } from '../../src/game/hokm/rules.js';
import type { Cursor, RoomView } from '../../src/protocol/client-out.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import { playing, seat } from '../game/positions.js';

const player = (name: string, bot = false) => ({ name, bot, substituted: false });
export const ROOM = '7KQ2M9XZ' as RoomCode;

export function lobby(part: Partial<RoomView> = {}): RoomView {
  return {
    room: ROOM,
    game: 'hokm',
    options: { target_points: 7 },
    turn_ms: 20_000,
    status: 'lobby',
    host: seat(0),
    seat: seat(0),
    seats: [player('Sara'), null, null, null],
    match: 0,
    table: null,
    swaps: [],
    deserted: [],
    ...part,
  };
}

export function match(state: State, viewer: Seat | null, part: Partial<RoomView> = {}): RoomView {
  return lobby({
    status: 'playing',
    seat: viewer,
    seats: [player('Sara'), player('Ali'), player('Mina'), player('Bot 4', true)],
    match: 1,
    table: hokm.view(state, viewer ?? 'spectator'),
    ...part,
  });
}

/** The state of a client that is connected and shows `view`. */
export function tableState(view: RoomView, part: Partial<TableState> = {}): TableState {
  const own = view.status === 'playing' && view.seat !== null;
  return {
    connection: 'open',
    room: view.room,
    seat: view.seat,
    token: null,
    view,
    cursor: { epoch: 1, seq: 1, digest: 'd' } as Cursor,
    presence: { seats: [true, true, true, false], spectators: 0 },
    deadline: null,
    legal: own ? hokm.legal(view.table as never) : [],
    turn: null,
    pending: 0,
    error: null,
    ...part,
  };
}

/** Spades are trump and Sara leads; the second trick. */
export function secondTrick(): State {
  const hands = ['AS KS 9H TD 4D', '2S QH 8H 3C 2C', '3S 7H 6H 5C 4C', '5S KH 2H 9C 8C'];
  return play(playing(hands, 'S'), 'AS', '2S', '3S', '5S', 'KS', 'QH');
}

/** The state after the seats to act have played the cards. */
export function play(state: State, ...cards: readonly Card[]): State {
  return cards.reduce((before, card) => {
    const turn = hokm.turn(before);
    const acting = turn.waitsFor === 'seats' ? turn.seats[0] : undefined;
    const decision = hokm.decide(before, acting ?? seat(0), { type: 'play', card });
    if (!decision.ok) throw new Error(decision.refusal.message);
    return decision.events.reduce(hokm.evolve, before);
  }, state);
}
