/** A move stays cheap: compared in one run with what can hardly be cheaper, so that the machine's speed does not matter. */
import { expect, test } from '@jest/globals';
import { measureMoves, ratio, WITHOUT_PEERS } from './figures/move.js';
import { Stand } from './stand.js';

test('a durable move of Hokm costs not much more than a raw WebSocket relay with one Lua commit', async () => {
  const stand = await Stand.start(() => undefined);
  try {
    const figures = await measureMoves(stand, WITHOUT_PEERS, { rooms: 60, rounds: 20, ms: 250, warmUp: 5_000 });
    // Short runs say 1.2 to 1.5, beside three busy processes too; the figure itself is the bench's.
    expect(ratio(figures, 'hokm', 'raw_lua')).toBeLessThan(2);
  } finally {
    await stand.stop();
  }
}, 60_000);
