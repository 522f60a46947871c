// Holds I8 of src/README.md.
/** What an instance does when Redis, and only Redis, is out of its reach; and when no hint ever arrives. */

import { afterEach, expect, test } from '@jest/globals';
import { openNodeSocket } from '../../src/client/node.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { Player } from '../edge/player.js';
import { createRoom, startInstance, type TestCluster, type TestInstance } from '../support/cluster.js';
import { addressOf } from '../support/host.js';
import { KEYS } from '../support/keys.js';
import { leaveAll, lostOrDoubled, playRooms, seatBots, throughAny } from '../support/players.js';
import { end, startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const fast = { HOKM_MESSAGE_RATE: '1000', HOKM_BOT_DELAY_MS: '1', LOG_LEVEL: 'silent' };
let cleanUps: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

async function redisServer(): Promise<{ server: TestRedis; redis: RedisConnection }> {
  const server = await startRedis();
  cleanUps.push(() => server.stop());
  const redis = await connectToRedis(server.url);
  cleanUps.push(() => redis.disconnect());
  return { server, redis };
}

async function instance(redisUrl: string): Promise<TestInstance> {
  const started = await startInstance(redisUrl, fast);
  cleanUps.push(() => end(started.process));
  return started;
}

const seqOf = async (redis: RedisConnection, room: string) => Number(await redis.hget(KEYS.roomMeta(room), 'seq'));
const ownerOf = (redis: RedisConnection, room: string) => redis.hget(KEYS.roomMeta(room), 'owner');
/** Whether a WebSocket to the room opens there. */
const opens = ({ port }: TestInstance, room: string) =>
  new Promise<boolean>((resolve) => {
    const socket = openNodeSocket(`ws://${addressOf(port)}/ws?room_code=${room}`);
    socket.onopen = () => {
      resolve(true);
      socket.close();
    };
    socket.onerror = () => undefined;
    socket.onclose = () => resolve(false);
  });
const health = async ({ port }: TestInstance) => (await fetch(`http://${addressOf(port)}/health`)).status;

test('cut off alone, an instance gives its players up before its lease ends; they go on elsewhere', async () => {
  const { server, redis } = await redisServer();
  const wire = await TcpProxy.to(server.port);
  cleanUps.push(() => wire.stop());
  const lonely = await instance(`redis://${addressOf(wire.port)}`);
  const other = await instance(server.url);
  const room = await createRoom(`http://${addressOf(lonely.port)}`, { options: { target_points: 3 } });
  await until('the instances know each other', async () => {
    const status = (await (await fetch(`http://${addressOf(lonely.port)}/status`)).json()) as { peers: string[] };
    return status.peers.includes(other.id);
  });
  let live = [lonely];
  const table = seatBots(
    room,
    throughAny(() => live),
  );
  cleanUps.push(() => leaveAll([table]));
  await until('the room plays', async () => (await seqOf(redis, room)) > 12);

  wire.cut();
  await until('it answers 503', async () => (await health(lonely)) === 503, 7_000);
  // It answers no upgrade, and the other passes nobody on to it.
  expect(await opens(lonely, room)).toBe(false);
  live = [other];
  await until('the other owns the room', async () => (await ownerOf(redis, room)) === other.id, 3_000);
  expect(await redis.exists(KEYS.instance(lonely.id))).toBe(1);
  expect(await table.finished).toEqual(['finished', 'finished', 'finished', 'finished']);
  expect(await ownerOf(redis, room)).toBe(other.id);
  expect(await lostOrDoubled(redis, table)).toEqual([]);

  wire.mend();
  await until('it is healthy again', async () => (await health(lonely)) === 200);
});

test('cut off before the only healthy instance started, an owner loses the players passed on to it when its lease is over', async () => {
  const { server, redis } = await redisServer();
  const wire = await TcpProxy.to(server.port);
  cleanUps.push(() => wire.stop());
  const lonely = await instance(`redis://${addressOf(wire.port)}`);
  const room = await createRoom(`http://${addressOf(lonely.port)}`, { turn_ms: 600_000 });
  const home = await Player.join(lonely.url, room, { name: 'At home' });
  wire.cut();
  // As where the clock of Redis was set back: the newcomer finds an entry, and passes players on, for as long as it may.
  await redis.persist(KEYS.instance(lonely.id));
  const newcomer = await instance(server.url);
  const passedOn = await Player.open(newcomer.url, room);
  passedOn.hello({ name: 'Passed on' });
  expect(await ownerOf(redis, room)).toBe(lonely.id);

  // It knows nobody who has Redis, and keeps what it has.
  await until('the player who was passed on is sent back', () => passedOn.closed !== undefined, 15_000);
  expect([passedOn.closed?.code, await health(lonely), home.closed]).toEqual([1006, 200, undefined]);
  await until('the newcomer plays the room', async () => (await ownerOf(redis, room)) === newcomer.id);
  const back = await Player.join(newcomer.url, room, { name: 'Passed on' });
  await back.drop();
  await home.drop();
});

test('Redis away for longer than the lease: nobody is thrown out, no room changes its owner, play goes on', async () => {
  const { server, redis } = await redisServer();
  const instances = [await instance(server.url), await instance(server.url)];
  const room = await createRoom(`http://${addressOf(instances[0]?.port)}`, { options: { target_points: 3 } });
  const table = seatBots(
    room,
    throughAny(() => instances),
  );
  cleanUps.push(() => leaveAll([table]));
  await until('the room plays', async () => (await seqOf(redis, room)) > 12);
  const owner = await ownerOf(redis, room);

  server.process.kill('SIGSTOP');
  await until('the table says frozen', () => table.tables.every(({ state }) => state.connection === 'frozen'));
  const pausedAt = performance.now();
  await until('the pause is longer than the lease', async () => {
    expect(await Promise.all(instances.map(health))).toEqual([200, 200]);
    return performance.now() - pausedAt > 6_000;
  });
  server.process.kill('SIGCONT');

  expect(await table.finished).toEqual(['finished', 'finished', 'finished', 'finished']);
  expect(table.errors).toEqual([]);
  expect(await ownerOf(redis, room)).toBe(owner);
  expect(await redis.hget(KEYS.roomMeta(room), 'epoch')).toBe('1');
  expect(await lostOrDoubled(redis, table)).toEqual([]);
});

test('with every pub/sub message lost, rooms are drained, taken over and played to the end all the same', async () => {
  const { server, redis } = await redisServer();
  await redis.call('ACL', 'SETUSER', 'deaf', 'on', '>secret-of-the-deaf', '~*', '&*', '+@all', '-publish');
  const url = `redis://deaf:secret-of-the-deaf@${addressOf(server.port)}`;
  const instances = [await instance(url), await instance(url), await instance(url)];
  let live = [...instances];
  const cluster = {
    createRoom: (options: Record<string, unknown>) => createRoom(`http://${addressOf(instances[0]?.port)}`, options),
  } as TestCluster;
  const tables = await playRooms(
    cluster,
    4,
    throughAny(() => live),
    { options: { target_points: 3 } },
  );
  cleanUps.push(() => leaveAll(tables));
  for (const { room } of tables) await until('the room plays', async () => (await seqOf(redis, room)) > 12);

  const [drained, killed] = instances;
  if (!drained || !killed) throw new Error('no instances');
  live = live.slice(1);
  await end(drained.process, 'SIGTERM');
  live = live.slice(1);
  await end(killed.process);
  for (const table of tables) {
    expect(await table.finished).toEqual(['finished', 'finished', 'finished', 'finished']);
    expect(await lostOrDoubled(redis, table)).toEqual([]);
  }
});
