/** A real cluster under its autoscaler when things go wrong, and rooms that are moved by hand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DecisionRecord } from '../../autoscaler/record.js';
import type { ClusterFacts } from '../../deploy/local/report.js';
import { openNodeSocket } from '../../src/client/node.js';
import { Registry } from '../../src/cluster/registry.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { RedisRoomStore } from '../../src/redis/room-store.js';
import { createRoom } from '../support/cluster.js';
import { type BotTable, leaveAll, lostOrDoubled, seatBots } from '../support/players.js';
import { end, temporaryFolder, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { autoscaler } from './running-autoscaler.js';
import { keptFacts, type Launcher, launcher, REAL, started } from './running-cluster.js';

const POLICY = {
  version: 1,
  mode: 'act',
  min: 1,
  max: 4,
  tick_s: 1,
  boot_s: 2,
  // The test's own work and that of others must not look like load.
  instance: { cpu: 64, loop_delay_ms: 10_000 },
  scale_in: { window_min: 0 },
  rebalance: { enabled: false },
  driver: { type: 'process' },
};
const SOON_MS = 40_000;
const LONG = { options: { target_points: 13, play_all_tricks: true } };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let data: string;
let running: Launcher;
let facts: ClusterFacts;
let redis: RedisConnection;
const tables: BotTable[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  data = join(folder.path, 'data');
  const policy = join(folder.path, 'policy.json');
  writeFileSync(policy, JSON.stringify(POLICY));
  // A lease that leaves time to look at an instance that is silent and not given up yet.
  const lease = { HOKM_LEASE_MS: '15000', HOKM_AUTOSCALER_LOCK_MS: '2000' };
  const env = { LOG_LEVEL: 'warn', HOKM_POLICY: policy, ...lease };
  running = launcher(data, ['--autoscaler', '--instances', '1'], env, REAL);
  facts = await started(running);
  redis = await connectToRedis(facts.redis_url);
});

afterAll(async () => {
  leaveAll(tables);
  redis?.disconnect();
  await end(running.process, 'SIGTERM');
  await folder.remove();
});

const registered = async () => (await new Registry(redis, 0).list()).instances;
const readyIds = async () => (await registered()).filter(({ status }) => status === 'ready').map(({ id }) => id);
const readyAre = (count: number) =>
  until(`${count} ready instances`, async () => (await readyIds()).length === count, SOON_MS);
const owner = async (room: string) => (await new RedisRoomStore(redis).meta(room as RoomCode))?.owner as InstanceId;
const lastDecision = async () => JSON.parse(await autoscaler(facts, 'explain', '--json')) as DecisionRecord;

/** Four bots at a new room, through HAProxy, who have begun to play. */
async function played(): Promise<BotTable> {
  const room = await createRoom(facts.player_url.replace(/\/$/, ''), LONG);
  const through = facts.ws_url.replace(/\?.*/, '');
  const table = seatBots(room, (url) => openNodeSocket(`${through}${new URL(url).search}`), 100);
  tables.push(table);
  await until('moves are made', () => table.acks.length > 3);
  return table;
}

async function goesOn({ acks }: BotTable): Promise<void> {
  const before = acks.length;
  await until('the room goes on', () => acks.length > before + 3);
}

test('a room moves to the instance that is named, while it is played', async () => {
  await autoscaler(facts, 'scale', '3', '--hold', '1h');
  await readyAre(3);
  const table = await played();
  const from = await owner(table.room);
  const to = (await readyIds()).find((id) => id !== from) as InstanceId;
  await autoscaler(facts, 'move', table.room, to);
  await until('it has moved', async () => (await owner(table.room)) === to, SOON_MS);
  await goesOn(table);
  expect(await lostOrDoubled(redis, table)).toEqual([]);
}, 60_000);

test('kill -9 of the autoscaler in the middle of a drain: its successor finishes it', async () => {
  const table = await played();
  const victim = await owner(table.room);
  await autoscaler(facts, 'scale', '2', '--hold', '1h');
  await autoscaler(facts, 'drain', victim);
  await until('it drains', async () => !(await readyIds()).includes(victim), SOON_MS);
  process.kill(keptFacts(data).pids.autoscaler ?? 0, 'SIGKILL');
  await until('it is gone', async () => !keptFacts(data).instances.some(({ id }) => id === victim), SOON_MS);
  await readyAre(2);
  expect(running.stderr()).toMatch(/instance \d stopped \(exit code 0\)/);
  expect(await owner(table.room)).not.toBe(victim);
  await goesOn(table);
  for (const each of tables) expect(await lostOrDoubled(redis, each)).toEqual([]);
}, 90_000);

test('cron jobs beside the daemon: none of them acts', async () => {
  const once = () => autoscaler(facts, 'once').catch(({ code }: { code: number }) => code);
  expect(await Promise.all([once(), once()])).toEqual([3, 3]);
});

test('a frozen instance: nothing is stopped, and explain says why, until it is back', async () => {
  await autoscaler(facts, 'scale', '3', '--hold', '1h');
  await readyAre(3);
  const empty = (await registered()).find(({ active_games }) => active_games === 0);
  const frozen = keptFacts(data).instances.find(({ id }) => id === empty?.id);
  if (!frozen) throw new Error('no instance is empty');
  const before = keptFacts(data).instances.map(({ id }) => id);
  process.kill(frozen.pid, 'SIGSTOP');
  try {
    await until('it is seen as silent', async () => (await lastDecision()).instances.unknown === 1, SOON_MS);
    // One would be enough now.
    await autoscaler(facts, 'resume');
    const refused = await until('scale-in is refused', async () => {
      const decision = await lastDecision();
      return decision.refusals.some(({ code }) => code === 'unknown_instance') && decision;
    });
    expect(refused).toMatchObject({ actions: [] });
    expect(await autoscaler(facts, 'explain')).toMatch(/Refused: an instance is silent.*\(unknown_instance\)/);
    expect(keptFacts(data).instances.map(({ id }) => id)).toEqual(expect.arrayContaining(before));
  } finally {
    process.kill(frozen.pid, 'SIGCONT');
  }
  await readyAre(1);
  for (const each of tables) await goesOn(each);
  for (const each of tables) expect(await lostOrDoubled(redis, each)).toEqual([]);
}, 120_000);
