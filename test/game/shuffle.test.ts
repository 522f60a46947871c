import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { DECK, SUITS } from '../../src/game/cards.js';
import { commitmentOf, shuffled } from '../../src/game/shuffle.js';
import { seedOf } from './matches.js';

const ZERO = '00'.repeat(32);

describe('the shuffle', () => {
  test('keeps every card, leaves its input alone and follows from seed and context', () => {
    const before = [...DECK];
    const once = shuffled(DECK, ZERO, 'hand 1');
    expect(once.toSorted()).toEqual(DECK.toSorted());
    expect(DECK).toEqual(before);
    expect(shuffled(DECK, ZERO, 'hand 1')).toEqual(once);
    expect(shuffled(DECK, ZERO, 'hand 2')).not.toEqual(once);
    expect(shuffled(DECK, seedOf('other'), 'hand 1')).not.toEqual(once);
  });

  test('is the order that the description in shuffle.ts gives', () => {
    const seed = seedOf('described');
    const blocks = [0, 1, 2, 3, 4, 5, 6, 7].map((counter) =>
      createHmac('sha256', Buffer.from(seed, 'hex'))
        .update(Buffer.from([0, 0, 0, counter]))
        .update('hand 7')
        .digest(),
    );
    const stream = [...Buffer.concat(blocks)];
    const order: string[] = [...DECK];
    for (let i = 51; i > 0; i--) {
      const greatest = Math.floor(256 / (i + 1)) * (i + 1);
      let byte = stream.shift() ?? 0;
      while (byte >= greatest) byte = stream.shift() ?? 0;
      const j = byte % (i + 1);
      [order[i], order[j]] = [order[j] ?? '', order[i] ?? ''];
    }
    expect(shuffled(DECK, seed, 'hand 7')).toEqual(order);
  });

  test('gives the order it always gave: a change needs another rulesVersion', () => {
    const order =
      '2S 8H KH 3D 5C 6C 7H 5H JD 9H AD JS QH 4C 3H 7D KS 8D KD 9C AS 4S 8S AH 7S TS ' +
      'TC 9S QS 2C KC 6H 4H AC 3S 6D QD 2H TD 6S 8C JC QC JH 2D 4D 7C 5S TH 3C 5D 9D';
    expect(shuffled(DECK, ZERO, 'hand 1').join(' ')).toBe(order);
    expect(commitmentOf(ZERO)).toBe('66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925');
  });

  test.each(['', 'ab', ZERO.slice(1), `${ZERO}0`, 'G'.repeat(64), 'A'.repeat(64)])('takes no seed %p', (seed) => {
    expect(() => shuffled(DECK, seed, 'hand 1')).toThrow(RangeError);
    expect(() => commitmentOf(seed)).toThrow(RangeError);
  });

  test('takes 256 items and no more', () => {
    expect(new Set(shuffled([...Array(256).keys()], ZERO, '')).size).toBe(256);
    expect(() => shuffled(Array(257).fill(0), ZERO, '')).toThrow(RangeError);
  });
});

/** How many standard deviations a χ² statistic lies above what is expected, for many degrees of freedom. */
function deviations(chiSquared: number, freedom: number): number {
  return (chiSquared - freedom) / Math.sqrt(2 * freedom);
}

describe('over many decks (fixed seeds)', () => {
  test('every card comes to every place and follows every other equally often', () => {
    const decks = 100_000;
    const numbers = DECK.map((_, number) => number);
    const places = new Uint32Array(52 * 52);
    const follows = new Uint32Array(52 * 52);
    for (let deck = 0; deck < decks; deck++) {
      const order = shuffled(numbers, deck.toString(16).padStart(64, '0'), 'hand 1');
      let previous = -1;
      for (const [place, card] of order.entries()) {
        places[place * 52 + card] = (places[place * 52 + card] ?? 0) + 1;
        if (previous >= 0) follows[previous * 52 + card] = (follows[previous * 52 + card] ?? 0) + 1;
        previous = card;
      }
    }
    const mean = decks / 52;
    const placed = places.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    expect(Math.abs(deviations(placed, 51 * 51))).toBeLessThan(4);
    const meanPair = (decks * 51) / (52 * 51);
    const followed = follows.reduce((sum, n, at) => sum + (at % 53 === 0 ? 0 : (n - meanPair) ** 2 / meanPair), 0);
    expect(Math.abs(deviations(followed, 52 * 51 - 1))).toBeLessThan(4);
  });

  test('all 24 orders of four are equally likely', () => {
    const counts = new Map<string, number>();
    const trials = 24_000;
    for (let trial = 0; trial < trials; trial++) {
      const order = shuffled(SUITS, trial.toString(16).padStart(64, '0'), 'four').join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquared).toBeLessThan(49.7); // 23 degrees of freedom, p = 0.001
  });
});
