import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseAssignment } from '../../haproxy/assignments.js';
import { Registry } from '../../src/cluster/registry.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { end, startRedis, type TestRedis } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import {
  CONTROLLER,
  controllerEnvironment,
  LEASE_MS,
  shownAs,
  startController,
  startHAProxy,
  startInstance,
  type TestHAProxy,
} from './support.js';

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

async function controller(args: string[], changes: Record<string, string> = {}) {
  const env = { ...process.env, ...controllerEnvironment(redis, haproxy), ...changes };
  const options: SpawnOptions = { env, stdio: ['ignore', 'pipe', 'pipe'] };
  const child = spawn(process.execPath, [CONTROLLER, ...args], options);
  const said = { out: '', err: '' };
  child.stdout?.on('data', (data) => {
    said.out += String(data);
  });
  child.stderr?.on('data', (data) => {
    said.err += String(data);
  });
  const [code] = await once(child, 'close');
  return { code, ...said };
}

test.each([
  [
    'no admin socket',
    { HAPROXY_SOCKET: '/nowhere/admin.sock' },
    /^HAProxy's admin socket \/nowhere\/admin.sock .*ENOENT.*\n$/,
  ],
  ['no Redis', { REDIS_URL: 'redis://127.0.0.1:1' }, /^Redis at 127.0.0.1:1 cannot be used .*\n$/],
  ['no configuration', { HAPROXY_SOCKET: '' }, /HAPROXY_SOCKET \(not set\)/],
])('%s: one message, exit 1', async (_, changes, message) => {
  const runs = [['run'], ['show']].map((args) => controller(args, { HOKM_START_WAIT_MS: '300', ...changes }));
  for (const ended of await Promise.all(runs)) {
    expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringMatching(message) });
  }
});

test('show tells servers, pins, differences and the last reconcile', async () => {
  const instance = await startInstance(redis);
  const alone = await controller(['show']);
  expect(alone).toMatchObject({ code: 0, err: '' });
  expect(alone.out).toMatch(/0 servers, 0 pinned rooms\nDifferent from Redis \(3\):\n {2}add game-/);
  expect(alone.out).toContain('No controller is running.');

  const running = await startController(redis, haproxy);
  await shownAs(haproxy, instance.id, 'ready');
  const { out } = await controller(['show', '--json']);
  expect(JSON.parse(out)).toMatchObject({
    worker: { worker: expect.stringMatching(/^[\w.-]+\/\d+@\d+$/), uptimeSeconds: expect.any(Number) },
    servers: [{ name: instance.id, number: instance.number, state: 'ready', up: true }],
    pins: 0,
    differences: [],
    controllers: [{ id: expect.stringMatching(/^haproxy-/) }],
  });
  expect((await controller(['show'])).out).toMatch(
    /Equal to Redis\.\nController haproxy-\w+: last reconcile (not yet|[\d.]+ s ago)\n$/,
  );

  // On another host everything may have the same path: it is another HAProxy all the same.
  const registry = new Registry(connection, LEASE_MS);
  const elsewhere = { socket: haproxy.socket, worker: 'edge-2/8@1780000000', last_reconcile: Date.now() };
  await registry.controllerHeartbeat('haproxy-ELSEWHERE', elsewhere);
  expect((await controller(['show'])).out).not.toContain('ELSEWHERE');

  // Without a terminal that could hang up it goes on, and leaves in order when it is told to.
  running.kill('SIGHUP');
  await end(running, 'SIGTERM');
  expect(running.exitCode).toBe(0);
  await registry.controllerHeartbeat('haproxy-ELSEWHERE', elsewhere);
  expect((await controller(['show'])).out).toContain('No controller is running.');
  await end(instance.process);
});

const assignment = { type: 'room_assignment_update', room: '7kq2-m9xz', owner: 'game-A', number: 3 };
test.each<[object | string, unknown]>([
  [assignment, { room: '7KQ2M9XZ', number: 3, asked: undefined }],
  [
    { ...assignment, planned: true },
    { room: '7KQ2M9XZ', number: 3, asked: undefined },
  ],
  [
    { ...assignment, planned: true, reply_to: 'game-B', request: 'r1' },
    { room: '7KQ2M9XZ', number: 3, asked: { by: 'game-B', request: 'r1' } },
  ],
  [{ ...assignment, room: 'x; shutdown' }, undefined],
  [{ ...assignment, number: '3' }, undefined],
  [{ ...assignment, number: 0 }, undefined],
  [{ ...assignment, number: 2 ** 31 }, undefined],
  [{ type: 'registry_changed' }, undefined],
  ['{', undefined],
  ['null', undefined],
])('the message %j', (message, expected) => {
  expect(parseAssignment(typeof message === 'string' ? message : JSON.stringify(message))).toEqual(expected);
});
