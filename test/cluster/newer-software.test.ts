/** While versions are mixed, as in a rolling upgrade: what a newer one has written is not misread. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newInstanceId } from '../../src/cluster/new-ids.js';
import type { ClusterMessage } from '../../src/protocol/cluster.js';
import type { Epoch, InstanceId, RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { CommandWindows } from '../../src/room/commands.js';
import { START } from '../../src/room/history.js';
import { emptyRoom } from '../../src/room/state.js';
import { SNAPSHOT_VERSION, toSnapshot } from '../../src/room/store.js';
import { Player } from '../edge/player.js';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

const snapshot = { ...toSnapshot(START, emptyRoom(4), new CommandWindows()), v: SNAPSHOT_VERSION + 1 };

let cluster: TestCluster;
let redis: RedisConnection;
let listener: RedisConnection;
beforeAll(async () => {
  cluster = await startCluster(1, { LOG_LEVEL: 'fatal' });
  redis = await connectToRedis(cluster.redis.url);
  listener = await connectToRedis(cluster.redis.url);
});
afterAll(async () => {
  listener.disconnect();
  redis.disconnect();
  await cluster.stop();
});

test('a room with a snapshot of a newer version is not played, and is left to who can play it', async () => {
  const code = await cluster.createRoom();
  await redis.set(KEYS.roomSnapshot(code), JSON.stringify(snapshot));
  const player = await Player.open(cluster.instances[0]?.url ?? '', code);
  player.hello();
  await until('the player is sent away', () => player.closed);
  expect(player.closed).toMatchObject({ reason: 'MOVED' });
  const [owner, epoch] = await redis.hmget(KEYS.roomMeta(code), 'owner', 'epoch');
  expect(owner).toBe('');
  expect(Number(epoch)).toBeGreaterThan(0);
  expect(await redis.pttl(KEYS.roomSnapshot(code))).toBeGreaterThan(0);
});

test('a room whose meta has a newer version is neither claimed nor changed', async () => {
  const code = await cluster.createRoom();
  expect(await redis.hget(KEYS.roomMeta(code), 'v')).toBe('1');
  await redis.hset(KEYS.roomMeta(code), 'v', '2');
  const before = await redis.hgetall(KEYS.roomMeta(code));
  const player = await Player.open(cluster.instances[0]?.url ?? '', code);
  player.hello();
  await until('the player is sent away', () => player.closed);
  expect(player.closed).toMatchObject({ reason: 'MOVED' });
  expect(await redis.hgetall(KEYS.roomMeta(code))).toEqual(before);
});

test('a room that is handed over with such a snapshot is not accepted', async () => {
  const room = (await cluster.createRoom()) as RoomCode;
  const from = newInstanceId();
  const answer = new Promise<ClusterMessage>((resolve) => {
    listener.on('message', (_, text) => resolve(JSON.parse(text) as ClusterMessage));
  });
  await listener.subscribe(KEYS.channels.instance(from));
  const head = JSON.parse((await redis.hget(KEYS.roomMeta(room), 'head')) ?? '');
  const offer: ClusterMessage = {
    type: 'game_migration_data',
    room,
    from,
    epoch: 1 as Epoch,
    head,
    snapshot,
    sent_at: Date.now(),
    request: 'of-this-test',
  };
  await redis.publish(KEYS.channels.instance(cluster.instances[0]?.id as InstanceId), JSON.stringify(offer));
  expect(await answer).toMatchObject({ type: 'game_migration_answer', request: 'of-this-test', accepted: false });
});
