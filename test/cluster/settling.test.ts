/** A failover to a copy that lacks a claim: the store calls a room free that is played. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { RedisConnection } from '../../src/redis/client.js';
import { startCluster, type TestCluster, type TestInstance } from '../support/cluster.js';
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

interface Welcome {
  readonly seat: number;
  readonly epoch: number;
  readonly view: { readonly seats: readonly ({ readonly name: string } | null)[] };
}

/** Joins through `instance`, again when it is sent away as a room that moves sends it. */
async function join(instance: TestInstance | undefined, room: string, name: string) {
  for (;;) {
    const socket = new WebSocket(`${instance?.url}?room_code=${room}`);
    const welcome = await new Promise<Welcome | undefined>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', (code) => (code === 1012 ? resolve(undefined) : reject(new Error(`closed with ${code}`))));
      const hello = { type: 'hello', v: 1, client_id: `client-of-${name}`, name };
      socket.on('open', () => socket.send(JSON.stringify(hello)));
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data));
        if (frame.type === 'welcome') resolve(frame);
      });
    });
    if (welcome) return { socket, welcome };
  }
}

test('an owner whose claim was taken back claims again before anybody else may', async () => {
  const [one, other] = cluster.instances;
  const room = await cluster.createRoom();
  const meta = KEYS.roomMeta(room);
  const unclaimed = await redis.dumpBuffer(meta);
  const sara = await join(one, room, 'Sara');
  expect(sara.welcome).toMatchObject({ seat: 0, epoch: 1 });

  // What a copy holds that has heard of neither the claim nor the seat; and everybody is sent to it.
  await redis.del(KEYS.roomLog(room), KEYS.roomSnapshot(room));
  await redis.restore(meta, 0, unclaimed as Buffer, 'REPLACE');
  one?.process.kill('SIGSTOP');
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  // The owner comes back to it last.
  setTimeout(() => one?.process.kill('SIGCONT'), 300);
  const late = await join(other, room, 'Dara');

  expect(late.welcome.view.seats.map((seat) => seat?.name)).toEqual(['Sara', 'Dara', undefined, undefined]);
  await until('the first owner has it again', async () => (await redis.hget(meta, 'owner')) === one?.id);
  expect(sara.socket.readyState).toBe(WebSocket.OPEN);
  for (const { socket } of [sara, late]) socket.close();
});
