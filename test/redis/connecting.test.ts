import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, type RedisConnection } from '../../src/redis/client.js';
import { testConfig } from '../support/config.js';
import { end, startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

const KEYS = 4_000;

let redis: TestRedis;
let connection: RedisConnection;

beforeAll(async () => {
  // A little for every key: what very many take, with few. Redis answers after every 1,024 of them.
  redis = await startRedis(['--key-load-delay', '100']);
  connection = await connectToRedis(redis.url);
});

afterAll(async () => {
  connection.disconnect();
  await redis.stop();
});

test('a Redis that was still loading is used as soon as it has loaded', async () => {
  await Promise.all(Array.from({ length: KEYS }, (_, at) => connection.set(`key-${at}`, 'value')));
  // What it has answered while it waited for the disk, a SIGKILL may take.
  await end(redis.process, 'SIGTERM');
  await redis.restart();
  await until('the connection is ready', () => connection.status === 'ready', 500);
  expect(await connection.get(`key-${KEYS - 1}`)).toBe('value');
});

test('a Redis that takes connections and says nothing is connected to anew until it answers', async () => {
  let connects = 0;
  const another = connect(testConfig(redis.url), 'another');
  another.on('connect', () => {
    connects += 1;
  });
  redis.process.kill('SIGSTOP');
  try {
    another.connect().catch(() => undefined);
    await until('a second connection', () => connects >= 2, 2_500);
  } finally {
    redis.process.kill('SIGCONT');
  }
  await until('the connection is ready', () => another.status === 'ready');
  another.disconnect();
});
