/** TLS at the players' door: what is spoken, what is told to browsers, and what instances make of it. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { InstanceId } from '../../src/protocol/ids.js';
import { startInstance, type TestInstance } from '../support/cluster.js';
import { end, freePort, startRedis, type TestRedis, temporaryFolder, until } from '../support/programs.js';
import { makeCertificates } from '../support/tls.js';
import { type Answer, ask, startHAProxy, type TestHAProxy } from './support.js';

const REQUEST_SECONDS = 2;
const FRIEND = 'https://friend.example';
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let redis: TestRedis;
let haproxy: TestHAProxy;
let instance: TestInstance;
let httpPort: number;
let ca: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  const { authority, certificate, key } = makeCertificates(folder.path);
  ca = readFileSync(authority, 'utf8');
  const pem = join(folder.path, 'players.pem');
  writeFileSync(pem, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  httpPort = await freePort();
  [redis, haproxy] = await Promise.all([
    startRedis(),
    startHAProxy({
      HAPROXY_CERT: pem,
      HAPROXY_HTTP_PORT: String(httpPort),
      HAPROXY_REQUEST_SECONDS: String(REQUEST_SECONDS),
    }),
  ]);
  instance = await startInstance(redis.url, { HOKM_ORIGINS: FRIEND });
  const id = instance.id as InstanceId;
  await haproxy.api.add({ name: id, number: 1, address: '127.0.0.1', port: instance.port, weight: 1 });
  await haproxy.api.setState(id, 'ready');
});
afterAll(async () => {
  await end(instance.process);
  await Promise.all([redis.stop(), haproxy.stop()]);
  await folder.remove();
});

function askTls(path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: haproxy.port, path, method, ca, agent: false }, (response) => {
      let body = '';
      response.on('data', (data) => {
        body += String(data);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

const createRoom = async () =>
  JSON.parse((await askTls('/api/rooms', 'POST')).body) as { room_code: string; ws_url: string; play_url: string };

test.each<[SecureVersion, boolean]>([
  ['TLSv1', false],
  ['TLSv1.1', false],
  ['TLSv1.2', true],
  ['TLSv1.3', true],
])('%s is spoken: %s', async (version, spoken) => {
  const protocol = await new Promise<string | null>((resolve) => {
    const versions = { minVersion: version, maxVersion: version };
    // Without the lower level this side would refuse to try.
    const socket = connectTls({
      host: '127.0.0.1',
      port: haproxy.port,
      ca,
      ciphers: 'DEFAULT@SECLEVEL=0',
      ...versions,
    });
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.once('error', () => resolve(null));
  });
  expect(protocol).toBe(spoken ? version : null);
});

test('browsers are told to insist on TLS, and what pages may do', async () => {
  expect((await askTls('/')).headers).toMatchObject({
    'strict-transport-security': 'max-age=31536000',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': expect.stringContaining('camera=()'),
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
  });
});

test('the plain port only sends on, with path, parameters and method', async () => {
  const path = '/api/room?room_code=7KQ2M9XZ&x=%20';
  for (const [host, seen] of [
    ['players.example', 'players.example'],
    ['Players.Example:80', 'players.example'],
    ['[::1]:8080', '[::1]'],
  ] as const) {
    for (const method of ['GET', 'POST']) {
      const { status, headers } = await ask(httpPort, path, { method, headers: { host } });
      expect([status, headers.location]).toEqual([308, `https://${seen}:${haproxy.port}${path}`]);
      expect(headers).not.toHaveProperty('strict-transport-security');
    }
  }
  for (const host of ['evil.example/x', 'a b', 'user@evil.example']) {
    const { status, headers } = await ask(httpPort, path, { headers: { host } });
    expect([host, status, headers.location]).toEqual([host, 400, undefined]);
  }
  expect((await ask(httpPort, '/metrics', { headers: { host: 'players.example' } })).status).toBe(404);
  expect((await ask(httpPort, '/haproxy-health')).status).toBe(200);
});

test('rooms are told with their secure addresses', async () => {
  const { room_code, ws_url, play_url } = await createRoom();
  expect([ws_url, play_url]).toEqual([
    `wss://127.0.0.1:${haproxy.port}/ws?room_code=${room_code}`,
    `https://127.0.0.1:${haproxy.port}/?room_code=${room_code}`,
  ]);
});

describe('a page may open a socket', () => {
  let code: string;
  beforeAll(async () => {
    code = (await createRoom()).room_code;
  });

  /** 101, or the status of the refusal. */
  const open = (origin: string, host?: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = host === undefined ? {} : { host };
      const socket = new WebSocket(`wss://127.0.0.1:${haproxy.port}/ws?room_code=${code}`, { ca, origin, headers });
      socket.once('open', () => {
        resolve(101);
        socket.terminate();
      });
      socket.once('unexpected-response', (_, { statusCode }) => {
        resolve(statusCode ?? 0);
        socket.terminate();
      });
      socket.once('error', reject);
    });

  test.each<[string, number, string | undefined]>([
    ['https://127.0.0.1:PORT', 101, undefined],
    ['https://127.0.0.1', 403, undefined],
    ['https://127.0.0.1:1', 403, undefined],
    ['http://127.0.0.1:PORT', 403, undefined],
    ['https://localhost:PORT', 403, undefined],
    ['https://players.example', 101, 'players.example'],
    ['https://players.example', 101, 'players.example:443'],
    ['https://players.example', 403, 'players.example:8443'],
    ['https://players.example:8443', 403, 'players.example'],
    ['http://players.example', 403, 'players.example'],
    [FRIEND, 101, undefined],
    ['https://friend.example.evil.example', 403, undefined],
    ['null', 403, undefined],
    ['', 101, undefined],
  ])('of %s: %i, at %s', async (origin, status, host) => {
    expect(await open(origin.replace('PORT', String(haproxy.port)), host)).toBe(status);
  });
});

/** A text frame as clients send it, with a mask of zeros. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), payload]);
}

const said = (stream: ClientHttp2Stream, text: string) =>
  new Promise<string>((resolve, reject) => {
    let all = '';
    stream.on('data', (data) => {
      all += String(data);
      if (all.includes(text)) resolve(all);
    });
    stream.once('error', reject);
    stream.once('close', () => reject(new Error(`closed after ${all}`)));
  });

async function openHttp2(): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://127.0.0.1:${haproxy.port}`, { ca });
  await new Promise((resolve) => session.once('remoteSettings', resolve));
  return session;
}

const openSocket = (session: ClientHttp2Session, room: string) =>
  session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': `/ws?room_code=${room}`,
    'sec-websocket-version': '13',
    origin: `https://127.0.0.1:${haproxy.port}`,
  });

test('several WebSockets run over one HTTP/2 connection, each to its own room', async () => {
  const session = await openHttp2();
  expect([session.alpnProtocol, session.remoteSettings.enableConnectProtocol]).toEqual(['h2', true]);
  const rooms = [(await createRoom()).room_code, (await createRoom()).room_code];
  for (const room of rooms) {
    const stream = openSocket(session, room.toLowerCase());
    const status = await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
    expect(status).toBe(200);
    const welcome = said(stream, '"welcome"');
    stream.write(frame(JSON.stringify({ type: 'hello', v: 1, client_id: `h2-client-${room}` })));
    expect(await welcome).toContain(`"room":"${room}"`);
  }
  session.destroy();
});

test('a handshake that never ends is cut off; who is silent at a table or follows one is not', async () => {
  const { room_code } = await createRoom();
  const silent = new WebSocket(`wss://127.0.0.1:${haproxy.port}/ws?room_code=${room_code}`, { ca });
  await once(silent, 'open');
  const session = await openHttp2();
  const [socket, follower] = [
    openSocket(session, room_code),
    session.request({ ':path': `/api/room/events?room_code=${room_code}`, accept: 'text/event-stream' }),
  ];
  await Promise.all([once(socket, 'response'), once(follower, 'response')]);
  let closed = 0;
  for (const one of [silent, socket, follower]) one.once('close', () => closed++);
  follower.resume();
  socket.write(frame(JSON.stringify({ type: 'hello', v: 1, client_id: 'silent-over-h2' })));
  silent.send(JSON.stringify({ type: 'hello', v: 1, client_id: 'silent-over-tls' }));

  const handshakes = ['', '\x16\x03\x01'].map(async (begun) => {
    const half = connectTcp(haproxy.port, '127.0.0.1', () => half.write(begun));
    half.on('error', () => undefined).resume();
    const since = performance.now();
    await once(half, 'close');
    return performance.now() - since;
  });
  for (const age of await Promise.all(handshakes)) expect(age).toBeLessThan((REQUEST_SECONDS + 1) * 1_000);
  const opened = performance.now();
  await until('they are silent for longer than that', () => performance.now() - opened > REQUEST_SECONDS * 1_000);
  expect(closed).toBe(0);
  silent.terminate();
  session.destroy();
});
