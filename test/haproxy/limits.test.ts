/** What one address may have and do. Each limit has a HAProxy of its own, so that none is reached by another's test. */
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { newRoomCode } from '../../src/cluster/new-ids.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import {
  type Answer,
  ask,
  type EchoInstance,
  enter,
  type Joined,
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

async function limited(settings: Record<string, string> = {}): Promise<TestHAProxy> {
  const haproxy = await startHAProxy({ HAPROXY_LIMIT_LOOPBACK: '1', ...settings });
  running.push(haproxy);
  await haproxy.api.add({ name: instance.id, number: 1, address: '127.0.0.1', port: instance.port, weight: 1 });
  await haproxy.api.setState(instance.id, 'ready');
  return haproxy;
}

function refused({ status, headers, body }: Answer, retryAfter: string): void {
  expect([status, headers['retry-after'], headers['content-type']]).toEqual([429, retryAfter, 'application/json']);
  expect(JSON.parse(body)).toEqual({
    error: { code: 'RATE_LIMITED', message: expect.stringMatching(/your address/), retry: true },
  });
}

/** The answer to an upgrade that is refused. */
const knock = (port: number) =>
  ask(port, `/ws?room_code=${newRoomCode()}`, {
    headers: {
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  });

test.each([
  ['40 sockets, as it comes', {}, 40],
  ['3 sockets, as set', { HAPROXY_MAX_SOCKETS_PER_IP: '3' }, 3],
])('%s', async (_, settings, most) => {
  const { port } = await limited(settings);
  const open: (Joined | undefined)[] = await Promise.all(
    Array.from({ length: most }, () => enter(port, newRoomCode())),
  );
  refused(await knock(port), '30');
  open[0]?.socket.close();
  await until('its place is free again', async () => {
    open[0] = await enter(port, newRoomCode()).catch(() => undefined);
    return open[0] !== undefined;
  });
  for (const joined of open) joined?.socket.terminate();
});

/** An event stream over HTTP/2; its status, once it is answered. */
function follow(session: ClientHttp2Session) {
  const stream = session.request({
    ':path': `/api/room/events?room_code=${newRoomCode()}`,
    accept: 'text/event-stream',
  });
  stream.resume();
  stream.on('error', () => undefined);
  const answered = new Promise<unknown[]>((resolve) =>
    stream.once('response', (headers) => resolve([headers[':status'], headers['retry-after']])),
  );
  return { stream, answered };
}

test('event streams count with sockets, each by itself, over HTTP/2 too', async () => {
  const { port } = await limited({ HAPROXY_MAX_SOCKETS_PER_IP: '3' });
  const joined = await enter(port, newRoomCode());
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const streams = [follow(session), follow(session)];
  expect(await Promise.all(streams.map(({ answered }) => answered))).toEqual(streams.map(() => [200, undefined]));
  expect(await follow(session).answered).toEqual([429, '30']);
  refused(
    await ask(port, `/api/room/events?room_code=${newRoomCode()}`, { headers: { accept: 'text/event-stream' } }),
    '30',
  );
  refused(await knock(port), '30');
  // Who only reads the log is no follower.
  expect(await ask(port, `/api/room/events?room_code=${newRoomCode()}`)).toMatchObject({ status: 200 });
  streams[0]?.stream.close();
  await until('its place is free again', async () => (await follow(session).answered)[0] === 200);
  session.destroy();
  joined.socket.terminate();
});

test('requests', async () => {
  const { port } = await limited({ HAPROXY_MAX_REQUESTS_PER_IP: '20' });
  const answers = [];
  for (let at = 0; at < 22; at++) answers.push(await ask(port, '/'));
  expect(answers.slice(0, 20).map(({ status }) => status)).toEqual(Array(20).fill(200));
  refused(answers[21] ?? (await ask(port, '/')), '10');
});

test('new rooms', async () => {
  const { port } = await limited({ HAPROXY_MAX_ROOMS_PER_IP: '2' });
  const create = () => ask(port, '/api/rooms', { method: 'POST' });
  expect([(await create()).status, (await create()).status]).toEqual([200, 200]);
  refused(await create(), '60');
  expect((await ask(port, '/')).status).toBe(200);
});

/** Half requests of this address; `cut` counts those that were closed. */
function halfRequests(port: number, count: number): { sockets: Socket[]; cut: () => number } {
  let cut = 0;
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: '));
    socket.on('error', () => undefined).resume();
    socket.once('close', () => cut++);
    return socket;
  });
  return { sockets, cut: () => cut };
}

test('connections that bring no request, while those who play are served', async () => {
  const { port } = await limited({ HAPROXY_MAX_HALF_OPEN_PER_IP: '6', HAPROXY_REQUEST_SECONDS: '3' });
  // Sockets in use do not count; while they open they do, so one after the other.
  const players: Joined[] = [];
  while (players.length < 8) players.push(await enter(port, newRoomCode()));
  const { sockets, cut } = halfRequests(port, 20);
  await until('those above the limit are cut', () => cut() >= 14);
  expect(cut()).toBe(14);
  const { socket } = players[0] ?? {};
  socket?.send('still there');
  expect(String((await once(socket as NonNullable<typeof socket>, 'message'))[0])).toBe('still there');
  await until('the others are cut when their time is up', () => cut() === 20);
  await until('there is room again', () => ask(port, '/').catch(() => undefined));
  for (const half of sockets) half.destroy();
  for (const joined of players) joined.socket.terminate();
});

test('a half request that ends too late is told so', async () => {
  const { port } = await limited({ HAPROXY_REQUEST_SECONDS: '1' });
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: '));
  let said = '';
  socket.on('data', (data) => {
    said += String(data);
  });
  await once(socket, 'close');
  expect(said).toMatch(/^HTTP\/1\.1 408 /);
});

test('all connections', async () => {
  const { port } = await limited({ HAPROXY_MAX_CONNECTIONS_PER_IP: '8' });
  const players = await Promise.all(Array.from({ length: 3 }, () => enter(port, newRoomCode())));
  const { sockets, cut } = halfRequests(port, 10);
  await until('the connections over the limit are refused', () => cut() === 5);
  await expect(ask(port, '/')).rejects.toThrow();
  for (const socket of sockets) socket.destroy();
  for (const { socket } of players) socket.terminate();
  await until('there is room again', () => ask(port, '/haproxy-health').catch(() => undefined));
});

test('1000 half requests of this host hold up nobody who comes from elsewhere', async () => {
  // The limits are those of an address; 127.0.0.2 is another one.
  const { port } = await limited();
  const { sockets, cut } = halfRequests(port, 1_000);
  await until('most are cut at once', () => cut() >= 800);
  const answer = await ask(port, '/', { localAddress: '127.0.0.2' });
  expect(answer.status).toBe(200);
  for (const socket of sockets) socket.destroy();
});

/** Sends `text` on a connection of its own. @returns what came back; nothing where the connection was closed unread */
const send = (port: number, text: string, localAddress = '127.0.0.1') =>
  new Promise<string>((resolve) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () => socket.write(text));
    socket.on('data', (data) => {
      answer += String(data);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });

test('malformed requests count for their address: after 20, as set, its connections are closed unread and write no log', async () => {
  const haproxy = await limited({ HAPROXY_MAX_ERRORS_PER_IP: '20' });
  let log = '';
  haproxy.process.stdout?.on('data', (data) => {
    log += String(data);
  });
  const answers: string[] = [];
  for (let at = 0; at < 200; at++) answers.push(await send(haproxy.port, 'NONSENSE\r\n\r\n'));
  const refusals = answers.filter((answer) => answer.startsWith('HTTP/1.1 400'));
  expect(refusals.length).toBeGreaterThanOrEqual(20);
  expect(refusals.length).toBeLessThan(25);
  expect(answers.filter((answer) => answer === '')).toHaveLength(200 - refusals.length);
  expect(log.match(/<BADREQ>/g)?.length).toBe(refusals.length);
  // Another address is listened to.
  const other = await ask(haproxy.port, '/haproxy-health', { localAddress: '127.0.0.2' });
  expect(other.status).toBe(200);
}, 20_000);

test('new connections of an address are bounded, whatever they bring', async () => {
  const haproxy = await limited({ HAPROXY_MAX_NEW_CONNECTIONS_PER_IP: '30' });
  const answers: string[] = [];
  for (let at = 0; at < 40; at++) {
    answers.push(await send(haproxy.port, 'GET /haproxy-health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
  }
  expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 200'))).toHaveLength(30);
});
