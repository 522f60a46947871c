/** What HAProxy repeats when an instance breaks off, what it must never repeat, and what an ill instance's players see. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import { ask, enter, startHAProxy, type TestHAProxy } from './support.js';

const ROOM = '7KQ2M9XZ' as RoomCode;
const UPGRADE = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
let haproxy: TestHAProxy;
/** Requests that reached the broken instance. */
let reached: string[];
let breakOff: (request: IncomingMessage) => boolean;
let goodHealth: number;
const servers: Server[] = [];

async function add(name: string, number: number, server: Server): Promise<void> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const id = name as InstanceId;
  await haproxy.api.add({ name: id, number, address: '127.0.0.1', port, weight: 128 });
  await haproxy.api.setState(id, 'ready');
}

beforeAll(async () => {
  goodHealth = 200;
  haproxy = await startHAProxy();
  const broken = createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    if (breakOff(request)) request.socket.destroy();
    else setTimeout(() => response.end('late'), 2_200);
  });
  broken.on('upgrade', (request) => {
    reached.push(`${request.method} ${request.url}`);
    request.socket.destroy();
  });
  const good = createServer((_, response) => response.writeHead(goodHealth).end());
  new WebSocketServer({ server: good, path: '/ws' }).on('connection', (socket: WebSocket) => {
    socket.send(JSON.stringify({ id: 'good', room: ROOM }));
  });
  await add('broken', 1, broken);
  await add('good', 2, good);
  await haproxy.api.enableHealth('good' as InstanceId);
});

beforeEach(async () => {
  reached = [];
  goodHealth = 200;
  breakOff = () => true;
  // A socket that was moved on is learned, the pin still wins.
  await haproxy.api.setPins([[ROOM, 1]]);
});

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await haproxy.stop();
});

test('a WebSocket whose upgrade is cut off opens at another instance, in the same attempt', async () => {
  const { socket, id } = await enter(haproxy.port, ROOM);
  socket.terminate();
  expect([id, reached]).toEqual(['good', [`GET /ws?room_code=${ROOM}`]]);
});

test.each([
  ['POST', `/api/room/commands?room_code=${ROOM}`, {}],
  ['GET', `/api/room?room_code=${ROOM}`, {}],
  // An upgrade somewhere else than at the sockets' address earns no retries.
  ['POST', `/api/room/commands?room_code=${ROOM}`, UPGRADE],
])('%s %s that is cut off is not repeated %j', async (method, path, headers) => {
  const { status, body } = await ask(haproxy.port, path, { method, headers });
  expect([status, reached]).toEqual([502, [`${method} ${path}`]]);
  expect(JSON.parse(body)).toMatchObject({ error: { code: 'OWNER_UNREACHABLE', retry: true } });
});

test('a plain request may take longer than an upgrade, and is sent once', async () => {
  breakOff = () => false;
  const { status, body } = await ask(haproxy.port, `/api/room/events?room_code=${ROOM}`);
  expect([status, body, reached.length]).toEqual([200, 'late', 1]);
});

test('players of an instance that is ill are cut off, so that they come back elsewhere', async () => {
  const { socket } = await enter(haproxy.port, ROOM);
  const closed = once(socket, 'close');
  goodHealth = 500;
  await closed;
  expect(await haproxy.api.servers()).toContainEqual(
    expect.objectContaining({ name: 'good', state: 'ready', up: false }),
  );
});
