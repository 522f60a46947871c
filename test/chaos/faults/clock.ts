/** The wall clock of the instance with most rooms jumps an hour ahead, then an hour behind, then back. */
import type { Fault } from './fault.js';
import { signal } from './signal.js';
import { untaken } from './untaken.js';
import { busiest } from './victim.js';

const JUMPS = 3;
const BETWEEN_MS = 4_000;

export const clock: Fault = {
  name: 'clock',
  redis: 'own',
  boundMs: 0,
  async run(arena) {
    const { pid, rooms } = await busiest(arena.cluster, arena.load);
    await untaken(arena, async () => {
      for (let jump = 1; jump <= JUMPS; jump++) {
        await arena.strike({ affected: rooms, cuts: false, inject: () => signal(pid, 'SIGUSR2') });
        await arena.pause(BETWEEN_MS);
      }
    });
    return [];
  },
};
