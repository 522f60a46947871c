import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Fencing, latestFencing } from '../../src/cluster/fencing.js';
import { Registry } from '../../src/cluster/registry.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { KEYS } from '../support/keys.js';
import { startRedis, type TestRedis } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

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

const HOUR_MS = 3_600_000;
const redisNow = async () => Number((await redis.time())[0]) * 1_000;

async function nextNumber(): Promise<number> {
  await redis.del(KEYS.autoscaler.lock);
  const [outcome, number] = await redis.lockTake(KEYS.autoscaler.lock, KEYS.autoscaler.fencing, 'me', '1000');
  expect(outcome).toBe('taken');
  return Number(number);
}

test('a lower number is refused, an equal one is obeyed', () => {
  const fencing = new Fencing();
  expect([7, 6, 7, 8, 7].map((number) => fencing.admits(number, { latest: 9 }))).toEqual([
    true,
    false,
    true,
    true,
    false,
  ]);
  expect(fencing.admits(undefined, { latest: 9 })).toBe(true);
});

test('a forged number is not obeyed and shuts nobody out: those that the lock gives out are, before and after', async () => {
  const fencing = new Fencing();
  const bounds = () => new Registry(redis, 0).fencingBounds();
  const given = await nextNumber();
  expect(fencing.admits(given, await bounds())).toBe(true);
  for (const forged of [2 ** 53 - 1, 2 ** 53, latestFencing(await redisNow()) + 10, given + 1_000, given + 1]) {
    expect(fencing.admits(forged, await bounds())).toBe(false);
  }
  expect(fencing.admits(await nextNumber(), await bounds())).toBe(true);
});

test('where Redis has lost the last number, or holds none, a forged one shuts nobody out for more than an hour', async () => {
  const fencing = new Fencing();
  const given = await nextNumber();
  expect(fencing.admits(given, await new Registry(redis, 0).fencingBounds())).toBe(true);
  for (const lost of [String(given - 1), 'none']) {
    await redis.set(KEYS.autoscaler.fencing, lost);
    // What was obeyed counts on: whoever had the lock before wakes up too late.
    expect(fencing.admits(given - 1, await new Registry(redis, 0).fencingBounds())).toBe(false);
  }
  await redis.del(KEYS.autoscaler.fencing);
  expect(fencing.admits(given, await new Registry(redis, 0).fencingBounds())).toBe(true);
  // The furthest that can be passed off as one of the lock's, an hour later.
  const now = await redisNow();
  expect(fencing.admits(latestFencing(now), { latest: latestFencing(now) })).toBe(true);
  expect(fencing.admits(latestFencing(now), { latest: latestFencing(now + HOUR_MS) })).toBe(true);
  expect(fencing.admits(latestFencing(now) + 1, { latest: latestFencing(now + HOUR_MS) })).toBe(true);
});

test('what was obeyed while the clock of Redis was ahead by a day is forgotten when it is right again', () => {
  const now = Date.UTC(2026, 10, 30);
  const number = (at: number) => latestFencing(at) - 3_600;
  const fencing = new Fencing();
  expect(fencing.admits(number(now + 24 * HOUR_MS), { latest: latestFencing(now + 24 * HOUR_MS) })).toBe(true);
  expect(fencing.admits(number(now), { latest: latestFencing(now) })).toBe(true);
  expect(fencing.admits(number(now) - 1, { latest: latestFencing(now) })).toBe(false);
});

test.each([
  ['2 to the 53rd', 2 ** 53],
  ['2 to the 53rd less 1', 2 ** 53 - 1],
  ['one that is two hours ahead', undefined],
])('a counter that somebody has set to %s is brought back to the time', async (_, set) => {
  const ahead = latestFencing(await redisNow()) + 3_600;
  await redis.set(KEYS.autoscaler.fencing, String(set ?? ahead));
  const first = await nextNumber();
  expect(first).toBeLessThanOrEqual(latestFencing(await redisNow()));
  const second = await nextNumber();
  expect(second).toBeGreaterThan(first);
  expect(await redis.get(KEYS.autoscaler.fencing)).toBe(String(second));
});
