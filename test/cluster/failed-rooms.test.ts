// Holds I9 of src/README.md.
/** A room that cannot be played is set aside once, with its reason, and hurts only itself. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isNewer } from '../../src/cluster/failed-rooms.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { Player } from '../edge/player.js';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

let cluster: TestCluster;
let redis: RedisConnection;
beforeAll(async () => {
  cluster = await startCluster(2, { LOG_LEVEL: 'silent' });
  redis = await connectToRedis(cluster.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

const field = (code: string, name: string) => redis.hget(KEYS.roomMeta(code), name);
const join = async (code: string, at: number) => {
  const player = await Player.open(cluster.instances[at]?.url ?? '', code);
  player.hello();
  return player;
};
const played = async (at: number) => {
  const code = await cluster.createRoom();
  const player = await join(code, at);
  await until('the player has a seat', () => player.seat !== null);
  return code;
};

test('orphans that do not add up are claimed once, set aside and told of; the others are taken', async () => {
  const [broken, sound] = [await played(0), await played(0)];
  const [headless, garbled] = [await played(0), await played(0)];
  const bad = [broken, headless, garbled];
  const epochs = () => Promise.all(bad.map(async (code) => Number(await field(code, 'epoch'))));
  const before = await epochs();
  const [dead, survivor] = cluster.instances.map(({ id }) => id);
  cluster.instances[0]?.process.kill('SIGKILL');
  await redis.hset(KEYS.roomMeta(broken), 'digest', 'f'.repeat(16));
  await redis.hset(KEYS.roomMeta(headless), 'head', '{"code":');
  await redis.xadd(KEYS.roomLog(garbled), '1000-0', 'e', 'no entry');
  await until('the sound room is owned again', async () => (await field(sound, 'owner')) === survivor);
  const owners = () => Promise.all(bad.map((code) => field(code, 'owner')));
  await until('the broken ones are set aside', async () => (await owners()).every((owner) => owner === ''));
  await until('nothing is left of the dead', async () => (await redis.zscore(KEYS.instances, `${dead}`)) === null);
  expect(JSON.parse((await field(broken, 'failed')) ?? '')).toMatchObject({ why: expect.stringContaining('ends at') });
  expect(await epochs()).toEqual(before.map((epoch) => epoch + 1));
  expect(await redis.pttl(KEYS.roomLog(broken))).toBeGreaterThan(0);
  expect((await redis.zrange(KEYS.failedRooms, '0', '-1')).sort()).toEqual(bad.sort());
  expect(await redis.smembers(KEYS.roomsOf(dead))).toEqual([]);
  await until('the index has it no more', async () => {
    const rooms = await redis.smembers(KEYS.roomsOf(survivor));
    return rooms.join() === sound;
  });
});

test('who comes to such a room hears that it has failed, and it is not claimed for that', async () => {
  const code = await cluster.createRoom();
  const digest = await field(code, 'digest');
  await redis.hset(KEYS.roomMeta(code), 'digest', 'f'.repeat(16));
  for (const _ of [1, 2]) {
    const player = await join(code, 1);
    await until('the player is told', () => player.closed);
    expect(player.closed?.reason).toBe('ROOM_FAILED');
  }
  expect(await field(code, 'epoch')).toBe('1');
  await redis.hset(KEYS.roomMeta(code), 'digest', digest ?? '', 'failed', '');
  const player = await join(code, 1);
  await until('the room is played once it is mended', () => player.seat !== null);
});

test('a newer version of the software tries again, an older one or the same does not', () => {
  const newer = [isNewer('1.10.0', '1.9.3'), isNewer('1.9.3', '1.10.0'), isNewer('1.2.3', '1.2.3')];
  expect(newer).toEqual([true, false, false]);
});
