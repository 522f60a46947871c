/** The instance with most rooms is told to stop: it moves its rooms away first. */
import type { Fault } from './fault.js';
import { busiest } from './victim.js';

export const sigterm: Fault = {
  name: 'sigterm',
  redis: 'own',
  async run({ cluster, load, strike }) {
    const { pid, rooms } = await busiest(cluster, load);
    await strike({ affected: rooms, cuts: false, inject: () => process.kill(pid, 'SIGTERM') });
    return [pid];
  },
};
