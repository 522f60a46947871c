/** The instance with most rooms is told to stop: it moves its rooms away first. */
import type { Fault } from './fault.js';
import { signal } from './signal.js';
import { busiest } from './victim.js';

export const sigterm: Fault = {
  name: 'sigterm',
  redis: 'own',
  boundMs: 250,
  async run({ cluster, load, strike }) {
    const { pid, rooms } = await busiest(cluster, load);
    await strike({ affected: rooms, cuts: false, inject: () => signal(pid, 'SIGTERM') });
    return [pid];
  },
};
