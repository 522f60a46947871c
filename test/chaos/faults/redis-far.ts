/**
 * Redis is 300 ms away, for every connection and for every reconnect: rooms play on, a little later. Then all connections
 * break, and come back. Nobody takes a room over.
 */
import { until } from '../../support/programs.js';
import type { Fault } from './fault.js';
import { LEASE_AND_MORE_MS, untaken } from './untaken.js';

const DELAY_MS = 300;
/** From the break until every room has moved: a connection takes a few ways to Redis and back. */
const BACK_MS = 6_000;
const RECENT_MS = 1_000;

export const redisFar: Fault = {
  name: 'redis-far',
  redis: 'relayed',
  boundMs: DELAY_MS + 1_000,
  async run(arena) {
    const { relay, load, strike, pause, complain, tell } = arena;
    if (!relay) throw new Error('there is no relay');
    const inject = () => {
      relay.delayMs = DELAY_MS;
    };
    await untaken(arena, async () => {
      try {
        const progress = strike({ affected: load.rooms.keys(), cuts: false, inject });
        await pause(LEASE_AND_MORE_MS);
        await progress;
        const brokenAt = performance.now();
        relay.mend();
        const played = () => load.silent(performance.now() - brokenAt).length === 0;
        await until('every room plays after the break', played, BACK_MS).then(
          () =>
            tell(
              `connections broken, every room has played again after ${(performance.now() - brokenAt).toFixed(0)} ms`,
            ),
          () => complain(`${load.silent(RECENT_MS).length} rooms do not play ${BACK_MS} ms after the break`),
        );
      } finally {
        relay.delayMs = 0;
      }
    });
    return [];
  },
};
