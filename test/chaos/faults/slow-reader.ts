/** A spectator of every room stops reading, without a word. It is cut off; the players notice nothing. */
import { WebSocket } from 'ws';
import { until } from '../../support/programs.js';
import { connections } from './connections.js';
import type { Fault } from './fault.js';

const PING_MS = 5_000;
/** Two of the pings that instances send, and a heartbeat that tells. */
const CUT_OFF_MS = 2 * PING_MS + 5_000;
const JOIN_MS = 10_000;

/** Joined, and shown the table. */
async function watch(base: string, code: string, at: number): Promise<WebSocket> {
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/ws?room_code=${code}`, { perMessageDeflate: false });
  let shown = false;
  socket.on('error', () => undefined);
  socket.once('open', () => {
    socket.send(
      JSON.stringify({ type: 'hello', v: 1, client_id: `reader-${at}-slow`, name: 'Reader', spectate: true }),
    );
  });
  socket.once('message', () => {
    shown = true;
  });
  await until('a spectator is shown the table', () => shown, JOIN_MS);
  return socket;
}

export const slowReader: Fault = {
  name: 'slow-reader',
  redis: 'own',
  boundMs: 0,
  // A fifth of the default, so that nobody is waited for in vain.
  settings: { HOKM_PING_MS: String(PING_MS) },
  async run(arena) {
    const { cluster, load, strike, complain, tell } = arena;
    const codes = [...load.rooms.keys()];
    const players = 4 * codes.length;
    const readers = await Promise.all(codes.map((code, at) => watch(cluster.base, code, at)));
    try {
      const all = async () => (await connections(arena)) >= players + readers.length;
      await until('all are counted', all, JOIN_MS).catch((error: Error) => complain(error.message));
      const stoppedAt = performance.now();
      const inject = () => {
        for (const reader of readers) reader.pause();
      };
      await strike({ affected: codes, cuts: false, inject });
      await until('slow readers are cut off', async () => (await connections(arena)) <= players, CUT_OFF_MS).then(
        () => tell(`cut off after ${((performance.now() - stoppedAt) / 1_000).toFixed(0)} s`),
        (error: Error) => complain(error.message),
      );
      if (readers.some(({ readyState }) => readyState !== WebSocket.OPEN)) complain('a reader was not slow');
    } finally {
      for (const reader of readers) reader.terminate();
    }
    return [];
  },
};
