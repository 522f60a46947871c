/** A backup of all that Redis has, as tests take it of a Redis that goes on. */
import type { RedisConnection } from '../../src/redis/client.js';

/** Copies all keys with their times to live. @returns puts them back, in place of all that Redis has then */
export async function backUp(redis: RedisConnection): Promise<() => Promise<void>> {
  const backup = await Promise.all(
    (await redis.keys('*')).map(async (key) => [key, await redis.dumpBuffer(key), await redis.pttl(key)] as const),
  );
  return async () => {
    const restoring = redis.multi().flushall();
    for (const [key, dump, ttl] of backup) restoring.restore(key, Math.max(0, ttl), dump as Buffer);
    await restoring.exec();
  };
}
