/** A connection for the test itself. */
import { connectToServer, type RedisConnection, ready } from '../../src/redis/client.js';
import { testConfig } from './config.js';

export async function connectToRedis(redisUrl: string): Promise<RedisConnection> {
  const config = testConfig(redisUrl);
  const connection = connectToServer(config, 'test');
  await ready(connection, config, 5_000);
  return connection;
}
