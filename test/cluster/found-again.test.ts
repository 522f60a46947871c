// Holds I11 of src/README.md.
/** Rooms whose owner leaves, dies, or has them back: each is in the index that survivors read, and is owned again. */

import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import type { RedisConnection } from '../../src/redis/client.js';
import { Player } from '../edge/player.js';
import { startCluster, type TestCluster, type TestInstance } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

const ROOMS = 200;
const LEASE_MS = 5_000;
/** For survivors to see the end of a lease and to take what is left. */
const FOUND_MS = LEASE_MS + 2_000;
const PARALLEL = 10;
const ASK_AGAIN_MS = 1_000;

let cluster: TestCluster;
let redis: RedisConnection;
const start = async (count: number, env: Record<string, string> = {}) => {
  cluster = await startCluster(count, { LOG_LEVEL: 'fatal', HOKM_LEASE_MS: String(LEASE_MS), ...env });
  redis = await connectToRedis(cluster.redis.url);
};
afterEach(async () => {
  redis.disconnect();
  await cluster.stop();
});

const at = (place: number): TestInstance => {
  const instance = cluster.instances[place];
  if (!instance) throw new Error(`no instance ${place}`);
  return instance;
};
const ownerOf = (code: string) => redis.hget(KEYS.roomMeta(code), 'owner');
const indexOf = ({ id }: TestInstance) => redis.smembers(KEYS.roomsOf(id));

/** Rooms that `instance` owns; their players have left the sockets. */
async function ownedRooms(instance: TestInstance, count: number): Promise<string[]> {
  const codes: string[] = [];
  const workers = Array.from({ length: Math.min(PARALLEL, count) }, async () => {
    while (codes.length < count) {
      const code = await cluster.createRoom();
      codes.push(code);
      const player = await Player.open(instance.url, code);
      player.hello();
      await until('the room is owned', async () => (await ownerOf(code)) === instance.id);
      player.socket.close();
    }
  });
  await Promise.all(workers);
  return codes;
}

/** Asks the owner to move the room, as an operator does, and waits until it has. */
async function move(code: string, from: TestInstance, to: TestInstance): Promise<void> {
  const message = { type: 'game_migration_request', room: code, to: to.id, request: `move-${to.id}` };
  const ask = () => redis.xadd(KEYS.inbox(from.id), '*', 'message', JSON.stringify(message));
  let askedAt = Number.NEGATIVE_INFINITY;
  await until('the room has moved', async () => {
    if ((await ownerOf(code)) === to.id) return true;
    // One that has only just been made the owner may not have the room yet.
    if (performance.now() - askedAt > ASK_AGAIN_MS) await ask();
    else return false;
    askedAt = performance.now();
    return false;
  });
}

test('rooms that a drain has not given away by its deadline are owned by the survivor a lease later', async () => {
  await start(2, { HOKM_DRAIN_MS: '60' });
  const codes = await ownedRooms(at(0), ROOMS);
  const ended = once(at(0).process, 'exit');
  at(0).process.kill('SIGTERM');
  await ended;
  const endedAt = performance.now();
  const left = (await Promise.all(codes.map(ownerOf))).filter((owner) => owner === at(0).id).length;
  expect(left).toBeGreaterThan(0);
  const survivor = at(1).id;
  await until('all are owned again', async () =>
    (await Promise.all(codes.map(ownerOf))).every((id) => id === survivor),
  );
  expect(performance.now() - endedAt).toBeLessThan(FOUND_MS);
  expect((await indexOf(at(1))).sort()).toEqual(codes.sort());
});

test('a room that was moved away and back is found when its owner is killed', async () => {
  await start(2);
  const [code = ''] = await ownedRooms(at(0), 1);
  await move(code, at(0), at(1));
  await move(code, at(1), at(0));
  await until('the index names it where it is', async () => (await indexOf(at(0))).includes(code));
  await until('and nowhere else', async () => (await indexOf(at(1))).length === 0);
  at(0).process.kill('SIGKILL');
  const killedAt = performance.now();
  await until('it is owned again', async () => (await ownerOf(code)) === at(1).id);
  expect(performance.now() - killedAt).toBeLessThan(FOUND_MS);
});

test('an entry that the index has lost is put back, and one too many is taken out', async () => {
  await start(1);
  const [code = ''] = await ownedRooms(at(0), 1);
  const stranger = await cluster.createRoom();
  await redis.srem(KEYS.roomsOf(at(0).id), code);
  await redis.sadd(KEYS.roomsOf(at(0).id), stranger);
  const expected = [code];
  await until('the index is right again', async () => String(await indexOf(at(0))) === String(expected), 20_000);
});

test('an instance that the registry has lost is found by its index', async () => {
  await start(2);
  const [code = ''] = await ownedRooms(at(0), 1);
  at(0).process.kill('SIGKILL');
  const killedAt = performance.now();
  await redis.del(KEYS.instance(at(0).id));
  await redis.zrem(KEYS.instances, at(0).id);
  await until('it is owned again', async () => (await ownerOf(code)) === at(1).id, 20_000);
  expect(performance.now() - killedAt).toBeLessThan(FOUND_MS);
  await until('nothing is left of the index', async () => (await indexOf(at(0))).length === 0);
  await until('it is forgotten', async () => `${await redis.smembers(KEYS.indexed)}` === at(1).id);
});

test('a room that was given to an instance which does not hear of it is played there all the same', async () => {
  await start(2);
  const [code = ''] = await ownedRooms(at(0), 1);
  at(0).process.kill('SIGKILL');
  await redis.sadd(KEYS.roomsOf(at(1).id), code);
  const epoch = Number(await redis.hget(KEYS.roomMeta(code), 'epoch'));
  await redis.hset(KEYS.roomMeta(code), 'owner', at(1).id, 'epoch', epoch + 1);
  const claimed = async () => Number(await redis.hget(KEYS.roomMeta(code), 'epoch')) > epoch + 1;
  await until('its owner has claimed it', claimed, FOUND_MS);
  expect(await ownerOf(code)).toBe(at(1).id);
});
