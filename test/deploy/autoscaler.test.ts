/** The autoscaler of `npm start`, with the real programs: it decides, the supervisor alone owns the processes. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { DecisionRecord } from '../../autoscaler/record.js';
import { end, temporaryFolder, until } from '../support/programs.js';
import { autoscaler } from './running-autoscaler.js';
import { alive, keptFacts, type Launcher, launcher, pidsOf, REAL, started } from './running-cluster.js';

const SOON_MS = 40_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let data: string;
let policy: string;
let running: Launcher | undefined;

beforeEach(async () => {
  folder = await temporaryFolder();
  data = join(folder.path, 'data');
  policy = join(folder.path, 'policy.yaml');
});

afterEach(async () => {
  if (running) await end(running.process, 'SIGTERM');
  running = undefined;
  await folder.remove();
});

const lastDecisions = async (of: string): Promise<DecisionRecord[]> => {
  const text = await autoscaler(keptFacts(of), 'explain', '--last', '5', '--json').catch(() => '');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as DecisionRecord]));
};

const instancesAre = (count: number) =>
  until(`${count} instances`, () => keptFacts(data).instances.length === count, SOON_MS);

test('by default it runs, with a policy for this machine', async () => {
  running = launcher(data, ['--autoscaler'], { LOG_LEVEL: 'warn' }, REAL);
  const facts = await started(running);
  expect(facts.pids.autoscaler).not.toBeNull();
  const file = facts.policy ?? '';
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ mode: 'act', min: 2, instance: { players: 80 } });
  const plan = JSON.parse(await autoscaler(facts, 'plan', '--json')) as object;
  expect(plan).toMatchObject({ min: 2, wanted: 2, actions: [] });
});

test('its decisions are shown and carried out; what it started outlives it, and its successor goes on', async () => {
  writeFileSync(policy, 'version: 1\nmode: act\nmin: 2\nmax: 4\ntick_s: 1\nboot_s: 2\ndriver: { type: process }\n');
  const env = { LOG_LEVEL: 'warn', HOKM_POLICY: policy, HOKM_AUTOSCALER_LOCK_MS: '2000' };
  running = launcher(data, ['--autoscaler'], env, REAL);
  const facts = await started(running);
  expect(facts.policy).toBe(policy);
  await autoscaler(facts, 'scale', '3', '--hold', '10m');
  await instancesAre(3);
  await until('it is told', () => /^autoscaler: .* start an instance \(boot-/m.test(running?.stderr() ?? ''));

  const { pids, instances } = keptFacts(data);
  process.kill(pids.autoscaler ?? 0, 'SIGKILL');
  const successor = await until('a successor', () => {
    const { autoscaler: pid } = keptFacts(data).pids;
    return pid !== null && pid !== pids.autoscaler && pid;
  });
  expect(keptFacts(data).instances).toEqual(instances);
  await autoscaler(facts, 'scale', '2', '--hold', '10m');
  await instancesAre(2);
  await until('its stop is told', () => /^autoscaler: .* stop game-\w+: it is empty/m.test(running?.stderr() ?? ''));
  expect(running.stderr()).not.toMatch(/instance \d \(process \d+\) ended/);
  expect(keptFacts(data).pids.autoscaler).toBe(successor);

  const last = keptFacts(data);
  running.process.kill('SIGINT');
  expect(await running.ended).toBe(0);
  expect(pidsOf(last).filter(alive)).toEqual([]);
});

test('Redis away for longer than the lease: all entries are gone, nothing is stopped until they count again', async () => {
  const limits = 'min: 1\nmax: 4\ntick_s: 1\nboot_s: 2\nscale_in: { window_min: 0 }\n';
  writeFileSync(policy, `version: 1\nmode: act\n${limits}driver: { type: process }\n`);
  const env = { LOG_LEVEL: 'warn', HOKM_POLICY: policy, HOKM_AUTOSCALER_LOCK_MS: '2000' };
  running = launcher(data, ['--autoscaler', '--instances', '1'], env, REAL);
  const facts = await started(running);
  // It ends while Redis is away: one instance is enough then.
  const [hold, heldAt] = [20_000, performance.now()];
  await autoscaler(keptFacts(data), 'scale', '3', '--hold', `${hold / 1_000}s`);
  await instancesAre(3);
  const { instances } = keptFacts(data);
  process.kill(facts.pids.redis ?? 0, 'SIGSTOP');
  const away = performance.now();
  await until(
    'the lease and the hold are over',
    () => performance.now() > Math.max(away + 6_000, heldAt + hold),
    SOON_MS,
  );
  process.kill(facts.pids.redis ?? 0, 'SIGCONT');
  const isStale = ({ refusals }: DecisionRecord) => refusals.some(({ code }) => code === 'stale_metrics');
  const stale = await until('scale-in is refused', async () => (await lastDecisions(data)).find(isStale), SOON_MS);
  expect(stale?.actions.filter(({ kind }) => kind === 'tell' || kind === 'stop')).toEqual([]);
  expect(keptFacts(data).instances).toEqual(instances);
  // Then the figures count again, and the surplus goes in order.
  await instancesAre(1);
  expect(running.stderr()).not.toMatch(/instance \d \(process \d+\) ended/);
}, 90_000);

test('a policy that is wrong is told in one line, and nothing stays behind', async () => {
  writeFileSync(policy, 'version: 1\nmin: 9\nmax: 4\n');
  running = launcher(data, ['--autoscaler'], { LOG_LEVEL: 'warn', HOKM_POLICY: policy }, REAL);
  expect(await running.ended).toBe(1);
  expect(running.stderr()).toContain(`${policy}:2: min: is 9, above max, 4`);
});
