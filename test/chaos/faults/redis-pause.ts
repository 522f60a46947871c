/** Redis stands still and goes on: for a moment, or for longer than every lease. Nobody may take a live room over. */
import type { Fault } from './fault.js';
import { pidOf } from './pid.js';
import { frozen } from './signal.js';
import { LEASE_AND_MORE_MS, untaken } from './untaken.js';

const LEASE_MS = 5_000;

const paused = (name: string, ms: number, boundMs: number): Fault => ({
  name,
  redis: 'own',
  boundMs,
  async run(arena) {
    const { cluster, load, strike, pause } = arena;
    await untaken(arena, async () => {
      const all = { affected: load.rooms.keys(), cuts: false, inject: () => undefined };
      await frozen(arena, [pidOf(cluster, 'redis')], ms, () => strike(all));
      await pause(LEASE_AND_MORE_MS);
    });
    return [];
  },
});

export const redisPause = paused('redis-pause', 8_000, 8_000 + LEASE_MS);
export const redisBlip = paused('redis-blip', 1_500, 1_500 + 1_000);
