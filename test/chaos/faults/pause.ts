/** The instance with most rooms does nothing for 1.5 s, as when its event loop is blocked; it keeps its rooms. */
import type { Fault } from './fault.js';
import { frozen } from './signal.js';
import { LEASE_AND_MORE_MS, untaken } from './untaken.js';
import { busiest } from './victim.js';

const PAUSED_MS = 1_500;

export const pause: Fault = {
  name: 'pause',
  redis: 'own',
  boundMs: PAUSED_MS,
  async run(arena) {
    const { pid, rooms } = await busiest(arena.cluster, arena.load);
    const strike = () => arena.strike({ affected: rooms, cuts: false, inject: () => undefined });
    await untaken(arena, async () => {
      await frozen(arena, [pid], PAUSED_MS, strike);
      await arena.pause(LEASE_AND_MORE_MS);
    });
    return [];
  },
};
