/** Seats of public tables that have become free: whoever comes back to one counts for the address like a newcomer. */
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Ownership } from '../../src/cluster/ownership.js';
import { helloDeadlines, PlayerSocket } from '../../src/edge/player-socket.js';
import { MemoryRoomStore } from '../../src/room/memory-store.js';
import { Metrics } from '../../src/runtime/metrics.js';
import { log, newHead, openRoom } from '../room/rooms.js';
import { ManualClock } from '../support/manual-clock.js';
import { until } from '../support/programs.js';
import { Player } from './player.js';
import { WsServer } from './ws-server.js';

const AWAY_MS = 30_000;
const HEAD = newHead('FREE0000', { public: true });

test('whoever comes back to a seat that has become free counts again; who still holds it does not', async () => {
  const clock = new ManualClock();
  const { mailbox } = await openRoom(new MemoryRoomStore(() => clock.now()), clock, HEAD);
  const metrics = new Metrics('test', {
    rooms: () => 1,
    connections: () => 1,
    frozenRooms: () => 0,
    loopDelay: () => 0,
    redisFaults: () => 0,
  });
  const counted: string[] = [];
  const deps = {
    clock,
    log,
    metrics,
    messageRate: 10,
    whenFresh: () => Promise.resolve(),
    lostLately: () => false,
    isShut: () => false,
    hellos: helloDeadlines(clock),
    ownership: { here: () => mailbox } as unknown as Ownership,
    quota: {
      take: (address: string) => {
        counted.push(address);
        return Promise.resolve(true);
      },
      left: () => undefined,
    },
  };
  const server = await WsServer.start(({ socket }) => new PlayerSocket(socket, HEAD.code, deps, '10.0.0.1'));
  const clients: WebSocket[] = [];
  const join = async (hello = {}): Promise<Player> => {
    const client = new WebSocket(`ws://127.0.0.1:${server.port}`);
    clients.push(client);
    await once(client, 'open');
    const player = new Player(client);
    player.hello(hello);
    await player.next('welcome');
    return player;
  };
  const leave = async ({ socket }: Player): Promise<void> => {
    socket.close();
    await until('nobody is there', () => !mailbox.presence.connected.includes(true));
  };
  try {
    const first = await join();
    await leave(first);
    const { token } = first;
    const again = await join({ token });
    expect(counted).toEqual(['10.0.0.1']);
    await leave(again);
    await clock.advance(AWAY_MS);
    expect(mailbox.seats).toEqual([null, null, null, null]);
    expect((await join({ token })).seat).toBe(0);
    expect(counted).toEqual(['10.0.0.1', '10.0.0.1']);
  } finally {
    for (const client of clients) client.terminate();
    server.close();
  }
});
