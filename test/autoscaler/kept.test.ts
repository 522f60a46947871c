/** Lock and history on a real Redis. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NOTHING_YET } from '../../autoscaler/decide/state.js';
import { History, type Point } from '../../autoscaler/history.js';
import { Lock, LockLost, type TakeReply } from '../../autoscaler/lock.js';
import { Store } from '../../autoscaler/store.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { createLogger } from '../../src/runtime/log.js';
import { KEYS } from '../support/keys.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { MovedClock } from './fake-fleet.js';
import { MINUTE } from './given.js';

let server: TestRedis;
let redis: RedisConnection;
const log = createLogger('silent', {});
const clock = new MovedClock();

beforeAll(async () => {
  server = await startRedis();
  redis = await connectToRedis(server.url);
});

beforeEach(async () => {
  await redis.flushall();
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const take = (token: string, ttlMs = 10_000): Promise<TakeReply> => Lock.take({ redis, clock, log, token, ttlMs });

async function taken(token: string, ttlMs?: number): Promise<Lock> {
  const reply = await take(token, ttlMs);
  if (!('lock' in reply)) throw new Error(`${reply.holder} has the lock`);
  return reply.lock;
}

describe('the lock', () => {
  test('is held by one, who is named to others, and its number rises', async () => {
    const one = await taken('one');
    expect(await take('two')).toEqual({ holder: 'one', ms: expect.any(Number) });
    await one.release();
    const two = await taken('two');
    expect(two.fencing).toBeGreaterThan(one.fencing);
    // Too late: it is another's.
    await one.release();
    expect(two.held).toBe(true);
    expect(await redis.get(KEYS.autoscaler.lock)).toBe('two');
    await two.release();
    expect(await redis.get(KEYS.autoscaler.lock)).toBeNull();
  });

  test('is renewed as long as its holder lives', async () => {
    const lock = await taken('one', 300);
    const before = clock.monotonic();
    await until('three lives have passed', () => clock.monotonic() - before > 900);
    expect(lock.held).toBe(true);
    expect(await redis.get(KEYS.autoscaler.lock)).toBe('one');
    await lock.release();
  });

  test('is lost when another took it, and nothing is written any more', async () => {
    const lock = await taken('one');
    await redis.del(KEYS.autoscaler.lock);
    const other = await taken('two');
    const store = new Store(redis);
    await expect(store.saveState(NOTHING_YET, lock.fencing)).rejects.toThrow(LockLost);
    await store.saveState(NOTHING_YET, other.fencing);
    await lock.renew();
    expect(lock.held).toBe(false);
    expect(() => lock.assertHeld()).toThrow(LockLost);
    await other.release();
  });

  test('is not trusted by a holder that stood still for longer than its life', async () => {
    const still = new (class extends MovedClock {
      stood = 0;
      override monotonic(): number {
        return super.monotonic() + this.stood;
      }
    })();
    const reply = await Lock.take({ redis, clock: still, log, token: 'one', ttlMs: 5_000 });
    if (!('lock' in reply)) throw new Error('held');
    still.stood = 6_000;
    expect(reply.lock.held).toBe(false);
    await reply.lock.release();
    await redis.del(KEYS.autoscaler.lock);
  });
});

describe('the history', () => {
  const first = Math.floor(Date.parse('2026-03-01T00:00:00Z') / MINUTE);
  const point = (minute: number, players: number, mark?: Point['mark']): Point => ({
    minute,
    players,
    connections: players,
    rooms: 3,
    cpu: 0.123,
    memory: 0.5,
    instances: 4,
    ...(mark ? { mark } : {}),
  });

  test('keeps a point a minute, packs days that are over, and leaves gaps missing', async () => {
    const history = new History(redis);
    const minutes = [0, 1, 2, 10, 1439, 1440, 1441];
    for (const at of minutes) await history.add(point(first + at, at, at === 2 ? 'outage' : undefined));
    await history.add(point(first + 1441, 7));
    expect(await redis.exists(KEYS.autoscaler.minutes('2026-03-01'))).toBe(0);
    expect(await redis.exists(KEYS.autoscaler.packed('2026-03-01'))).toBe(1);
    const loaded = await history.load((first + 1442) * MINUTE);
    expect(loaded.map(({ minute }) => minute - first)).toEqual(minutes);
    expect(loaded[2]).toEqual(point(first + 2, 2, 'outage'));
    expect(loaded.at(-1)?.players).toBe(7);
    expect(await redis.ttl(KEYS.autoscaler.packed('2026-03-01'))).toBeGreaterThan(30 * 86_400);
  });

  test('a successor packs what its predecessor left', async () => {
    await new History(redis).add(point(first, 1));
    await new History(redis).add(point(first + 3 * 1440, 2));
    expect(await redis.exists(KEYS.autoscaler.minutes('2026-03-01'))).toBe(0);
    expect(await new History(redis).load((first + 3 * 1440) * MINUTE)).toHaveLength(2);
  });

  test('what cannot be read is missing', async () => {
    await redis.hset(KEYS.autoscaler.minutes('2026-03-01'), '5', 'nonsense', '6', '1,2,3,4,5,6');
    await redis.set(KEYS.autoscaler.packed('2026-02-28'), 'other version');
    expect(await new History(redis).load(first * MINUTE)).toHaveLength(1);
  });
});
