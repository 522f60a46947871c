/** Two clusters share one Redis, told apart by HOKM_PREFIX alone. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Registry } from '../../src/cluster/registry.js';
import { connect, type RedisConnection, ready } from '../../src/redis/client.js';
import { patternsOf } from '../../src/redis/keys.js';
import { createRoom, startInstance, type TestInstance, untilCertain } from '../support/cluster.js';
import { testConfig } from '../support/config.js';
import { addressOf } from '../support/host.js';
import { end, startRedis, type TestRedis, until } from '../support/programs.js';

const PREFIXES = ['red', 'blue'] as const;

interface Cluster {
  readonly prefix: string;
  readonly redis: RedisConnection;
  readonly instance: TestInstance;
  readonly room: string;
}

let server: TestRedis;
let watcher: RedisConnection;
const channels = new Set<string>();
const clusters: Cluster[] = [];

beforeAll(async () => {
  server = await startRedis();
  const config = testConfig(server.url);
  watcher = connect(config, 'watcher', true);
  await ready(watcher, config, 5_000);
  watcher.on('pmessage', (_: string, channel: string) => channels.add(channel));
  await watcher.psubscribe('*');
  for (const prefix of PREFIXES) {
    const own = testConfig(server.url, { HOKM_PREFIX: prefix });
    const redis = connect(own, 'test');
    await ready(redis, own, 5_000);
    const instance = await startInstance(server.url, { HOKM_PREFIX: prefix });
    const room = await createRoom(`http://${addressOf(instance.port)}`);
    clusters.push({ prefix, redis, instance, room });
  }
});
afterAll(async () => {
  watcher?.disconnect();
  for (const { redis, instance } of clusters) {
    redis.disconnect();
    await end(instance.process);
  }
  await server?.stop();
});

const statusOf = async ({ instance }: Cluster, room: string) =>
  (await fetch(`http://${addressOf(instance.port)}/api/room?room_code=${room}`)).status;

test('each knows its own instances and rooms alone', async () => {
  for (const cluster of clusters) {
    const { instances } = await new Registry(cluster.redis, 5_000).list();
    expect(instances.map(({ id }) => id)).toEqual([cluster.instance.id]);
    await untilCertain(cluster.instance);
    for (const { room } of clusters) expect(await statusOf(cluster, room)).toBe(room === cluster.room ? 200 : 404);
  }
});

test('every key and every message is of one of them, and none is spelled without a prefix', async () => {
  const begins = PREFIXES.map((prefix) => {
    const { keys, channels: named } = patternsOf(prefix);
    return [...keys, ...named].map((glob) => glob.slice(0, -1));
  });
  await until('both have said something', async () =>
    PREFIXES.every((prefix) => [...channels].some((channel) => channel.startsWith(`${prefix}:`))),
  );
  const names = [...(await watcherKeys()), ...channels];
  expect(names.length).toBeGreaterThan(8);
  const owners = (name: string) => begins.filter((own) => own.some((begin) => name.startsWith(begin))).length;
  expect(names.filter((name) => owners(name) !== 1)).toEqual([]);
});

async function watcherKeys(): Promise<string[]> {
  return (await clusters[0]?.redis.keys('*')) ?? [];
}

test('while one of them is stopped as a whole, the other goes on as before', async () => {
  const [red, blue] = clusters;
  if (!red || !blue) throw new Error('no clusters');
  await red.redis.set(red.redis.keyspace.clusterState, 'stopping');
  await end(red.instance.process);
  const listed = await new Registry(blue.redis, 5_000).list();
  expect(listed.instances.map(({ status }) => status)).toEqual(['ready']);
  expect(await statusOf(blue, blue.room)).toBe(200);
  expect(await blue.redis.get(blue.redis.keyspace.clusterState)).toBeNull();
});
