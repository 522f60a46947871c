/** Behind somebody else's balancer: whose address a limit holds for, and whose word counts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { spawnOwned, startRedis, type TestRedis, temporaryFolder } from '../support/programs.js';
import { makeCertificates } from '../support/tls.js';
import {
  ask,
  BACKEND_FILE,
  CONFIG_FILE,
  type EchoInstance,
  haproxyEnvironment,
  startHAProxy,
  startInstance,
  type TestHAProxy,
} from './support.js';

let redis: TestRedis;
let instance: EchoInstance;
const running: TestHAProxy[] = [];

beforeAll(async () => {
  redis = await startRedis();
  instance = await startInstance(redis);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((haproxy) => haproxy.stop()));
});
afterAll(async () => {
  instance.process.kill('SIGKILL');
  await redis.stop();
});

async function started(settings: Record<string, string>): Promise<TestHAProxy> {
  const haproxy = await startHAProxy({ HAPROXY_MAX_REQUESTS_PER_IP: '5', ...settings });
  running.push(haproxy);
  await haproxy.api.add({ name: instance.id, number: 1, address: '127.0.0.1', port: instance.port, weight: 1 });
  await haproxy.api.setState(instance.id, 'ready');
  return haproxy;
}

const PATH = '/api/room?room_code=7KQ2M9XZ';

/** Statuses of `count` requests that a balancer at `localAddress` passes on for `client`, after what the client wrote. */
async function passedOn(port: number, client: string, count: number, localAddress = '127.0.0.1'): Promise<number[]> {
  const statuses: number[] = [];
  for (let at = 0; at < count; at++) {
    const headers = { 'x-forwarded-for': `198.51.100.${at}, ${client}` };
    statuses.push((await ask(port, PATH, { headers, localAddress })).status);
  }
  return statuses;
}

test('the limits hold for the last address that a trusted balancer tells, each for itself', async () => {
  const { port } = await started({ HAPROXY_TRUSTED_PROXIES: '127.0.0.1 2001:db8::/32' });
  const first = await passedOn(port, '203.0.113.1', 7);
  expect(first.slice(0, 5)).not.toContain(429);
  expect(first.slice(5)).toEqual([429, 429]);
  expect(await passedOn(port, '203.0.113.2', 3)).not.toContain(429);
  expect(await passedOn(port, '2001:db8:1::7', 6).then((all) => all.at(-1))).toBe(429);
});

test('many players share a connection of their balancer', async () => {
  const { port } = await started({ HAPROXY_TRUSTED_PROXIES: '127.0.0.1' });
  const get = (client: string) =>
    `GET ${PATH} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${client}\r\n${client.endsWith('.3') ? 'Connection: close\r\n' : ''}\r\n`;
  const clients = [...Array.from({ length: 7 }, () => '203.0.113.1'), '203.0.113.2', '203.0.113.3'];
  const statuses = await new Promise<number[]>((resolve) => {
    let said = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(clients.map(get).join('')));
    socket.on('data', (data) => {
      said += String(data);
    });
    socket.on('close', () => resolve([...said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))));
  });
  expect(statuses.map((status) => status === 429)).toEqual([...Array(5).fill(false), true, true, false, false]);
});

test('nobody else can tell an address, a scheme or a host', async () => {
  const { port } = await started({ HAPROXY_TRUSTED_PROXIES: '192.0.2.0/24', HAPROXY_LIMIT_LOOPBACK: '1' });
  const statuses: number[] = [];
  for (let at = 0; at < 7; at++) statuses.push(...(await passedOn(port, `203.0.113.${at}`, 1)));
  expect(statuses.slice(5)).toEqual([429, 429]);
  const { body } = await ask(port, PATH, {
    headers: { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example', host: 'table.example' },
    localAddress: '127.0.0.3',
  });
  expect(JSON.parse(body)).toMatchObject({
    headers: { host: 'table.example', 'x-forwarded-proto': 'http', 'x-forwarded-for': '127.0.0.3' },
  });
});

test('a trusted balancer tells the scheme and the host under which players came', async () => {
  const { port } = await started({ HAPROXY_TRUSTED_PROXIES: '127.0.0.1' });
  const told = async (headers: Record<string, string>) =>
    (JSON.parse((await ask(port, PATH, { headers })).body) as { headers: Record<string, string> }).headers;
  expect(
    await told({
      host: 'inner',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'table.example',
      'x-forwarded-for': '203.0.113.9',
    }),
  ).toMatchObject({ host: 'table.example', 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9' });
  expect(await told({ host: 'inner', 'x-forwarded-host': 'a b/evil' })).toMatchObject({
    host: 'inner',
    'x-forwarded-proto': 'http',
  });
});

/** A request that a balancer passes on as bytes, with the address of its client before them. */
const byProxyProtocol = (port: number, client: string | undefined, localAddress = '127.0.0.1') =>
  new Promise<string>((resolve) => {
    let answer = '';
    const head = client === undefined ? '' : `PROXY TCP4 ${client} 127.0.0.1 1000 ${port}\r\n`;
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () =>
      socket.write(`${head}GET ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', (data) => {
      answer += String(data);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? ''));
  });

test('by the PROXY protocol the limits hold for the address that it tells, and nobody else comes in', async () => {
  const { port } = await started({ HAPROXY_TRUSTED_PROXIES: '127.0.0.1', HAPROXY_ACCEPT_PROXY: '1' });
  const statuses: string[] = [];
  for (let at = 0; at < 7; at++) statuses.push(await byProxyProtocol(port, '203.0.113.1'));
  expect(statuses.slice(0, 5)).not.toContain('429');
  expect(statuses.slice(5)).toEqual(['429', '429']);
  expect(await byProxyProtocol(port, '203.0.113.2')).not.toBe('429');
  expect(await byProxyProtocol(port, undefined)).toBe('');
  expect(await byProxyProtocol(port, '203.0.113.3', '127.0.0.2')).toBe('');
});

test('players speak TLS behind the PROXY protocol too', async () => {
  const folder = await temporaryFolder();
  const { certificate, key, authority } = makeCertificates(folder.path);
  const pem = join(folder.path, 'both.pem');
  writeFileSync(pem, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  const { port } = await started({
    HAPROXY_TRUSTED_PROXIES: '127.0.0.1',
    HAPROXY_ACCEPT_PROXY: '1',
    HAPROXY_CERT: pem,
  });
  const told = await new Promise<string>((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`PROXY TCP4 203.0.113.1 127.0.0.1 1000 ${port}\r\n`);
      const secure = connectTls({ socket, ca: readFileSync(authority), host: '127.0.0.1' }, () =>
        secure.write(`GET ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
      );
      secure.on('data', (data) => {
        answer += String(data);
      });
      secure.on('error', reject);
      secure.on('close', () => resolve(answer));
    });
  });
  expect(told).toMatch(/"x-forwarded-for":"203\.0\.113\.1"/);
  expect(told).toMatch(/"x-forwarded-proto":"https"/);
  await folder.remove();
});

test('it does not start when anybody could tell an address by the PROXY protocol', async () => {
  const folder = await temporaryFolder();
  const env = { ...process.env, ...(await haproxyEnvironment(folder.path)), HAPROXY_ACCEPT_PROXY: '1' };
  const child = spawnOwned('haproxy', ['-c', '-f', CONFIG_FILE, '-f', BACKEND_FILE], { env, stdio: 'pipe' });
  let said = '';
  child.stderr?.on('data', (data) => {
    said += String(data);
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  await folder.remove();
  expect(code).not.toBe(0);
  expect(said).toMatch(/ALERT.*HAPROXY_ACCEPT_PROXY needs HAPROXY_TRUSTED_PROXIES/);
});
