/** The operators' commands for a cluster that only the environment names, with a HAProxy on this host and without one. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import {
  controllerEnvironment,
  type EchoInstance,
  shownAs,
  startController,
  startHAProxy,
  startInstance,
  type TestHAProxy,
} from '../haproxy/support.js';
import { end, spawnOwned, startRedis, type TestRedis, until } from '../support/programs.js';

let redis: TestRedis;
let haproxy: TestHAProxy;
let instance: EchoInstance;
let controller: Awaited<ReturnType<typeof startController>>;
beforeAll(async () => {
  [redis, haproxy] = await Promise.all([startRedis(), startHAProxy()]);
  instance = await startInstance(redis);
  controller = await startController(redis, haproxy);
  await shownAs(haproxy, instance.id, 'ready');
});
afterAll(async () => {
  await end(controller, 'SIGTERM');
  await end(instance.process);
  await Promise.all([redis.stop(), haproxy.stop()]);
});

async function tool(name: string, args: readonly string[], settings: Record<string, string>) {
  const child = spawnOwned(
    process.execPath,
    [fileURLToPath(new URL(`dist/deploy/ops/${name}.js`, packageRoot)), ...args],
    {
      env: { PATH: process.env.PATH, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (text) => {
      said[stream] += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...said };
}

const here = () => controllerEnvironment(redis, haproxy);
const elsewhere = () => ({ REDIS_URL: redis.url });

test('haproxy show tells of the HAProxy on this host', async () => {
  const { code, stdout } = await tool('haproxy', ['show'], here());
  expect(code).toBe(0);
  expect(stdout).toMatch(/^haproxy: HAProxy worker \S+, up .*1 servers, 0 pinned rooms\n/);
  expect(stdout.match(/Controller haproxy-/g)).toHaveLength(1);
});

test('on a host without one it tells what the controllers of all others report', async () => {
  const shown = await until('the controller has reported', async () => {
    const { code, stdout } = await tool('haproxy', ['show'], elsewhere());
    expect(code).toBe(0);
    return /last reconcile [\d.]+ s ago\n$/.test(stdout) && stdout;
  });
  expect(shown).toMatch(/^\S+\/\d+@\d+: 1 servers, 0 pinned rooms; haproxy-\w+, last reconcile/);
  const { stdout } = await tool('haproxy', ['show', '--json'], elsewhere());
  expect(JSON.parse(stdout)).toMatchObject({
    schema: 'hokm/haproxy@1',
    haproxies: [],
    controllers: [{ worker: await haproxy.api.worker(), servers: 1, unreachable: [] }],
  });
});

test('haproxy reload goes by the socket of the master', async () => {
  const before = await haproxy.api.worker();
  const { code, stdout, stderr } = await tool('haproxy', ['reload', '--json'], here());
  expect({ code, stderr: stderr.replace(/^haproxy started .*\n/, '') }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ schema: 'hokm/haproxy-reload@1', name: 'haproxy', before });
  expect(await haproxy.api.worker()).not.toBe(before);
});

test('what is missing for a reload is named', async () => {
  expect(await tool('haproxy', ['reload'], elsewhere())).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^HAPROXY_SOCKET /),
  });
  const { HAPROXY_MASTER_SOCKET: _, ...withoutMaster } = here();
  expect(await tool('haproxy', ['reload'], withoutMaster)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^HAPROXY_MASTER_SOCKET /),
  });
});

test('room list asks any cluster', async () => {
  expect(await tool('room', ['list'], elsewhere())).toMatchObject({ code: 0, stderr: '' });
});
