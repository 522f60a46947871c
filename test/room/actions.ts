import fc from 'fast-check';
import { DECK } from '../../src/game/cards.js';
import type { Phrase } from '../../src/protocol/client-in.js';
import type { GivenCommand } from './rooms.js';

/** Clients of the room. */
export const CLIENTS = 6;

export type Action =
  | {
      readonly do: 'join';
      readonly who: number;
      readonly spectate: boolean;
      readonly seat?: number;
      readonly resume: boolean;
    }
  | { readonly do: 'drop'; readonly who: number }
  | { readonly do: 'start'; readonly who: number }
  | { readonly do: 'play'; readonly moves: number }
  | { readonly do: 'try'; readonly who: number; readonly command: GivenCommand }
  | { readonly do: 'resend'; readonly who: number; readonly which: number }
  /** A move is given and does not arrive, until all such are delivered. */
  | { readonly do: 'withhold' }
  | { readonly do: 'deliver' }
  | { readonly do: 'say'; readonly who: number; readonly phrase: Phrase }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'thaw'; readonly ms: number }
  | { readonly do: 'doubt' }
  | { readonly do: 'unanswered'; readonly landed: readonly boolean[] }
  | { readonly do: 'roll back'; readonly entries: number }
  | { readonly do: 'take over' };

const who = fc.nat({ max: CLIENTS - 1 });
const anySeat = fc.nat({ max: 4 });
const anyCommand: fc.Arbitrary<GivenCommand> = fc.oneof(
  fc.record({ type: fc.constantFrom('choose_seat', 'choose_seat', 'kick', 'add_bot', 'swap_seats'), seat: anySeat }),
  fc.record({ type: fc.constant('swap_seats'), seat: fc.constantFrom(0, 1, 0, 1, null) }),
  fc.record({ type: fc.constant('claim_forfeit') }),
  fc.record({ type: fc.constant('leave') }),
  fc.record({ type: fc.constant('play'), card: fc.constantFrom<unknown>(...DECK, 'XX', 7) }),
  fc.record({ type: fc.constant('name_trump'), trump: fc.constantFrom('S', 'H', 'naras') }),
  fc.record({ type: fc.constantFrom('redeal', 'start', '__proto__', 'match_started') }),
);

export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        do: fc.constant('join' as const),
        who,
        spectate: fc.boolean(),
        seat: anySeat,
        resume: fc.boolean(),
      },
      { requiredKeys: ['do', 'who', 'spectate', 'resume'] },
    ),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('start' as const), who }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('play' as const), moves: fc.integer({ min: 1, max: 24 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('try' as const), who, command: anyCommand }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resend' as const), who, which: fc.nat({ max: 20 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('withhold' as const, 'deliver' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('say' as const), who, phrase: fc.constant('hello' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 700, 11_000, 35_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('thaw' as const), ms: fc.constantFrom(-1, 0.2, 1, 2_500) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('doubt' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('unanswered' as const),
      landed: fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('roll back' as const), entries: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take over' as const) }) },
);
