/** Who may see what an instance tells operators, and under which address it sends players to their table. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRoom, startInstance, type TestInstance } from '../support/cluster.js';
import { end, startRedis, type TestRedis } from '../support/programs.js';

const TOKEN = 'token-of-the-operators';

let redis: TestRedis;
let strict: TestInstance;
let open: TestInstance;
let tokenless: TestInstance;
beforeAll(async () => {
  redis = await startRedis();
  [strict, open, tokenless] = await Promise.all([
    startInstance(redis.url, {
      HOKM_OPS_NETWORKS: '',
      HOKM_OPS_TOKEN: TOKEN,
      HOKM_OPS_HOSTS: 'game-1.internal',
      HOKM_PUBLIC_URL: 'https://hokm.example/',
    }),
    startInstance(redis.url, { HOKM_OPS_NETWORKS: '127.0.0.0/8', HOKM_OPS_TOKEN: TOKEN }),
    startInstance(redis.url, { HOKM_OPS_NETWORKS: '' }),
  ]);
});
afterAll(async () => {
  await Promise.all([strict, open, tokenless].map((instance) => end(instance.process)));
  await redis.stop();
});

const ask = ({ port }: TestInstance, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (data) => {
        body += String(data);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end(method === 'POST' ? '{}' : undefined);
  });
const statusOf = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test.each(['/status', '/status?room_code=7KQ2M9XZ', '/metrics'])(
  '%s needs the token, on loopback too',
  async (path) => {
    expect(await statusOf(strict, path)).toBe(401);
    expect(await statusOf(strict, path, bearer('token-of-the-operator'))).toBe(401);
    expect(await statusOf(strict, path, { authorization: TOKEN })).toBe(401);
    expect(await statusOf(strict, path, bearer(TOKEN))).toBe(200);
    expect(await statusOf(tokenless, path)).toBe(401);
    expect(await statusOf(tokenless, path, bearer('undefined'))).toBe(401);
    expect(await statusOf(open, path)).toBe(200);
  },
);

test('a page that has its name point to this host reads no room codes', async () => {
  const room = await createRoom(`http://127.0.0.1:${open.port}`);
  for (const host of [
    'evil.example',
    `evil.example:${open.port}`,
    '127.0.0.1.evil.example',
    'localhost.evil.example',
  ]) {
    for (const path of ['/status', `/status?room_code=${room}`, '/metrics']) {
      const { status, body } = await ask(open, path, { host });
      expect([host, path, status, body.includes(room)]).toEqual([host, path, 401, false]);
    }
  }
  const own = ['127.0.0.1', `localhost:${open.port}`, 'LOCALHOST', `[::1]:${open.port}`];
  for (const host of own) expect([host, await statusOf(open, '/status', { host })]).toEqual([host, 200]);
});

test('names under which operators ask are told, and need the token all the same', async () => {
  expect(await statusOf(strict, '/status', { host: 'game-1.internal:80', ...bearer(TOKEN) })).toBe(200);
  expect(await statusOf(strict, '/status', { host: 'game-1.internal:80' })).toBe(401);
  expect(await statusOf(strict, '/status', { host: 'game-2.internal', ...bearer(TOKEN) })).toBe(401);
});

test('HAProxy and the other instances are answered without a token, and hear of no room', async () => {
  for (const path of ['/health', '/livez']) {
    const { status, body } = await ask(strict, path, { host: 'haproxy' });
    expect([path, status]).toEqual([path, 200]);
    expect(Object.keys(JSON.parse(body) as object)).not.toContain('rooms');
  }
});

test("tables are found under the cluster's own address where it has one, else under the one that players came by", async () => {
  const told = async (instance: TestInstance, headers: Record<string, string>) => {
    const answer = JSON.parse((await ask(instance, '/api/rooms', headers, 'POST')).body) as Record<string, string>;
    return [answer.ws_url, answer.play_url].map((url) => url?.replace(answer.room_code ?? '', 'CODE'));
  };
  expect(await told(strict, { host: 'inner:8080' })).toEqual([
    'wss://hokm.example/ws?room_code=CODE',
    'https://hokm.example/?room_code=CODE',
  ]);
  expect(await told(open, { host: 'table.example', 'x-forwarded-proto': 'https' })).toEqual([
    'wss://table.example/ws?room_code=CODE',
    'https://table.example/?room_code=CODE',
  ]);
  expect(await told(open, { host: '[::1]:8080' })).toEqual([
    'ws://[::1]:8080/ws?room_code=CODE',
    'http://[::1]:8080/?room_code=CODE',
  ]);
});

test("a page of the cluster's own address may connect", async () => {
  const room = await createRoom(`http://127.0.0.1:${strict.port}`);
  const knock = (origin: string) =>
    new Promise<number>((resolve) => {
      const sent = request({
        host: '127.0.0.1',
        port: strict.port,
        path: `/ws?room_code=${room}`,
        headers: {
          origin,
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        },
      });
      sent.on('upgrade', (response, socket) => {
        socket.destroy();
        resolve(response.statusCode ?? 0);
      });
      sent.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.end();
    });
  expect([await knock('https://hokm.example'), await knock('https://evil.example')]).toEqual([101, 403]);
});
