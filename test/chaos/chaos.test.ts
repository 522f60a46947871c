// Holds I2 of src/README.md.
/** Short campaigns, as `npm run chaos` runs them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runProgram, temporaryFolder } from '../support/programs.js';
import type { Summary } from './report.js';

/** Not the promise, which holds for a machine of one's own: a bound that no busy machine should reach. */
const STOP_MS = 15_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

/** Ends well, with nothing lost; every fault that was not skipped has hit a room. */
async function campaign(faults: string, instances: number): Promise<{ summary: Summary; page: string }> {
  const report = join(folder.path, 'chaos.html');
  const args = ['--faults', faults, '--runs', '1', '--rooms', '8', '--instances', String(instances), '--seed', '7'];
  const { code, stdout, stderr } = await runProgram('dist/test/chaos/main.js', [
    ...args,
    '--one-cluster',
    '--json',
    '--report',
    report,
  ]);
  expect({ code, stderr: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({ code: 0, stderr: '' });

  const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Summary;
  expect(summary).toMatchObject({ lost: 0, doubled: 0, violations: 0, tail: 0, seed: 7 });
  expect(summary.acked).toBeGreaterThan(100);
  const struck = Object.keys({ ...summary.faults, ...summary.skipped });
  expect(struck.sort()).toEqual(['none', ...faults.split(',')].sort());
  for (const { runs, samples, stop_ms, bound_ms, strikes } of Object.values(summary.faults)) {
    expect(runs).toBe(1);
    expect(samples).toBeGreaterThan(0);
    expect(strikes.length).toBeGreaterThan(0);
    expect(bound_ms).toBeLessThan(STOP_MS);
    expect(stop_ms.p50).toBeLessThanOrEqual(stop_ms.p99);
    expect(stop_ms.p99).toBeLessThanOrEqual(stop_ms.max);
    expect(stop_ms.max).toBeLessThan(STOP_MS);
  }
  return { summary, page: readFileSync(report, 'utf8') };
}

test('an instance killed, one stopped, Redis killed, moves sent again: no acknowledged move is lost or doubled', async () => {
  const { summary, page } = await campaign('sigkill,sigterm,redis-restart,client-resends', 2);
  expect(summary.faults).toMatchObject({ none: { samples: 8 }, 'redis-restart': { samples: 8 } });
  expect(summary.skipped).toEqual({});
  expect(page.match(/<svg/g)).toHaveLength(1 + Object.keys(summary.faults).length);
}, 60_000);

test('an instance cut off from Redis, the target of a move killed, and a machine without namespaces says why', async () => {
  const { summary } = await campaign('cut-redis,target-kill', 3);
  const expected = process.geteuid?.() === 0 ? /^needs unshare/ : /^needs (root|Linux)/;
  for (const reason of Object.values(summary.skipped)) expect(reason).toMatch(expected);
}, 60_000);
