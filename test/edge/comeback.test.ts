/** A player who has nothing but the seat token comes back, whatever became of the instance. */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RedisConnection } from '../../src/redis/client.js';
import { createRoom, startCluster, type TestCluster, type TestInstance, untilCertain } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { end } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { Player } from './player.js';

let cluster: TestCluster;
let other: TestInstance;
let redis: RedisConnection;

beforeAll(async () => {
  cluster = await startCluster(1);
  const [only] = cluster.instances;
  if (!only) throw new Error('no instance');
  other = only;
  redis = await connectToRedis(cluster.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

const comeBack = (port: number, token: string) =>
  fetch(`http://127.0.0.1:${port}/api/reconnect`, { method: 'POST', body: JSON.stringify({ token }) });

const forget = (token: string) => redis.del(KEYS.seat(createHash('sha256').update(token).digest('hex')));

test('the token finds its room when the note of it was lost with the owner', async () => {
  const owner = await cluster.add();
  const room = await createRoom(`http://127.0.0.1:${owner.port}`);
  const player = await Player.join(owner.url, room);
  await end(owner.process);
  await forget(player.token);
  const answer = await comeBack(other.port, player.token);
  expect([answer.status, await answer.json()]).toMatchObject([200, { room_code: room, seat: 0 }]);
});

test('the token finds its room through an instance that does not play it', async () => {
  const owner = await cluster.add();
  const room = await createRoom(`http://127.0.0.1:${owner.port}`);
  const player = await Player.join(owner.url, room);
  await forget(player.token);
  expect(await (await comeBack(other.port, player.token)).json()).toMatchObject({ room_code: room, seat: 0 });
});

test.each(['a-token-of-the-clients-own-making', 'ZZZZZZZZ-is-no-room-but-a-token'])(
  'a token that names no room is found by its note: %s',
  async (proposed_token) => {
    const room = await createRoom(`http://127.0.0.1:${other.port}`);
    const player = await Player.join(other.url, room, { proposed_token });
    expect(player.token).toBe(proposed_token);
    expect(await (await comeBack(other.port, player.token)).json()).toMatchObject({ room_code: room, seat: 0 });
  },
);

test('a token of nobody is refused, also when it names a room', async () => {
  await untilCertain(other);
  const room = await createRoom(`http://127.0.0.1:${other.port}`);
  const player = await Player.join(other.url, room);
  expect(player.token).toMatch(new RegExp(`^${room}-[0-9A-Za-z_-]{24}$`));
  for (const wrong of [`${room}-${'x'.repeat(24)}`, `ZZZZZZZZ-${'x'.repeat(24)}`, 'x'.repeat(24)]) {
    const answer = await comeBack(other.port, wrong);
    expect([wrong, answer.status, await answer.json()]).toMatchObject([wrong, 401, { error: { code: 'WRONG_TOKEN' } }]);
  }
});
