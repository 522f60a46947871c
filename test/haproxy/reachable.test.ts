/** What HAProxy's checks find reaches the registry: an instance that no player can be sent to gets no rooms either. */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newInstanceId } from '../../src/cluster/new-ids.js';
import { type InstanceFields, Registry } from '../../src/cluster/registry.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { end, freePort, startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { LEASE_MS, shownAs, startController, startHAProxy, startInstance, type TestHAProxy } from './support.js';

let redis: TestRedis;
let haproxy: TestHAProxy;
let connection: RedisConnection;
beforeAll(async () => {
  [redis, haproxy] = await Promise.all([startRedis(), startHAProxy()]);
  connection = await connectToRedis(redis.url);
});
afterAll(async () => {
  connection.disconnect();
  await Promise.all([redis.stop(), haproxy.stop()]);
});

test('an instance that HAProxy cannot reach is told as such until it can be reached', async () => {
  const registry = new Registry(connection, LEASE_MS);
  const healthy = await startInstance(redis);
  const controller = await startController(redis, haproxy);
  // Ready by its own word, at a port where nobody listens.
  const port = await freePort();
  const fields: InstanceFields = {
    ...{ id: newInstanceId(), number: await registry.nextNumber(), host: '127.0.0.1', port, status: 'ready' },
    ...{ started_at: 1, active_games: 0, connected_players: 0, cpu_usage: 0, memory_usage: 0, event_loop_delay: 0 },
    ...{ weight: 128, capacity: 10, region: 'local', zone: 'local', version: '1', rules_versions: 'echo@1' },
  };
  await registry.heartbeat(fields);
  const beating = setInterval(() => void registry.heartbeat(fields).catch(() => undefined), LEASE_MS / 5);
  let server: Server | undefined;
  try {
    await registry.announce();
    const unreachable = async () => [...(await registry.unreachable())];
    await until('it is told as unreachable', async () => (await unreachable()).length > 0);
    expect(await unreachable()).toEqual([fields.id]);

    server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    await until('it is told as reachable again', async () => (await unreachable()).length === 0);
    await shownAs(haproxy, healthy.id, 'ready');

    // Registered by itself, and by nothing that HAProxy can use.
    for (const host of ['nowhere.invalid', '0.0.0.0']) {
      await registry.heartbeat({ ...fields, id: 'game-ODDHOST1', number: Number(fields.number) + 1, host });
      await registry.announce();
      await until(`an instance at ${host} is told`, async () =>
        (await unreachable()).includes('game-ODDHOST1' as never),
      );
      await registry.remove('game-ODDHOST1' as never);
      await until('it is gone', async () => (await unreachable()).length === 0);
    }
  } finally {
    clearInterval(beating);
    server?.close();
    await end(controller, 'SIGTERM');
    await end(healthy.process);
  }
  expect([...(await registry.unreachable())]).toEqual([]);
});

test('an instance is unreachable when no HAProxy reaches it, by the word of those that have looked', async () => {
  const registry = new Registry(connection, LEASE_MS);
  await registry.controllerHeartbeat('first', { down: 'a,b' });
  expect([...(await registry.unreachable())]).toEqual(['a', 'b']);
  await registry.controllerHeartbeat('second', { down: 'b,c' });
  expect([...(await registry.unreachable())]).toEqual(['b']);
  await registry.controllerHeartbeat('second', { down: '?' });
  await registry.controllerHeartbeat('of an older version');
  expect([...(await registry.unreachable())]).toEqual(['a', 'b']);
  await registry.controllerHeartbeat('second', { down: '' });
  expect([...(await registry.unreachable())]).toEqual([]);
  for (const id of ['first', 'second', 'of an older version']) await registry.removeController(id);
});
