import { describe, expect, test } from '@jest/globals';
import { cardText, DECK, rankOf, SUITS, sorted } from '../../src/game/cards.js';
import type { Seat } from '../../src/game/game.js';
import { type Command, commandSchema } from '../../src/game/hokm/command.js';
import type { Event } from '../../src/game/hokm/event.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import { type Options, optionsSchema } from '../../src/game/hokm/options.js';
import type { State } from '../../src/game/hokm/rules.js';
import { SEATS, type Side } from '../../src/game/hokm/seats.js';
import { holder, type Trump } from '../../src/game/hokm/trick.js';
import { commitmentOf } from '../../src/game/shuffle.js';
import { match, options, seedOf } from './matches.js';
import { cards, done, evolved, finished, naming, playing, seat } from './positions.js';

const ALL_OF = Object.fromEntries(SUITS.map((suit) => [suit, DECK.filter((card) => card.endsWith(suit)).join(' ')]));
/** Seat 0 holds all spades, 1 all hearts, 2 all clubs, 3 all diamonds: whoever holds trumps takes every trick. */
const ONE_SUIT_EACH = SUITS.map((suit) => ALL_OF[suit] ?? '');

function reasonOf(state: State, by: number, command: Command): string {
  const decision = hokm.decide(state, seat(by), command);
  return decision.ok ? 'ok' : `${decision.refusal.code} ${decision.refusal.reason}`;
}

function handEnded(events: readonly Event[]): Extract<Event, { type: 'hand_ended' }> {
  const ended = events.find((event) => event.type === 'hand_ended');
  if (ended === undefined) throw new Error('the hand goes on');
  return ended;
}

describe('cards', () => {
  test('are 52, ranked from two to ace, written as people write them', () => {
    expect(new Set(DECK).size).toBe(52);
    expect(cards('2S 9S TS JS QS KS AS').map(rankOf)).toEqual([0, 7, 8, 9, 10, 11, 12]);
    expect(cards('TD AS 2C JH').map(cardText)).toEqual(['10♦', 'A♠', '2♣', 'J♥']);
    expect(sorted(cards('2D AC 3S TS KH AS'))).toEqual(cards('AS TS 3S KH AC 2D'));
  });
});

describe('what comes over the wire', () => {
  test('options have defaults', () => {
    const defaults = { target_points: 7, play_all_tricks: false, trump_modes: [], redeal_right: false };
    expect(optionsSchema.parse({})).toEqual(defaults);
  });

  test.each([
    { target_points: 0 },
    { target_points: 14 },
    { target_points: 1.5 },
    { target_points: '7' },
    { trump_modes: ['S'] },
    { trump_modes: ['saras', 'saras'] },
    { redeal_right: 1 },
    { targetPoints: 7 },
    null,
  ])('no options: %j', (given) => expect(optionsSchema.safeParse(given).success).toBe(false));

  test.each([
    { type: 'play', card: '10S' },
    { type: 'play', card: 'as' },
    { type: 'play' },
    { type: 'play', card: 'AS', extra: 1 },
    { type: 'name_trump', trump: 'N' },
    { type: 'name_trump' },
    { type: 'redeal', seat: 0 },
    { type: 'toString' },
    'play',
  ])('no command: %j', (given) => expect(commandSchema.safeParse(given).success).toBe(false));
});

describe('who takes a trick', () => {
  const rows: [Trump, string, number, string][] = [
    ['S', '9H TH 2H AH', 3, 'the highest of the suit led'],
    ['S', '9H AC AD KC', 0, 'the suit led, not a higher card of another suit'],
    ['S', 'AH 2S KH QH', 1, 'the smallest trump before an ace'],
    ['S', 'AH 2S 3S KH', 2, 'the highest trump'],
    ['S', 'TS JS 9S AH', 1, 'the highest trump when trumps are led'],
    ['saras', '9H AS TH AC', 2, 'saras: the highest of the suit led, no trump'],
    ['saras', 'KH AH 2H 3H', 1, 'saras: ace high'],
    ['naras', '9H 2S 3H AH', 2, 'naras: the lowest of the suit led'],
    ['naras', 'AH KH AS AC', 1, 'naras: the ace is the highest and so the weakest'],
    ['naras', '3H 2H 4H AH', 1, 'naras: two before ace'],
    ['tak_naras', '3H 2H AH KH', 2, 'tak-naras: the ace counts as one'],
    ['tak_naras', '3H 2H KH AS', 1, 'tak-naras: only the suit led counts'],
  ];
  test.each(rows)('%s: %s goes to number %i (%s)', (trump, trick, place) => {
    for (const leader of SEATS) {
      expect(holder({ leader, cards: cards(trick) }, trump)).toBe((leader + place) % 4);
    }
  });
});

describe('the start of a match', () => {
  test('the first ace makes hakem, cards turned up from seat 0 on', () => {
    const hakems = new Set<number>();
    for (let n = 0; n < 40; n++) {
      const state = hokm.setup(options());
      expect(hokm.turn(state)).toEqual({ waitsFor: 'seed' });
      const [drawn, ...none] = hokm.chance(state, seedOf(`draw ${n}`));
      if (drawn?.type !== 'hakem_drawn') throw new Error('no hakem drawn');
      expect(none).toEqual([]);
      expect(drawn.turned.findIndex((card) => card.startsWith('A'))).toBe(drawn.turned.length - 1);
      expect(drawn.hakem).toBe((drawn.turned.length - 1) % 4);
      expect(drawn.seed).toBe(seedOf(`draw ${n}`));
      hakems.add(drawn.hakem);
      const next = hokm.evolve(state, drawn);
      expect(hokm.turn(next)).toEqual({ waitsFor: 'seed' });
      expect(reasonOf(next, drawn.hakem, { type: 'redeal' })).toBe('NOT_YOUR_TURN NOT_YOUR_TURN');
    }
    expect(hakems).toEqual(new Set([0, 1, 2, 3]));
  });

  test('commitment, then five cards for the hakem alone, then trump, then thirteen for all', () => {
    const drawn = evolved(hokm.setup(options()), ...hokm.chance(hokm.setup(options()), seedOf('a')));
    const events = hokm.chance(drawn, seedOf('b'));
    expect(events.map((event) => event.type)).toEqual(['hand_started', 'first_five_dealt']);
    expect(events[0]).toMatchObject({ commitment: commitmentOf(seedOf('b')), hand: 1 });
    const state = evolved(drawn, ...events);
    const hakem = state.table.hakem ?? seat(0);
    expect(state.table.dealer).toBe((hakem + 3) % 4);
    expect(hokm.turn(state)).toEqual({ waitsFor: 'seats', seats: [hakem] });
    expect(state.hands.map((hand) => hand.length)).toEqual(SEATS.map((s) => (s === hakem ? 5 : 0)));
    expect(() => hokm.chance(state, seedOf('c'))).toThrow();

    const named = done(state, hakem, { type: 'name_trump', trump: 'H' });
    expect(named.events.map((event) => event.type)).toEqual(['trump_named', 'rest_dealt']);
    expect(named.state.hands.map((hand) => hand.length)).toEqual([13, 13, 13, 13]);
    expect(named.state.hands[hakem]).toEqual(expect.arrayContaining([...(state.hands[hakem] ?? [])]));
    expect(hokm.turn(named.state)).toEqual({ waitsFor: 'seats', seats: [hakem] });
  });
});

describe('refusals', () => {
  const play = (card: string): Command => commandSchema.parse({ type: 'play', card });
  const name = (trump: Trump): Command => ({ type: 'name_trump', trump });
  const hands = ['AS KS QS', 'AH KH 2S', 'AC KC QC', 'AD KD QD'];
  const led = done(playing(hands, 'S'), seat(0), play('AS')).state;
  const over = finished(playing(ONE_SUIT_EACH, 'S', { target_points: 1 }), () => undefined).state;
  const named = naming('2S 3S 4S 5S 6H', { trump_modes: ['naras'] });
  const rows: [string, State, number, Command, string][] = [
    ['another seat plays', led, 2, play('AC'), 'NOT_YOUR_TURN NOT_YOUR_TURN'],
    ['another seat names trump', named, 1, name('S'), 'NOT_YOUR_TURN NOT_YOUR_TURN'],
    ['a card not held', led, 1, play('QH'), 'ILLEGAL_MOVE CARD_NOT_HELD'],
    ['a card not followed', led, 1, play('AH'), 'ILLEGAL_MOVE MUST_FOLLOW_SUIT'],
    ['the suit followed', led, 1, play('2S'), 'ok'],
    ['a play before trump', named, 0, play('2S'), 'ILLEGAL_MOVE TRUMP_NOT_NAMED'],
    ['trump named twice', playing(hands, 'S'), 0, name('H'), 'ILLEGAL_MOVE TRUMP_ALREADY_NAMED'],
    ['a mode the room plays', named, 0, name('naras'), 'ok'],
    ['a mode the room does not play', named, 0, name('tak_naras'), 'ILLEGAL_MOVE MODE_NOT_ALLOWED'],
    ['a new deal without the right', named, 0, { type: 'redeal' }, 'ILLEGAL_MOVE REDEAL_NOT_ALLOWED'],
    ['anything after the match', over, 0, play('2S'), 'ILLEGAL_MOVE MATCH_OVER'],
  ];
  test.each(rows)('%s', (_what, state, by, command, reason) => expect(reasonOf(state, by, command)).toBe(reason));

  test('a seat that has none of the suit led may play all it holds', () => {
    const state = done(led, seat(1), play('2S')).state;
    expect(hokm.legal(hokm.view(state, seat(2)))).toEqual(['AC', 'KC', 'QC'].map(play));
  });

  test('messages name the suit and the card', () => {
    const texts = ['AH', 'TD'].map((card) => hokm.decide(led, seat(1), play(card)));
    expect(texts).toMatchObject([
      { refusal: { message: 'You must follow ♠.' } },
      { refusal: { message: 'You do not hold 10♦.' } },
    ]);
  });
});

describe('the end of a hand', () => {
  const rows: [string, Trump, number, Partial<Options>, object][] = [
    ['kot by the hakem', 'S', 0, {}, { side: 0, tricks: [7, 0], points: 2, kot: 'kot' }],
    ['kot by his partner', 'C', 0, {}, { side: 0, tricks: [7, 0], points: 2, kot: 'kot' }],
    ['hakem-kot by the next', 'H', 0, {}, { side: 1, tricks: [0, 7], points: 3, kot: 'hakem_kot' }],
    ['hakem-kot by the dealer', 'D', 0, {}, { side: 1, tricks: [0, 7], points: 3, kot: 'hakem_kot' }],
    ['hakem-kot against seat 3', 'C', 3, {}, { side: 0, tricks: [7, 0], points: 3, kot: 'hakem_kot' }],
    ['all tricks', 'S', 0, { play_all_tricks: true }, { side: 0, tricks: [13, 0], points: 2, kot: 'kot' }],
    ['no kot in saras', 'saras', 0, {}, { side: 0, tricks: [7, 0], points: 1, kot: 'none' }],
    ['no kot in naras', 'naras', 1, {}, { side: 1, tricks: [0, 7], points: 1, kot: 'none' }],
    ['no kot in tak-naras', 'tak_naras', 2, {}, { side: 0, tricks: [7, 0], points: 1, kot: 'none' }],
  ];
  test.each(rows)('%s', (_what, trump, hakem, given, expected) => {
    const { state, events } = finished(playing(ONE_SUIT_EACH, trump, given, seat(hakem)), () => undefined);
    const ended = handEnded(events);
    expect(ended).toMatchObject(expected);
    expect(ended.seed).toBe(seedOf('naming'));
    expect(ended.left.map((hand) => hand.length)).toEqual(Array(4).fill(given.play_all_tricks ? 0 : 6));
    expect(state.table).toMatchObject({ phase: 'shuffle', turn: null, commitment: null, counts: [0, 0, 0, 0] });
    expect(state.table.last_hand).toMatchObject({ ...expected, hand: 1, hakem, trump, left: ended.left });
    expect(state.table.last_hand?.commitment).toBe(commitmentOf(ended.seed));
  });

  test('tricks of the losers make it one point', () => {
    const spades = cards(ALL_OF.S ?? '').filter((card) => card !== 'AS');
    const hearts = cards(ALL_OF.H ?? '').filter((card) => card !== '2H');
    const hands = [`AS ${hearts.join(' ')}`, `2H ${spades.join(' ')}`, ALL_OF.C ?? '', ALL_OF.D ?? ''];
    const { events } = finished(playing(hands, 'S'), (legal) => legal.find((card) => card === 'AS'));
    expect(handEnded(events)).toMatchObject({ side: 1, tricks: [2, 7], points: 1, kot: 'none' });
  });

  test('tricks lost after the first seven take no kot away', () => {
    const hands = [
      'AS KS QS JS TS 9S 8S 7H 6H 5H 4H 3H 2H',
      '7S 6S 5S 4S 3S 2S AH KH QH JH TH 9H 8H',
      ALL_OF.C ?? '',
      ALL_OF.D ?? '',
    ];
    const { events } = finished(playing(hands, 'S', { play_all_tricks: true }), () => undefined);
    expect(handEnded(events)).toMatchObject({ side: 0, tricks: [7, 6], points: 2, kot: 'kot' });
  });
});

describe('from hand to hand', () => {
  test.each(SEATS.flatMap((hakem) => [0, 1].map((side): [Seat, Side] => [hakem, side as Side])))(
    'hakem %i and side %i wins',
    (hakem, side) => {
      const trump = SUITS[side] ?? 'S';
      const { state } = finished(playing(ONE_SUIT_EACH, trump, {}, hakem), () => undefined);
      const next = hakem % 2 === side ? hakem : (hakem + 1) % 4;
      const [started, dealt] = hokm.chance(state, seedOf('next'));
      expect(started).toMatchObject({ type: 'hand_started', hand: 2, hakem: next, dealer: (next + 3) % 4 });
      expect(dealt).toMatchObject({ type: 'first_five_dealt', hakem: next });
    },
  );

  test.each([1, 2, 3, 7, 13])('a match to %i ends when a side gets there', (target) => {
    for (const { before, event, after } of match(`to ${target}`, { target_points: target }, () => hokm.bot)) {
      expect(Math.max(...before.table.scores) < target || event.type === 'match_ended').toBe(true);
      if (event.type !== 'match_ended') {
        expect(hokm.result(after)).toBeNull();
        continue;
      }
      const [even, odd] = after.table.scores;
      expect(Math.max(even, odd)).toBeGreaterThanOrEqual(target);
      expect(hokm.result(after)).toEqual({ winners: even > odd ? [0, 2] : [1, 3], points: [even, odd, even, odd] });
      expect(hokm.turn(after)).toEqual({ waitsFor: 'nothing' });
    }
  });
});

describe('the right to a new deal', () => {
  const right = { redeal_right: true };
  const low = '2S 4S TH 9C 8D';

  test('lays the void deal open and deals the same hand again from a new seed', () => {
    const { state, events } = done(naming(low, right, seat(2)), seat(2), { type: 'redeal' });
    expect(events).toEqual([{ type: 'redeal_claimed', seat: 2, cards: sorted(cards(low)), seed: seedOf('naming') }]);
    expect(state).toMatchObject({ seed: null, table: { commitment: null, counts: [0, 0, 0, 0] } });
    expect(hokm.turn(state)).toEqual({ waitsFor: 'seed' });
    const again = hokm.chance(state, seedOf('again'));
    expect(again[0]).toMatchObject({ hand: 1, hakem: 2, dealer: 1, commitment: commitmentOf(seedOf('again')) });
  });

  test('is had once a hand', () => {
    const claimed = done(naming(low, right), seat(0), { type: 'redeal' }).state;
    const again = evolved(claimed, ...hokm.chance(claimed, seedOf('again')).slice(0, 1), {
      type: 'first_five_dealt',
      hakem: seat(0),
      cards: cards(low),
    });
    expect(reasonOf(again, 0, { type: 'redeal' })).toBe('ILLEGAL_MOVE REDEAL_NOT_ALLOWED');
    const second = done(again, seat(0), { type: 'name_trump', trump: 'S' }).state;
    const ended = finished(second, () => undefined).state;
    const next = evolved(ended, ...hokm.chance(ended, seedOf('hand 2')));
    expect(next.table).toMatchObject({ hand: 2, redealt: false });
  });

  test.each(['JS 2S 3S 4S 5S', '2S QH 3S 4S 5S', '2S 3S KC 4S 5S', '2S 3S 4S 5S AD'])('is not had with %s', (five) => {
    expect(reasonOf(naming(five, right), 0, { type: 'redeal' })).toBe('ILLEGAL_MOVE REDEAL_NOT_ALLOWED');
  });

  test('ends when trump is named', () => {
    const { state } = done(naming(low, right), seat(0), { type: 'name_trump', trump: 'S' });
    expect(reasonOf(state, 0, { type: 'redeal' })).toBe('ILLEGAL_MOVE REDEAL_NOT_ALLOWED');
  });
});
