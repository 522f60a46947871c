/** Every wrong HTTP request and handshake has one clear answer, and changes nothing for anybody. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { startCluster, type TestCluster, type TestInstance, untilCertain } from '../support/cluster.js';
import { type CalmRoom, openCalmRoom } from './calm-room.js';
import { Player } from './player.js';
import { Raw } from './raw.js';

let cluster: TestCluster;
let instance: TestInstance;
let base: string;
let room: CalmRoom;
/** Waits for its timeout: it is begun first and looked at last. */
let halfRequest: Raw;

beforeAll(async () => {
  cluster = await startCluster(1);
  const [only] = cluster.instances;
  if (!only) throw new Error('no instance');
  instance = only;
  await untilCertain(instance);
  base = `http://127.0.0.1:${instance.port}`;
  halfRequest = new Raw(instance.port, 'POST /api/rooms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n');
  room = await openCalmRoom(instance);
});
afterAll(() => cluster.stop());

async function refusedUpgrade(path: string, headers: Record<string, string> = {}): Promise<[number, unknown]> {
  const socket = new WebSocket(`ws://127.0.0.1:${instance.port}${path}`, { headers });
  return new Promise((resolve, reject) => {
    socket.on('error', () => undefined);
    socket.on('open', () => reject(new Error('the upgrade was taken')));
    socket.on('unexpected-response', (_, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += String(chunk);
      });
      response.on('end', () => resolve([response.statusCode ?? 0, JSON.parse(body)]));
    });
  });
}

test.each<[path: string, status: number, code: string]>([
  ['/ws', 400, 'BAD_ROOM_CODE'],
  ['/ws?room_code=', 400, 'BAD_ROOM_CODE'],
  ['/ws?room_code=7KQ2M9X', 400, 'BAD_ROOM_CODE'],
  ['/ws?room_code=7KQ2M9XU', 400, 'BAD_ROOM_CODE'],
  ['/ws?room_code=7KQ2M9XZ&room_code=7KQ2M9XZ', 400, 'BAD_ROOM_CODE'],
  ['/ws?room_code=%00%0d%0a', 400, 'BAD_ROOM_CODE'],
  [`/ws?room_code=${'-'.repeat(33)}`, 400, 'BAD_ROOM_CODE'],
  ['/other?room_code=7KQ2M9XZ', 404, 'NOT_FOUND'],
  ['//', 400, 'BAD_REQUEST'],
])('a refused handshake: %s', async (path, status, code) => {
  expect(await refusedUpgrade(path)).toMatchObject([status, { error: { code, retry: false } }]);
});

test.each(['https://evil.example', 'null', 'http://127.0.0.1:1', 'not an origin'])(
  'a page of a foreign origin cannot connect: %s',
  async (origin) => {
    const answer = await refusedUpgrade(`/ws?room_code=${room.code}`, { origin });
    expect(answer).toMatchObject([403, { error: { code: 'ORIGIN_REFUSED' } }]);
  },
);

test("the page's own origin, and a code as people write it, can", async () => {
  const written = `${room.code.slice(0, 4)}-${room.code.slice(4).toLowerCase()}`;
  await (await Player.join(instance.url, written, { spectate: true }, { origin: base })).drop();
});

test.each<[name: string, path: () => string, init: () => RequestInit, status: number, code: string]>([
  ['a wrong path', () => '/api/nothing', () => ({}), 404, 'NOT_FOUND'],
  ['a path that every object has', () => '/constructor', () => ({}), 404, 'NOT_FOUND'],
  ['a wrong method', () => '/api/reconnect', () => ({ method: 'GET' }), 405, 'METHOD_NOT_ALLOWED'],
  ['a body that is not JSON', () => '/api/rooms', () => ({ method: 'POST', body: '{' }), 400, 'BAD_REQUEST'],
  ['a body that is no object', () => '/api/rooms', () => ({ method: 'POST', body: '[]' }), 400, 'BAD_OPTIONS'],
  ['a body too large', () => '/api/rooms', () => ({ method: 'POST', body: 'x'.repeat(4_097) }), 413, 'FRAME_TOO_LARGE'],
  ['a huge body', () => '/api/rooms', () => ({ method: 'POST', body: 'x'.repeat(300_000) }), 413, 'FRAME_TOO_LARGE'],
  ['an unknown game', () => '/api/rooms', () => post({ game: 'chess' }), 400, 'BAD_OPTIONS'],
  ['an unknown option', () => '/api/rooms', () => post({ options: { jokers: 2 } }), 400, 'BAD_OPTIONS'],
  ['an option out of range', () => '/api/rooms', () => post({ options: { target_points: 99 } }), 400, 'BAD_OPTIONS'],
  ['a turn too short', () => '/api/rooms', () => post({ turn_ms: 1 }), 400, 'BAD_OPTIONS'],
  ['a field too many', () => '/api/rooms', () => post({ cards: ['AS'] }), 400, 'BAD_OPTIONS'],
  ['no room code', () => '/api/room', () => ({}), 400, 'BAD_ROOM_CODE'],
  ['an unknown room', () => '/api/room?room_code=7KQ2M9XZ', () => ({}), 404, 'ROOM_UNAVAILABLE'],
  ['events of an unknown room', () => '/api/room/events?room_code=7KQ2M9XZ', () => ({}), 404, 'ROOM_UNAVAILABLE'],
  ['events after nothing', () => `/api/room/events?room_code=${room.code}&after=x`, () => ({}), 400, 'BAD_REQUEST'],
  ['events after less', () => `/api/room/events?room_code=${room.code}&after=-1`, () => ({}), 400, 'BAD_REQUEST'],
  ['no bearer', commands, () => post({ id: '1-h', command: { type: 'start' } }), 401, 'UNAUTHORIZED'],
  [
    'a wrong bearer',
    commands,
    () => post({ id: '1-h', command: { type: 'start' } }, bearer('wrong')),
    403,
    'NOT_SEATED',
  ],
  [
    'a command without id',
    commands,
    () => post({ command: { type: 'start' } }, bearer(room.host.token)),
    400,
    'BAD_REQUEST',
  ],
  ['a refused command', commands, () => post(start(), bearer(room.guest.token)), 403, 'NOT_HOST'],
])('a refused HTTP call: %s', async (_, path, init, status, code) => {
  await room.changesNothing(async () => {
    const response = await fetch(`${base}${path()}`, init());
    const body = (await response.json()) as { error: { message: string } };
    expect([response.status, body]).toMatchObject([status, { error: { code, retry: false } }]);
    expect(body.error.message).toMatch(/\.$|: |key|expected/);
    if (status === 405) expect(response.headers.get('allow')).toBe('POST');
  });
});

function commands(): string {
  return `/api/room/commands?room_code=${room.code}`;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers };
}

const start = () => ({ id: `1-${randomBytes(4).toString('hex')}`, command: { type: 'start' } });

test.each(['GET // HTTP/1.1\r\n', 'GET http://[ HTTP/1.1\r\n', 'nonsense\r\n', 'GET / HTTP/9.9\r\n'])(
  'a request line that makes no sense: %j',
  async (line) => {
    const answer = await new Raw(instance.port, `${line}Host: localhost\r\nConnection: close\r\n\r\n`).ended();
    expect(answer).toMatch(/^HTTP\/1\.1 (400|505) /);
  },
);

test('half a request is let go after 5 s', async () => {
  expect(await halfRequest.ended()).toMatch(/^HTTP\/1\.1 408 /);
  expect(halfRequest.endedAfter).toBeLessThan(8_000);
});

test('the instance is still the same process', () => {
  expect([instance.process.exitCode, instance.process.signalCode]).toEqual([null, null]);
});
