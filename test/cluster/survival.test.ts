// Holds I6 of src/README.md.
/** Rooms outlive their instances: planned moves, crashes, restarts of everything, a Redis that goes away. */

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { RedisConnection } from '../../src/redis/client.js';
import { runs, startCluster, startInstance, type TestCluster, type TestInstance } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { type BotTable, leaveAll, lostOrDoubled, playRooms, storedLog, throughAny } from '../support/players.js';
import { end, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

let cluster: TestCluster;
let redis: RedisConnection;
let live: TestInstance[];
let playing: BotTable[];
const anywhere = throughAny(() => live);

beforeAll(async () => {
  cluster = await startCluster(3);
  redis = await connectToRedis(cluster.redis.url);
});
beforeEach(() => {
  live = cluster.instances.filter(runs);
  playing = [];
});
afterEach(() => leaveAll(playing));
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

const ownerOf = async (room: string) => redis.hget(KEYS.roomMeta(room), 'owner');
const seqOf = async (room: string) => Number(await redis.hget(KEYS.roomMeta(room), 'seq'));

/** Plays `count` rooms until all are in their first hand. */
async function rooms(count: number, options: Record<string, unknown> = {}): Promise<BotTable[]> {
  playing = await playRooms(cluster, count, anywhere, { options: { target_points: 2 }, ...options });
  for (const { room } of playing) await until('the room plays', async () => (await seqOf(room)) > 12);
  return playing;
}

/** The instance that owns the first room, taken out of those that clients connect to. */
async function takeOwnerOut(table: BotTable | undefined): Promise<TestInstance> {
  const owner = await ownerOf(table?.room ?? '');
  const instance = live.find(({ id }) => id === owner);
  if (!instance) throw new Error(`no instance ${owner}`);
  live = live.filter((other) => other !== instance);
  return instance;
}

async function expectAllWell(tables: readonly BotTable[]): Promise<void> {
  for (const table of tables) {
    expect(await table.finished).toEqual(['finished', 'finished', 'finished', 'finished']);
    expect(table.errors).toEqual([]);
    expect(await lostOrDoubled(redis, table)).toEqual([]);
  }
}

test('SIGTERM: the rooms move while they are played, and the instance exits with 0', async () => {
  const tables = await rooms(6);
  const leaving = await takeOwnerOut(tables[0]);
  const exited = new Promise((resolve) => leaving.process.once('exit', resolve));
  leaving.process.kill('SIGTERM');
  expect(await exited).toBe(0);
  for (const { room } of tables) expect(await ownerOf(room)).not.toBe(leaving.id);
  await expectAllWell(tables);
  await cluster.add();
});

test('SIGKILL: whoever comes back first brings the room to life, and nothing acknowledged is lost', async () => {
  const tables = await rooms(6);
  const killed = await takeOwnerOut(tables[0]);
  await end(killed.process);
  await expectAllWell(tables);
  const epochs = (await storedLog(redis, tables[0]?.room ?? '')).map(({ entry }) => entry.epoch);
  expect(new Set(epochs).size).toBeGreaterThan(1);
  expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
  await cluster.add();
});

test('SIGKILL with nobody coming back: the survivors take the rooms when the lease has run out', async () => {
  const tables = await rooms(3, { options: { target_points: 13 } });
  const killed = await takeOwnerOut(tables[0]);
  const orphaned = [];
  for (const { room } of tables) if ((await ownerOf(room)) === killed.id) orphaned.push(room);
  leaveAll(tables);
  await end(killed.process);
  for (const room of orphaned) {
    await until('the room has an owner who lives', async () => {
      const owner = await ownerOf(room);
      return live.some(({ id }) => id === owner);
    });
  }
  await cluster.add();
});

test('Redis is restarted: tables freeze, then go on', async () => {
  const tables = await rooms(4);
  await end(cluster.redis.process);
  await cluster.redis.restart();
  await until('the test reaches Redis', () => redis.status === 'ready');
  await expectAllWell(tables);
});

test('everything is stopped and started again: matches in progress are there and go on', async () => {
  const tables = await rooms(4);
  await redis.set(KEYS.clusterState, 'stopping');
  const stopping = [...live];
  live = [];
  const exits = stopping.map(({ process: child }) => new Promise((resolve) => child.once('exit', resolve)));
  for (const { process: child } of stopping) child.kill('SIGTERM');
  expect(await Promise.all(exits)).toEqual(stopping.map(() => 0));
  for (const { room } of tables) expect(await ownerOf(room)).toBe('');
  await redis.del(KEYS.clusterState);
  live = await Promise.all([1, 2].map(() => startInstance(cluster.redis.url, { HOKM_MESSAGE_RATE: '1000' })));
  cluster.instances.push(...live);
  await expectAllWell(tables);
});
