/** A short campaign, as `npm run chaos` runs it. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { spawnOwned } from '../support/programs.js';
import type { Summary } from './report.js';

const PROGRAM = fileURLToPath(new URL('dist/test/chaos/main.js', packageRoot));
/** Not the promise, which holds for a machine of one's own: a bound that no busy machine should reach. */
const STOP_MS = 10_000;

test('an instance killed, one stopped, Redis killed: no acknowledged move is lost or doubled', async () => {
  const faults = 'sigkill,sigterm,redis-restart';
  const args = ['--faults', faults, '--runs', '1', '--rooms', '8', '--instances', '2', '--seed', '7'];
  const child = spawnOwned(process.execPath, [PROGRAM, ...args, '--one-cluster', '--json'], {
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
  expect({ code, stderr: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({ code: 0, stderr: '' });

  const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Summary;
  expect(summary).toMatchObject({ lost: 0, doubled: 0, violations: 0, seed: 7 });
  expect(summary.acked).toBeGreaterThan(100);
  expect(Object.keys(summary.faults).sort()).toEqual(['none', 'redis-restart', 'sigkill', 'sigterm']);
  expect(summary.faults).toMatchObject({ none: { samples: 8 }, 'redis-restart': { samples: 8 } });
  for (const { runs, samples, stop_ms } of Object.values(summary.faults)) {
    expect(runs).toBe(1);
    expect(samples).toBeGreaterThan(0);
    expect(stop_ms.p50).toBeLessThanOrEqual(stop_ms.p99);
    expect(stop_ms.p99).toBeLessThanOrEqual(stop_ms.max);
    expect(stop_ms.max).toBeLessThan(STOP_MS);
  }
}, 60_000);
