/** The least a game can be: seats say a card in turn, and everybody hears it. For what rooms cost without rules. */
import { z } from 'zod';
import type { Game, Seat, Typed, Viewer } from '../../../src/game/game.js';

interface Played extends Typed {
  readonly type: 'card_played';
  readonly seat: Seat;
  readonly card: string;
}

interface State {
  readonly turn: Seat;
}

interface View extends State {
  readonly seat: Viewer;
}

const commandSchema = z.strictObject({ type: z.literal('play'), card: z.string().max(2) });
type Command = z.output<typeof commandSchema>;

const LEGAL: readonly Command[] = [{ type: 'play', card: 'AS' }];
const TURNS = [0, 1, 2, 3].map((seat) => ({ waitsFor: 'seats' as const, seats: [seat as Seat] }));
const after = (seat: Seat): Seat => ((seat + 1) & 3) as Seat;

export const relay: Game<State, Command, Played, View, Played, object> = {
  id: 'relay',
  rulesVersion: 1,
  optionsSchema: z.strictObject({}),
  commandSchema,
  seatCount: () => 4,
  setup: () => ({ turn: 0 as Seat }),
  decide: (state, seat, { card }) =>
    state.turn === seat
      ? { ok: true, events: [{ type: 'card_played', seat, card }] }
      : { ok: false, refusal: { code: 'NOT_YOUR_TURN', reason: 'NOT_YOUR_TURN', message: 'It is not your turn.' } },
  chance: () => [],
  evolve: (_, { seat }) => ({ turn: after(seat) }),
  turn: ({ turn }) => TURNS[turn] ?? { waitsFor: 'nothing' },
  view: ({ turn }, seat) => ({ turn, seat }),
  project: (event) => event,
  fold: (view, { seat }) => ({ ...view, turn: after(seat) }),
  legal: ({ turn, seat }) => (turn === seat ? LEGAL : []),
  over: () => false,
  forfeit: () => ({ ok: false, refusal: { code: 'ILLEGAL_MOVE', reason: 'NO_FORFEIT', message: 'Nobody wins here.' } }),
  betweenHands: () => false,
  handOn: () => false,
  bot: () => ({ type: 'play', card: 'AS' }),
  result: () => null,
};
