import { expect, test } from '@jest/globals';
import { gain, isFlat } from './trend.js';

const steps = Array.from({ length: 90 }, (_, at) => at);
const allowance = { share: 0.05, slack: 2 };

test.each<[string, number[], boolean]>([
  ['nothing at all', [], true],
  ['a constant', steps.map(() => 100), true],
  ['a saw', steps.map((at) => 100 + (at % 10)), true],
  ['a warm-up that ends', steps.map((at) => Math.min(100, at * 4)), true],
  ['a leak', steps.map((at) => 100 + at), false],
  ['a leak below the slack', steps.map((at) => 100 + at / 50), true],
  ['a fall', steps.map((at) => 200 - at), true],
  ['one peak', steps.map((at) => (at === 80 ? 1_000 : 100)), true],
  ['gaps', steps.map((at) => (at % 3 === 0 ? Number.NaN : 100)), true],
  ['a leak with gaps', steps.map((at) => (at % 3 === 0 ? Number.NaN : 100 + at)), false],
])('%s', (_, values, flat) => {
  expect(isFlat(values, allowance)).toBe(flat);
});

test('the gain is between medians', () => {
  expect(gain(steps)).toEqual({ from: 45, to: 75 });
});
