/** Redis is emptied, or restored from a backup, while rooms are played: what is missing comes back, and nobody is told before that it is gone. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { hashToken } from '../../src/edge/player-socket.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { backUp } from '../support/backup.js';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

let cluster: TestCluster;
let redis: RedisConnection;
beforeAll(async () => {
  cluster = await startCluster(2);
  redis = await connectToRedis(cluster.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

const at = (place: number) => {
  const instance = cluster.instances[place];
  if (!instance) throw new Error('no such instance');
  return instance;
};

interface Joined {
  readonly socket: WebSocket;
  /** Undefined when the connection was closed first, with `code`. */
  readonly seat?: number;
  readonly code?: number;
}

function join(place: number, room: string, hello: object): Promise<Joined> {
  const socket = new WebSocket(`${at(place).url}?room_code=${room}`);
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', (code) => resolve({ socket, code }));
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'hello', v: 1, client_id: 'client-of-sara', ...hello })),
    );
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data));
      if (frame.type === 'welcome') resolve({ socket, seat: frame.seat });
    });
  });
}

async function ask(place: number, path: string, body?: object): Promise<number> {
  const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const response = await fetch(`http://127.0.0.1:${at(place).port}${path}`, init);
  await response.arrayBuffer();
  return response.status;
}

/** All answers until it is `wanted`. */
async function answersUntil<T>(wanted: T, question: () => Promise<T>): Promise<Set<T>> {
  const answers = new Set<T>();
  await until(`${wanted}`, async () => answers.add(await question()).has(wanted));
  return answers;
}

/** Comes back through the other instance with the token until it is welcomed: the codes with which it was closed before. */
async function comeBack(room: string, token: string): Promise<number[]> {
  const codes: number[] = [];
  await until('Sara is back at her seat', async () => {
    const { socket, seat, code } = await join(1, room, { token });
    socket.terminate();
    if (code !== undefined) codes.push(code);
    return seat === 0;
  });
  return codes;
}

/** An older token, which does not name its room. */
const tokenOf = (test: number) => `${test}`.repeat(28);
const FINAL = [4401, 4404];

test('a Redis that was emptied: rooms and seats are found again, and meanwhile everybody is told to try again', async () => {
  const [room, token] = [await cluster.createRoom(), tokenOf(1)];
  const sara = await join(0, room, { name: 'Sara', proposed_token: token });
  expect(sara.seat).toBe(0);
  const noted = () => redis.get(KEYS.seat(hashToken(token)));
  await until('her seat is noted', async () => (await noted()) !== null);
  await redis.flushall();
  const [shown, found, closed] = await Promise.all([
    answersUntil(200, () => ask(1, `/api/room?room_code=${room}`)),
    answersUntil(200, () => ask(1, '/api/reconnect', { token })),
    comeBack(room, token),
  ]);
  expect([...shown, ...found].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect(closed.filter((code) => FINAL.includes(code))).toEqual([]);
  await until('her seat is noted again', async () => (await noted()) === `${room}:0`);
  sara.socket.terminate();
});

test('what nobody has is final in the end', async () => {
  await redis.flushall();
  const answers = await answersUntil(404, () => ask(1, '/api/room?room_code=N0SVCH00'));
  expect([...answers]).toEqual([503, 404]);
});

test('a Redis that was restored from a backup in which a room is new: whoever plays it keeps it, and so do its players', async () => {
  const [room, token] = [await cluster.createRoom(), tokenOf(2)];
  await until('heartbeats have gone on', async () => (await redis.get(KEYS.mark(at(0).id))) !== null);
  const restore = await backUp(redis);
  const sara = await join(0, room, { name: 'Sara', proposed_token: token });
  expect(sara.seat).toBe(0);
  const marks = () => Promise.all([0, 1].map(async (one) => Number(await redis.get(KEYS.mark(at(one).id)))));
  const before = await marks();
  await until('a heartbeat of each later', async () => (await marks()).every((mark, one) => mark > (before[one] ?? 0)));
  await restore();
  const [shown, closed] = await Promise.all([
    answersUntil(200, () => ask(1, '/api/reconnect', { token })),
    comeBack(room, token),
  ]);
  expect([...shown].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect(closed.filter((code) => FINAL.includes(code))).toEqual([]);
  expect(await redis.hget(KEYS.roomMeta(room), 'owner')).toBe(at(0).id);
  sara.socket.terminate();
});
