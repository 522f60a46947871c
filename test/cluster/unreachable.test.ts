/** Rooms of an instance that goes are given to one that HAProxy reaches; the registry's word alone is not enough. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Registry } from '../../src/cluster/registry.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { Player } from '../edge/player.js';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { end, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

let cluster: TestCluster;
let redis: RedisConnection;
beforeAll(async () => {
  cluster = await startCluster(3);
  redis = await connectToRedis(cluster.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

test('a drain gives rooms to an instance that HAProxy reaches, and to another only when nobody else is left', async () => {
  const registry = new Registry(redis, 60_000);
  // The leaver's rooms would go to the lower number, which is the first of the others.
  const [last, leaver, unreachable] = (await registry.list()).instances.sort((a, b) => b.number - a.number);
  if (!last || !leaver || !unreachable) throw new Error('three instances have been started');
  await registry.controllerHeartbeat('haproxy-test', { down: unreachable.id });
  const processOf = (id: string) => cluster.instances.find((instance) => instance.id === id);
  const room = await cluster.createRoom({ turn_ms: 600_000 });
  await Player.join(processOf(leaver.id)?.url ?? '', room, { name: 'Sara' });
  const owner = () => redis.hget(redis.keyspace.roomMeta(room as never), 'owner');
  expect(await owner()).toBe(leaver.id);

  const leaving = processOf(leaver.id);
  if (leaving) await end(leaving.process, 'SIGTERM');
  expect(await owner()).toBe(last.id);

  const lastOne = processOf(last.id);
  if (lastOne) await end(lastOne.process, 'SIGTERM');
  await until('the one that is left has the room', async () => (await owner()) === unreachable.id);
});
