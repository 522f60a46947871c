/** A short surge, as `npm run surge` runs a long one. */
import { expect, test } from '@jest/globals';
import { runProgram } from '../support/programs.js';
import type { SurgeSummary } from './surge.js';

test('instances follow the players up and down; every stop moves its rooms, and no move is lost or doubled', async () => {
  const players = ['--low', '8', '--peak', '40', '--per-instance', '10', '--min', '1', '--max', '5'];
  const times = ['--ramp', '8', '--window', '0', '--seat-delay', '200'];
  const { code, stdout, stderr } = await runProgram('dist/test/surge/main.js', [...players, ...times, '--json']);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const summary = JSON.parse(stdout) as SurgeSummary;
  expect(summary).toMatchObject({ lost: 0, doubled: 0, violations: 0, forced: 0, failed: 0, rooms: 10 });
  expect(summary.acked).toBeGreaterThan(100);
  expect(summary.at_peak).toBeGreaterThanOrEqual(4);
  expect(summary.after).toBeLessThan(summary.at_peak);
  expect(summary.stopped).toBeGreaterThan(0);
  expect(summary.moves).toBeGreaterThan(0);
}, 200_000);
