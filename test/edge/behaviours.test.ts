/** Whatever a client does with its connection, on any route and at any moment, ends at most that connection. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRoom, startCluster, type TestCluster, type TestInstance } from '../support/cluster.js';
import { until } from '../support/programs.js';
import { Player } from './player.js';
import { bytes, HANDSHAKE, requestOf } from './raw.js';

let cluster: TestCluster;
let other: TestInstance;
let healthy: Player;

beforeAll(async () => {
  cluster = await startCluster(1);
  const [only] = cluster.instances;
  if (!only) throw new Error('no instance');
  other = only;
  healthy = await Player.join(other.url, await createRoom(`http://127.0.0.1:${other.port}`));
});
afterAll(() => cluster.stop());

const HELLO = JSON.stringify({ type: 'hello', v: 1, client_id: 'a-client-that-behaves', spectate: true });

function requests(room: string, token: string): readonly string[] {
  const get = (path: string, ...lines: string[]) => requestOf(['Host: localhost', ...lines], `GET ${path} HTTP/1.1`);
  const post = (path: string, body: object, ...lines: string[]) => {
    const text = JSON.stringify(body);
    const head = requestOf(['Host: localhost', `Content-Length: ${text.length}`, ...lines], `POST ${path} HTTP/1.1`);
    return head + text;
  };
  const of = `room_code=${room}`;
  const command = { id: '7-behave', command: { type: 'swap_seats', seat: null } };
  return [
    get('/'),
    get('/api/rooms'),
    post('/api/rooms', {}),
    get(`/api/room?${of}`),
    get(`/api/room/events?${of}`),
    get(`/api/room/events?${of}`, 'Accept: text/event-stream'),
    post('/api/reconnect', { token }),
    post(`/api/room/commands?${of}`, command, `Authorization: Bearer ${token}`),
    get('/health'),
    get('/livez'),
    get(`/status?${of}`),
    get('/metrics'),
    requestOf(HANDSHAKE, `GET /ws?${of} HTTP/1.1`),
    requestOf(HANDSHAKE, `GET /ws?${of} HTTP/1.1`) + bytes(1, Buffer.from(HELLO)).toString('latin1'),
  ];
}

const BEHAVIOURS: Readonly<Record<string, (socket: Socket, request: string) => void>> = {
  'reads nothing': (socket, request) => {
    socket.pause();
    socket.write(request, 'latin1');
  },
  'resets at once': (socket, request) => {
    socket.write(request, 'latin1', () => socket.resetAndDestroy());
  },
  'resets in the middle of the answer': (socket, request) => {
    socket.once('data', () => socket.resetAndDestroy());
    socket.write(request, 'latin1');
  },
  'has nothing more to say': (socket, request) => {
    socket.end(request, 'latin1');
  },
  'ends in the middle of the request': (socket, request) => {
    socket.end(request.slice(0, request.length / 2), 'latin1');
  },
  'resets in the middle of the request': (socket, request) => {
    socket.write(request.slice(0, request.length / 2), 'latin1', () => socket.resetAndDestroy());
  },
  'sends byte by byte': (socket, request) => {
    socket.setNoDelay(true);
    const rest = [...request];
    const next = () => {
      const byte = rest.shift();
      if (byte !== undefined && !socket.destroyed) socket.write(byte, 'latin1', next);
    };
    next();
  },
  'asks twenty times at once and reads nothing': (socket, request) => {
    socket.pause();
    socket.write(request.repeat(20), 'latin1');
  },
  'asks twenty times at once and resets': (socket, request) => {
    socket.once('data', () => socket.resetAndDestroy());
    socket.write(request.repeat(20), 'latin1');
  },
};

/** Everybody behaves as they do, on every route; resolves when all have been let in. */
async function allBehave(port: number, room: string, token: string): Promise<Socket[]> {
  const sockets = requests(room, token).flatMap((request) =>
    Object.values(BEHAVIOURS).map((behave) => {
      const socket = connect(port, '127.0.0.1', () => behave(socket, request));
      socket.on('error', () => undefined);
      return socket;
    }),
  );
  await until('all are let in', () => sockets.every(({ connecting }) => !connecting));
  return sockets;
}

/** The other room goes on. */
async function plays(): Promise<void> {
  expect(await healthy.ask({ type: 'swap_seats', seat: null })).toMatchObject({ type: 'ack' });
}

test('in a room that is played, while Redis is away, and when the room moves', async () => {
  const instance = await cluster.add();
  const base = `http://127.0.0.1:${instance.port}`;
  const room = await createRoom(base);
  const player = await Player.join(instance.url, room);
  const sockets = await allBehave(instance.port, room, player.token);
  await plays();

  cluster.redis.process.kill('SIGSTOP');
  sockets.push(...(await allBehave(instance.port, room, player.token)));
  cluster.redis.process.kill('SIGCONT');
  await plays();
  expect((await fetch(`${base}/livez`)).status).toBe(200);

  const ended = once(instance.process, 'exit');
  sockets.push(...(await allBehave(instance.port, room, player.token)));
  instance.process.kill('SIGTERM');
  // An error that nobody catches would make it 1.
  expect(await ended).toEqual([0, null]);
  await plays();
  for (const socket of sockets) socket.destroy();

  // The room is played here now, without any of those who have left.
  const back = await Player.join(other.url, room, { client_id: player.clientId, token: player.token });
  await until('nobody else is there', () => {
    const presence = back.frames.findLast((frame) => frame.type === 'presence' || frame.type === 'welcome');
    if (presence?.type === 'welcome') return presence.presence.spectators === 0;
    return presence?.type === 'presence' && presence.spectators === 0;
  });
});
