/** Every socket is pinged once in a round, however many there are; who leaves a ping unanswered is cut off. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { createRoom, startCluster, type TestCluster } from '../support/cluster.js';
import { until } from '../support/programs.js';

const ROUND_MS = 400;
/** More than the parts of a round, and no multiple of them. */
const SOCKETS = 70;
const ROUNDS = 3;

let cluster: TestCluster;
let url = '';

beforeAll(async () => {
  cluster = await startCluster(1, { HOKM_PING_MS: String(ROUND_MS) });
  const base = `http://127.0.0.1:${cluster.instances[0]?.port}`;
  url = `${base.replace('http', 'ws')}/ws?room_code=${await createRoom(base)}`;
});
afterAll(() => cluster.stop());

async function dial(autoPong = true): Promise<{ socket: WebSocket; pings: string[] }> {
  const socket = new WebSocket(url, { autoPong });
  const pings: string[] = [];
  socket.on('ping', (data) => pings.push(data.toString()));
  await once(socket, 'open');
  return { socket, pings };
}

test('all get as many pings, but for the round that is on', async () => {
  const dialled = await Promise.all(Array.from({ length: SOCKETS }, () => dial()));
  try {
    await until('the last round', () => dialled.every(({ pings }) => pings.length >= ROUNDS));
    const counts = dialled.map(({ pings }) => pings.length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    expect(new Set(dialled.flatMap(({ pings }) => pings))).toEqual(new Set(['']));
    expect(dialled.every(({ socket }) => socket.readyState === WebSocket.OPEN)).toBe(true);
  } finally {
    for (const { socket } of dialled) socket.terminate();
  }
});

test('one ping unanswered is the last', async () => {
  const { socket, pings } = await dial(false);
  const [code] = await once(socket, 'close');
  expect([code, pings.length]).toEqual([1006, 1]);
});
