/** What Redis is told of the seats that tokens have. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Bus } from '../../src/cluster/bus.js';
import type { Ownership } from '../../src/cluster/ownership.js';
import { SeatsIndex } from '../../src/cluster/seats-index.js';
import type { Self } from '../../src/cluster/self.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { KEYS } from '../support/keys.js';
import { ManualClock } from '../support/manual-clock.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

const ROOM = 'SEATNDEX' as RoomCode;

let server: TestRedis;
let redis: RedisConnection;
beforeAll(async () => {
  server = await startRedis();
  redis = await connectToRedis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const noBus = { on: () => undefined } as unknown as Bus;
const newIndex = (clock: ManualClock) => new SeatsIndex(redis, noBus, {} as Self, {} as Ownership, clock);
const told = (...tokens: string[]) => redis.mget(tokens.map((token) => KEYS.seat(token)));

test('seats that are taken within a moment are told of together', async () => {
  const clock = new ManualClock();
  const index = newIndex(clock);
  index.note(ROOM, 0, 'first');
  await clock.advance(5);
  index.note(ROOM, 1, 'second');
  expect(await told('first', 'second')).toEqual([null, null]);
  await clock.advance(5);
  await until('both are told of', async () => !(await told('first', 'second')).includes(null));
  expect(await told('first', 'second')).toEqual([`${ROOM}:0`, `${ROOM}:1`]);
  index.note(ROOM, 2, 'third');
  await clock.advance(10);
  await until('the third is told of', async () => (await told('third'))[0] === `${ROOM}:2`);
});

test('a seat that is given up at once is forgotten soon all the same', async () => {
  await redis.script('FLUSH');
  const index = newIndex(new ManualClock());
  index.note(ROOM, 3, 'brief');
  index.left('brief', 60_000);
  const ttl = () => redis.pttl(KEYS.seat('brief'));
  await until('it has a time', async () => (await ttl()) > 0 && (await ttl()) <= 60_000);
  expect(await told('brief')).toEqual([`${ROOM}:3`]);
});

test('before the instance stops, Redis is told of all', async () => {
  const index = newIndex(new ManualClock());
  index.note(ROOM, 0, 'last');
  await index.flush();
  expect(await told('last')).toEqual([`${ROOM}:0`]);
});
