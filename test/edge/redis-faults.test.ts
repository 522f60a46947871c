/** What is wrong with Redis is told on the page of an instance and among its metrics. */
import { expect, test } from '@jest/globals';
import { startInstance } from '../support/cluster.js';
import { end, startRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

test('a Redis that evicts and keeps no file is told of, no new room is made in it, and all is well when it is mended', async () => {
  const settings = ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no'];
  const server = await startRedis(settings);
  const redis = await connectToRedis(server.url);
  const instance = await startInstance(server.url);
  const base = `http://127.0.0.1:${instance.port}`;
  const faults = async () =>
    ((await (await fetch(`${base}/status`)).json()) as { redis_faults: string[] }).redis_faults;
  const counted = async () =>
    /^hokm_redis_faults\{[^}]*\} (\d+)$/m.exec(await (await fetch(`${base}/metrics`)).text())?.[1];
  const made = async () => (await fetch(`${base}/api/rooms`, { method: 'POST', body: '{}' })).status;
  try {
    await until('it is told', async () => (await faults()).length === 2);
    expect(await faults()).toEqual([
      'Redis evicts keys when its memory is full (allkeys-lru): rooms would vanish, and new ones are refused; set maxmemory-policy noeviction.',
      'Redis keeps no append-only file: moves are lost when it ends; set appendonly yes.',
    ]);
    expect(await counted()).toBe('2');
    expect(await made()).toBe(503);

    await redis.config('SET', 'maxmemory-policy', 'noeviction');
    await redis.config('SET', 'appendonly', 'yes');
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until('it is asked again', async () => (await faults()).length === 0);
    expect(await counted()).toBe('0');
    await until('a room is made', async () => (await made()) === 201);
  } finally {
    await end(instance.process);
    redis.disconnect();
    await server.stop();
  }
});
