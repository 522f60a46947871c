/** A short surge, as `npm run surge` runs a long one. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { spawnOwned } from '../support/programs.js';
import type { SurgeSummary } from './surge.js';

const PROGRAM = fileURLToPath(new URL('dist/test/surge/main.js', packageRoot));

test('instances follow the players up and down; every stop moves its rooms, and no move is lost or doubled', async () => {
  const players = ['--low', '8', '--peak', '40', '--per-instance', '10', '--min', '1', '--max', '5'];
  const times = ['--ramp', '8', '--window', '0', '--seat-delay', '200'];
  const child = spawnOwned(process.execPath, [PROGRAM, ...players, ...times, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const read = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'));
  const [code] = await once(child, 'exit');
  await Promise.all(read);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const summary = JSON.parse(stdout) as SurgeSummary;
  expect(summary).toMatchObject({ lost: 0, doubled: 0, violations: 0, forced: 0, failed: 0, rooms: 10 });
  expect(summary.acked).toBeGreaterThan(100);
  expect(summary.at_peak).toBeGreaterThanOrEqual(4);
  expect(summary.after).toBeLessThan(summary.at_peak);
  expect(summary.stopped).toBeGreaterThan(0);
  expect(summary.moves).toBeGreaterThan(0);
}, 200_000);
