// Holds I2 of src/README.md.
/** Whole clusters in one thread. A seed that has found something once stays here by its number. */
import { expect, test } from '@jest/globals';
import { isFullRun } from '../support/full.js';
import { planOf } from './plan.js';
import { simulate } from './simulate.js';

/** Each takes a third of a second of a processor, more on a busy one; the campaign plays many thousands. */
const SEEDS = isFullRun ? 500 : 200;
/** What went wrong with a seed while the software had a fault. */
const FOUND: readonly (readonly [seed: number, what: string])[] = [
  [29, 'a former owner that others could not reach kept an idle room and its players'],
];

test(
  `${SEEDS} seeds are clean, and each does what it should`,
  async () => {
    let [drains, moves] = [0, 0];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations, commits, faults, takeovers, story, strikes, coverage } = await simulate(seed);
      expect({ seed, violations, story: violations.length > 0 ? story : [] }).toEqual({
        seed,
        violations: [],
        story: [],
      });
      expect(commits).toBeGreaterThanOrEqual(planOf(seed).commits);
      expect(faults).toBeGreaterThanOrEqual(3);
      expect(takeovers).toBeGreaterThanOrEqual(1);
      if (!strikes.some(({ fault }) => fault.name === 'terminate' || fault.name === 'told to leave')) continue;
      drains += 1;
      if (coverage.of('log', 'room moved') > 0) moves += 1;
    }
    // An instance that leaves gives its rooms away.
    expect(drains).toBeGreaterThan(SEEDS / 4);
    expect(moves).toBeGreaterThan(drains / 2);
  },
  6_000 * SEEDS,
);

test.each(FOUND)('seed %i is clean: %s', async (seed) => {
  expect((await simulate(seed)).violations).toEqual([]);
});

test('a seed tells the same story again', async () => {
  const [one, other, another] = [await simulate(7), await simulate(7), await simulate(8)];
  expect(other).toEqual(one);
  expect(another.fingerprint).not.toBe(one.fingerprint);
});
