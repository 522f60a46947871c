/** Every answer of Redis takes 500 ms longer. No takeover, no failover. */
import type { Fault } from './fault.js';
import { LEASE_AND_MORE_MS, untaken } from './untaken.js';

const DELAY_MS = 500;

export const redisSlow: Fault = {
  name: 'redis-slow',
  redis: 'relayed',
  boundMs: DELAY_MS + 1_000,
  async run(arena) {
    const { relay, load, strike, pause } = arena;
    if (!relay) throw new Error('there is no relay');
    const inject = () => {
      relay.delayMs = DELAY_MS;
    };
    await untaken(arena, async () => {
      try {
        const progress = strike({ affected: load.rooms.keys(), cuts: false, inject });
        await pause(LEASE_AND_MORE_MS);
        await progress;
      } finally {
        relay.delayMs = 0;
      }
    });
    return [];
  },
};
