// Holds I9 of src/README.md.
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Ownership } from '../../src/cluster/ownership.js';
import { MAX_BUFFERED_BYTES } from '../../src/edge/limits.js';
import { helloDeadlines, PlayerSocket } from '../../src/edge/player-socket.js';
import type { WsSocket } from '../../src/edge/ws-socket.js';
import { Frame } from '../../src/protocol/frame.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import { Metrics } from '../../src/runtime/metrics.js';
import { log } from '../room/rooms.js';
import { ManualClock } from '../support/manual-clock.js';
import { WsServer } from './ws-server.js';

const FRAME_BYTES = 65_000;
/** More than what the kernel takes on both ends. */
const MOST_BYTES = 64 * 1_048_576;

const turn = () => new Promise((go) => setImmediate(go));

test('who stops reading is cut off before more than a bounded buffer waits; who reads is not', async () => {
  const metrics = new Metrics('test', {
    rooms: () => 1,
    connections: () => 2,
    frozenRooms: () => 0,
    loopDelay: () => 0,
    redisFaults: () => 0,
  });
  const accepted: { player: PlayerSocket; raw: WsSocket }[] = [];
  const clock = new ManualClock();
  const hellos = helloDeadlines(clock);
  const deps = {
    clock,
    log,
    metrics,
    messageRate: 10,
    whenFresh: () => Promise.resolve(),
    lostLately: () => false,
    isShut: () => false,
    hellos,
    quota: { take: () => Promise.resolve(true), left: () => undefined },
  };
  const clients: WebSocket[] = [];
  const server = await WsServer.start(({ socket: raw }) => {
    const player = new PlayerSocket(raw, 'SL0WREAD' as RoomCode, { ...deps, ownership: {} as Ownership });
    accepted.push({ raw, player });
    return player;
  });
  try {
    // One after the other: the first that is accepted is the first that has dialled.
    for (let at = 0; at < 2; at++) {
      const client = new WebSocket(`ws://127.0.0.1:${server.port}`);
      clients.push(client);
      await once(client, 'open');
    }
    clients[0]?.pause();
    const [slow, quick] = accepted;
    if (!slow || !quick) throw new Error('two connections');
    let [sent, most] = [0, 0];
    for (; slow.raw.isOpen && sent < MOST_BYTES; sent += FRAME_BYTES) {
      for (const { player } of accepted) player.send(new Frame('x'.repeat(FRAME_BYTES)));
      do await turn();
      while (quick.raw.bufferedAmount > 0);
      most = Math.max(most, slow.raw.bufferedAmount);
    }
    expect(slow.raw.isOpen).toBe(false);
    expect(most).toBeLessThan(MAX_BUFFERED_BYTES + 2 * FRAME_BYTES);
    expect(await metrics.text()).toMatch(/hokm_errors_total\{.*code="SLOW_READER".*\} 1\n/);
    expect(quick.raw.isOpen).toBe(true);
  } finally {
    for (const { player } of accepted) player.close('MOVED');
    for (const client of clients) client.terminate();
    server.close();
  }
});
