/** One question to one Redis node, by a connection of its own. */
import { redisConfig } from '../../src/config.js';
import { connectToServer, type RedisConnection, ready } from '../../src/redis/client.js';

const READY_MS = 300;

/** What `use` resolves with; undefined when the node does not answer or refuses. */
export async function withNode<T>(port: number, use: (redis: RedisConnection) => Promise<T>): Promise<T | undefined> {
  const config = redisConfig({ REDIS_URL: `redis://127.0.0.1:${port}` });
  const redis = connectToServer(config, 'chaos');
  try {
    await ready(redis, config, READY_MS);
    return await use(redis);
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}
