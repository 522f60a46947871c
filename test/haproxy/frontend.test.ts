import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ErrorCode, errors } from '../../src/errors.js';
import { startRedis, type TestRedis, temporaryFolder } from '../support/programs.js';
import {
  ask,
  BACKEND_FILE,
  CONFIG_FILE,
  type EchoInstance,
  enter,
  haproxyEnvironment,
  startHAProxy,
  startInstance,
  type TestHAProxy,
} from './support.js';

let redis: TestRedis;
let haproxy: TestHAProxy;
let instance: EchoInstance;

async function putInPlace(into: TestHAProxy): Promise<void> {
  await into.api.add({ name: instance.id, number: 1, address: '127.0.0.1', port: instance.port, weight: 1 });
  await into.api.setState(instance.id, 'ready');
}

beforeAll(async () => {
  [redis, haproxy] = await Promise.all([startRedis(), startHAProxy()]);
  instance = await startInstance(redis);
  await putInPlace(haproxy);
});

afterAll(async () => {
  instance.process.kill('SIGKILL');
  await Promise.all([redis.stop(), haproxy.stop()]);
});

describe('room codes', () => {
  test.each([['7KQ2M9XZ'], ['7kq2m9xz'], ['7KQ2-M9XZ'], ['7-k-q-2-m-9-x-z-'], ['7KQ2%2dM9XZ'], ['%37%4bQ2m9%78Z']])(
    '%s is the room 7KQ2M9XZ',
    async (spelling) => {
      const { socket, room } = await enter(haproxy.port, spelling);
      socket.terminate();
      expect(room).toBe('7KQ2M9XZ');
    },
  );

  test.each([
    ['', 'empty'],
    ['7KQ2M9X', 'too short'],
    ['7KQ2M9XZ0', 'too long'],
    ['7KQ2M9XU', 'U is not in the alphabet'],
    ['7KQ2M9X%5A%0A', 'a newline behind it'],
    ['7KQ2M9XZ%00', 'a zero behind it'],
    ['7KQ2%00M9XZ', 'a zero in it'],
    ['+7KQ2M9XZ', 'a blank before it'],
    ['7KQ2M9XZ&room_code=7KQ2M9XZ', 'twice'],
    ['7KQ2M9XZ;room_code=00000000', 'twice, with a semicolon'],
    ['7KQ2M9XZ&room%5Fcode=00000000', 'twice, once in disguise'],
    ['7KQ2M9XZ&x=%0A&room%5Fcode=00000000', 'twice, once in disguise behind a newline'],
    ['7KQ2M9XZ?room_code=00000000', 'twice, with a question mark'],
    ['7KQ2M9XZ&x=%00&room%5Fcode=00000000', 'twice, once in disguise behind a zero'],
    [`${'-'.repeat(30)}7KQ2M9XZ`, 'more than 32 characters'],
  ])('%s is refused: %s', async (spelling) => {
    for (const path of ['/ws', '/api/room', '/api/room/commands']) {
      const { status, headers, body } = await ask(haproxy.port, `${path}?room_code=${spelling}`);
      expect([path, status, headers['content-type']]).toEqual([path, 400, 'application/json']);
      expect(JSON.parse(body)).toMatchObject({ error: { code: 'BAD_ROOM_CODE', retry: false } });
    }
    expect((await ask(haproxy.port, `/api/rooms?room_code=${spelling}`, { method: 'POST' })).status).toBe(400);
  });

  test.each([
    ['POST', '/api/rooms', 200],
    ['POST', '/api/reconnect', 200],
    ['GET', '/', 200],
    ['GET', '/?room_code=nonsense', 200],
    ['GET', '/assets/app.js', 200],
    ['GET', '/favicon.ico', 200],
    ['GET', '/ws', 400],
    ['GET', '/api/rooms', 200],
    ['PUT', '/api/rooms', 400],
    ['GET', '/api/room', 400],
    ['POST', '/api/room/commands', 400],
    ['POST', '/api/rooms?room%5fcode=7KQ2M9XZ', 400],
  ])('%s %s without a code is answered %i', async (method, path, status) => {
    expect((await ask(haproxy.port, path, { method })).status).toBe(status);
  });
});

test.each([
  '?x?room_code=7KQ2M9XZ',
  '?x?room_code=7KQ2M9XZ&room_code=00000000',
  '?x;room_code=7KQ2M9XZ',
  '?#&room_code=7KQ2M9XZ',
])('%s names no room: instances read it differently', async (query) => {
  expect((await ask(haproxy.port, `/api/room${query}`)).status).toBe(400);
});

describe('what players cannot reach', () => {
  test.each([
    '/health',
    '/livez',
    '/status',
    '/metrics',
    '//metrics',
    '/api/../metrics',
    '/api/%2e%2e/metrics',
    '/assets/../health',
    '/assets/./x',
    '/api',
    '/api/',
    '/metrics?room_code=7KQ2M9XZ',
    '*',
  ])('%s', async (path) => {
    const { status, body } = await ask(haproxy.port, path);
    expect([status, body]).toEqual([404, expect.stringContaining('"NOT_FOUND"')]);
  });
});

test('instances see what HAProxy says of a request, not what the client says', async () => {
  const { headers, body } = await ask(haproxy.port, '/api/room?room_code=7kq2-m9xz', {
    headers: {
      'X-Room-Code': '00000000',
      'X-Hokm-Forwarded': 'secret',
      'X-Forwarded-For': '1.2.3.4',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil',
      Forwarded: 'for=1.2.3.4',
      'X-Real-IP': '1.2.3.4',
    },
  });
  const seen = (JSON.parse(body) as { headers: Record<string, string> }).headers;
  expect(seen).toMatchObject({
    'x-room-code': '7KQ2M9XZ',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
  });
  for (const name of ['x-hokm-forwarded', 'x-forwarded-host', 'forwarded', 'x-real-ip']) {
    expect(seen).not.toHaveProperty(name);
  }
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
});

test('an absolute address is held against the same list and reaches the instance as a plain one', async () => {
  const headers = { Host: 'players' };
  expect((await ask(haproxy.port, 'http://players/metrics', { headers })).status).toBe(404);
  const { body } = await ask(haproxy.port, 'http://players/api/room?room_code=7KQ2M9XZ', { headers });
  expect(JSON.parse(body)).toMatchObject({ url: '/api/room?room_code=7KQ2M9XZ' });
});

test('Connection: keep-alive, Upgrade opens a socket', async () => {
  const { socket } = await enter(haproxy.port, '7KQ2M9XZ', { Connection: 'keep-alive, Upgrade' });
  socket.terminate();
});

test('its health is told at an address of its own', async () => {
  expect(JSON.parse((await ask(haproxy.port, '/haproxy-health')).body)).toEqual({ status: 'ok', instances: 1 });
});

describe('operators', () => {
  const auth = (user: string, password: string) => ({
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
  });

  test.each(['/', '/metrics', '/anything'])('%s needs the password', async (path) => {
    expect((await ask(haproxy.opsPort, path)).status).toBe(401);
    expect((await ask(haproxy.opsPort, path, auth('operator', 'wrong'))).status).toBe(401);
    expect((await ask(haproxy.opsPort, path, auth('operator', ''))).status).toBe(401);
    expect((await ask(haproxy.opsPort, path, auth('', ''))).status).toBe(401);
    expect((await ask(haproxy.opsPort, path, auth('operator', 'a "quoted" $ecret'))).status).toBe(200);
  });

  test('the metrics name the servers, the page changes nothing', async () => {
    const right = auth('operator', 'a "quoted" $ecret');
    expect((await ask(haproxy.opsPort, '/metrics', right)).body).toContain(`server="${instance.id}"`);
    expect((await ask(haproxy.opsPort, '/', right)).body).not.toContain('type="checkbox"');
  });

  test('the admin socket is for its owner alone', () => {
    expect(statSync(haproxy.socket).mode & 0o777).toBe(0o600);
  });

  test('guesses of the password wait; who knows it does not, at the same address', async () => {
    const guesses = Array.from({ length: 40 }, async (_, guess) => {
      const since = performance.now();
      const { status } = await ask(haproxy.opsPort, '/', auth('operator', `guess ${guess}`));
      return { status, waited: performance.now() - since > 1_900 };
    });
    const answers = await Promise.all(guesses);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(answers.filter(({ waited }) => waited).length).toBeGreaterThanOrEqual(10);
    const since = performance.now();
    expect((await ask(haproxy.opsPort, '/', auth('operator', 'a "quoted" $ecret'))).status).toBe(200);
    expect(performance.now() - since).toBeLessThan(1_500);
    expect((await ask(haproxy.opsPort, '/', auth('operator', 'wrong'))).headers['www-authenticate']).toMatch(/^Basic/);
  });
});

test.each([
  ['STATS_PASSWORD', ''],
  ['STATS_PASSWORD', undefined],
  ['STATS_USER', ''],
  ['STATS_USER', undefined],
])('it does not start with %s = %s', async (name, value) => {
  const folder = await temporaryFolder();
  const environment: Record<string, string | undefined> = {
    ...process.env,
    ...(await haproxyEnvironment(folder.path)),
  };
  environment[name] = value;
  if (value === undefined) delete environment[name];
  const child = spawn('haproxy', ['-W', '-db', '-f', CONFIG_FILE, '-f', BACKEND_FILE], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said += String(data);
  });
  const [code] = await once(child, 'close');
  await folder.remove();
  expect(code).not.toBe(0);
  expect(said).toMatch(/ALERT.*STATS_USER and STATS_PASSWORD must be set and not empty/);
});

test('without instances players are told what to do', async () => {
  const empty = await startHAProxy();
  const page = await ask(empty.port, '/');
  expect(page).toMatchObject({
    status: 503,
    headers: { 'content-type': 'text/html; charset=utf-8', 'retry-after': '3' },
  });
  expect(page.body).toContain('tries again by itself');
  const api = await ask(empty.port, '/api/room?room_code=7KQ2M9XZ');
  expect(api).toMatchObject({ status: 503, headers: { 'retry-after': '3' } });
  expect(JSON.parse(api.body)).toMatchObject({ error: { code: 'OWNER_UNREACHABLE', retry: true } });
  await empty.stop();
});

test('what HAProxy answers itself has the shape and the codes of the API', () => {
  const bodies = [
    ...[CONFIG_FILE, BACKEND_FILE]
      .map((file) => readFileSync(file, 'utf8'))
      .join('')
      .matchAll(/status (\d+) content-type application\/json( hdr Retry-After \d+)? string '(.*?)'(?: if|$)/gm),
  ];
  expect(bodies.length).toBeGreaterThanOrEqual(10);
  /** How an instance fails is told by the status too. */
  const own: Record<string, readonly number[]> = { OWNER_UNREACHABLE: [502, 504] };
  for (const [, status, retryAfter, text = ''] of bodies) {
    const { error } = JSON.parse(text) as { error: { code: ErrorCode; message: string; retry: boolean } };
    const { http, retry } = errors[error.code];
    expect([http, ...(own[error.code] ?? [])]).toContain(Number(status));
    expect([text, error.retry, retryAfter !== undefined]).toEqual([text, retry, retry]);
    expect(Object.keys(error)).toEqual(['code', 'message', 'retry']);
  }
});
