import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newInstanceId } from '../../src/cluster/new-ids.js';
import { type InstanceFields, Registry } from '../../src/cluster/registry.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

let redis: TestRedis;
let connection: RedisConnection;

beforeAll(async () => {
  redis = await startRedis();
  connection = await connectToRedis(redis.url);
});

afterAll(async () => {
  connection.disconnect();
  await redis.stop();
});

async function fields(registry: Registry): Promise<InstanceFields> {
  return {
    id: newInstanceId(),
    number: await registry.nextNumber(),
    host: '127.0.0.1',
    port: 4000,
    status: 'ready',
    started_at: 1,
    active_games: 2,
    connected_players: 8,
    cpu_usage: 0.25,
    memory_usage: 0.5,
    event_loop_delay: 1.5,
    weight: 256,
    capacity: 100,
    region: 'local',
    zone: 'local',
    version: '0.1.0',
    rules_versions: 'hokm@1',
  };
}

test('an entry is listed while its lease runs and named as expired after it', async () => {
  const registry = new Registry(connection, 150);
  const mine = await fields(registry);
  const first = await registry.heartbeat(mine);
  expect(first.renewed).toBe(false);
  expect(Math.abs(first.now - Date.now())).toBeLessThan(5_000);
  expect((await registry.heartbeat(mine)).renewed).toBe(true);
  expect((await registry.list()).instances).toMatchObject([{ id: mine.id, port: 4000, rules_versions: ['hokm@1'] }]);
  await until('the lease runs out', async () => (await registry.get(mine.id as never)) === undefined);
  expect(await registry.list()).toMatchObject({ instances: [], expired: [mine.id] });
  await registry.remove(mine.id as never);
  expect(await registry.list()).toEqual({ instances: [], expired: [] });
});

test('numbers are never given twice', async () => {
  const registry = new Registry(connection, 1_000);
  const numbers = await Promise.all(Array.from({ length: 20 }, () => registry.nextNumber()));
  expect(new Set(numbers).size).toBe(20);
});

test('controllers are listed while they live', async () => {
  const registry = new Registry(connection, 1_000);
  await registry.controllerHeartbeat('c1');
  expect(await registry.controllers()).toEqual(['c1']);
  await registry.removeController('c1');
  expect(await registry.controllers()).toEqual([]);
});
