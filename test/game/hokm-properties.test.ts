/** Whole matches with random options and players, every step looked at. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Card, DECK, SUITS, suitOf } from '../../src/game/cards.js';
import type { Seat, Viewer } from '../../src/game/game.js';
import { type Command, commandSchema } from '../../src/game/hokm/command.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import { type Options, TRUMP_MODES } from '../../src/game/hokm/options.js';
import type { State } from '../../src/game/hokm/rules.js';
import { SEATS } from '../../src/game/hokm/seats.js';
import { commitmentOf, shuffled } from '../../src/game/shuffle.js';
import { match, type Player, randomPlayer, type Step, VIEWERS } from './matches.js';

const COMMANDS: readonly Command[] = [
  ...DECK.map((card) => ({ type: 'play', card })),
  ...[...SUITS, ...TRUMP_MODES].map((trump) => ({ type: 'name_trump', trump })),
  { type: 'redeal' },
].map((command) => commandSchema.parse(command));

const anyMatch = fc.record({
  name: fc.integer({ min: 0 }).map((number) => `property ${number}`),
  bots: fc.subarray([0, 1, 2, 3]),
  options: fc.record({
    target_points: fc.integer({ min: 1, max: 3 }),
    play_all_tricks: fc.boolean(),
    trump_modes: fc.subarray([...TRUMP_MODES]),
    redeal_right: fc.boolean(),
  }),
});
type AnyMatch = typeof anyMatch extends fc.Arbitrary<infer M> ? M : never;

/** Claims every new deal it can get, as chance would hardly ever try it. */
function eager(player: Player): Player {
  return (view) => hokm.legal(view).find((command) => command.type === 'redeal') ?? player(view);
}

function steps({ name, options, bots }: AnyMatch): Step[] {
  const random = eager(randomPlayer(name));
  return [...match(name, options, (seat) => (bots.includes(seat) ? hokm.bot : random))];
}

function holds(runs: number, check: (steps: readonly Step[], options: Options) => void): void {
  fc.assert(
    fc.property(anyMatch, (given) => check(steps(given), given.options)),
    { numRuns: runs },
  );
}

/** What `viewer` may not know: the cards of this hand that it neither holds nor saw played. */
function hidden(state: State, viewer: Viewer): readonly Card[] {
  if (state.seed === null) return [];
  const known = new Set([...state.table.played, ...(viewer === 'spectator' ? [] : (state.hands[viewer] ?? []))]);
  return DECK.filter((card) => !known.has(card));
}

function shows(json: string, card: Card): boolean {
  return json.includes(card);
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

function equal(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}

describe('random matches', () => {
  test('keep the cards: all 52 in play exactly once, and suit is followed', () => {
    holds(150, (match) => {
      for (const { before, event, after } of match) {
        if (event.type === 'rest_dealt') equal(event.hands.flat().toSorted(), DECK.toSorted());
        if (event.type !== 'card_played') continue;
        equal([...after.hands.flat(), ...after.table.played].toSorted(), DECK.toSorted());
        equal(
          after.table.counts,
          after.hands.map((hand) => hand.length),
        );
        const led = before.table.trick?.cards[0];
        const hand = before.hands[event.seat] ?? [];
        if (led === undefined || suitOf(event.card) === suitOf(led)) continue;
        equal(
          hand.filter((card) => suitOf(card) === suitOf(led)),
          [],
        );
      }
    });
  });

  test('score 1, 2 or 3 a hand, move the hakem as ruled, and end at the target', () => {
    holds(250, (match, options) => {
      let hakem: number | null = null;
      let scores = [0, 0];
      for (const { event, after } of match) {
        if (event.type === 'hakem_drawn') hakem = event.hakem;
        if (event.type === 'hand_started') equal([event.hakem, event.dealer], [hakem, ((hakem ?? 0) + 3) % 4]);
        if (event.type !== 'hand_ended') continue;
        const tricks = event.tricks[0] + event.tricks[1];
        expect(tricks).toBeLessThanOrEqual(13);
        equal(Math.max(...event.tricks) === 7 || options.play_all_tricks, true);
        if (options.play_all_tricks) expect(tricks).toBe(13);
        expect([1, 2, 3]).toContain(event.points);
        equal(after.table.scores, scores.with(event.side, (scores[event.side] ?? 0) + event.points));
        scores = [...after.table.scores];
        const lost = (hakem ?? 0) % 2 !== event.side;
        if (lost) hakem = ((hakem ?? 0) + 1) % 4;
      }
      const end = match.at(-1);
      equal(end?.event.type, 'match_ended');
      equal(Math.max(...scores) >= options.target_points, true);
      equal(end && hokm.result(end.after)?.points, [scores[0], scores[1], scores[0], scores[1]]);
    });
  });

  test('replay from their log to the equal state, before and after a trip through JSON', () => {
    holds(100, (match, options) => {
      const log = match.map((step) => step.event);
      const end = match.at(-1)?.after;
      equal(log.reduce(hokm.evolve, hokm.setup(options)), end);
      const stored: typeof log = JSON.parse(JSON.stringify(log));
      equal(stored, log);
      equal(stored.reduce(hokm.evolve, hokm.setup(options)), end);
      for (const { after } of match) equal(JSON.parse(JSON.stringify(after)), after);
    });
  });

  test('change no value that was given out', () => {
    holds(60, (match) => {
      for (const { before, event } of match) hokm.evolve(frozen(before), frozen(event));
    });
  });

  test('fold each view into the next', () => {
    holds(150, (match) => {
      for (const { before, event, after } of match) {
        for (const viewer of VIEWERS) {
          const seen = hokm.project(event, viewer);
          const view = hokm.view(before, viewer);
          equal(seen === null ? view : hokm.fold(view, seen), hokm.view(after, viewer));
        }
      }
    });
  });

  test('show nobody a card or a seed before its time', () => {
    holds(150, (match) => {
      for (const { event, after } of match) {
        for (const viewer of VIEWERS) {
          const view = hokm.view(after, viewer);
          const secrets = hidden(after, viewer);
          // The hand before this one lies open, with cards of the same names.
          const now = JSON.stringify({ ...view, table: { ...view.table, last_hand: null } });
          const news = JSON.stringify(hokm.project(event, viewer));
          equal(
            secrets.filter((card) => shows(now, card) || shows(news, card)),
            [],
          );
          if (after.seed === null) continue;
          equal(`${JSON.stringify(view)}${news}`.includes(after.seed), false);
        }
      }
    });
  });

  test('let everybody check the deal from the public log', () => {
    holds(100, (match) => {
      let commitment = '';
      let order: string[] = [];
      let number = 0;
      let hakem = 0;
      let dealt: Card[][] = [];
      for (const event of match.map((step) => hokm.project(step.event, 'spectator'))) {
        order.push(event?.type ?? '');
        if (event?.type === 'hand_started') {
          ({ commitment, hand: number, hakem } = event);
          order = [];
          dealt = [[], [], [], []];
        }
        if (event?.type === 'card_played') dealt[event.seat]?.push(event.card);
        if (event?.type === 'redeal_claimed') {
          equal(commitmentOf(event.seed), commitment);
          equal(shuffled(DECK, event.seed, `hand ${number}`).slice(0, 5).toSorted(), event.cards.toSorted());
        }
        if (event?.type !== 'hand_ended') continue;
        equal(order[0], 'first_five_dealt');
        equal(commitmentOf(event.seed), commitment);
        const pack = shuffled(DECK, event.seed, `hand ${number}`);
        for (const seat of SEATS) {
          const place = (seat - hakem + 4) % 4;
          const rounds = [pack.slice(place * 5, place * 5 + 5), pack.slice(20 + place * 4, 24 + place * 4)];
          const hand = [...rounds.flat(), ...pack.slice(36 + place * 4, 40 + place * 4)];
          equal([...(dealt[seat] ?? []), ...(event.left[seat] ?? [])].toSorted(), hand.toSorted());
        }
      }
    });
  });

  test('take exactly the legal commands, and never throw', () => {
    holds(25, (match) => {
      for (const { after } of match) {
        for (const seat of SEATS) {
          const legal = new Set(hokm.legal(hokm.view(after, seat)).map((command) => JSON.stringify(command)));
          for (const command of COMMANDS) {
            const decision = hokm.decide(after, seat, command);
            equal(decision.ok, legal.has(JSON.stringify(command)));
            if (!decision.ok) equal(/^[A-Z].*\.$/.test(decision.refusal.message), true);
          }
        }
        equal(hokm.legal(hokm.view(after, 'spectator')), []);
        equal(hokm.decide(after, 7 as Seat, { type: 'redeal' }).ok, false);
      }
    });
  });

  test('keep values small', () => {
    holds(60, (match) => {
      for (const { event, after } of match) {
        if (event.type === 'card_played') equal(JSON.stringify(event).length < 60, true);
        equal(JSON.stringify(event).length < 450, true);
        equal(JSON.stringify(after).length < 1500, true);
      }
    });
  });
});
