/** Whatever a client does with its connection, on any route and at any moment, ends at most that connection. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRoom, startCluster, type TestCluster, type TestInstance } from '../support/cluster.js';
import { until } from '../support/programs.js';
import { Player } from './player.js';
import { asText, BEHAVIOURS, requestsTo } from './routes.js';

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

/** Everybody behaves as they do, on every route; resolves when all have been let in. */
async function allBehave(port: number, room: string, token: string): Promise<Socket[]> {
  const sockets = requestsTo(room, token).flatMap((asked) =>
    Object.values(BEHAVIOURS).map((behave) => {
      const socket = connect(port, '127.0.0.1', () => behave({ stream: socket, tcp: socket }, asText(asked)));
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
