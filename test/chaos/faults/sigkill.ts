/** The instance with most rooms is killed; the supervisor starts another. */
import type { Fault } from './fault.js';
import { signal } from './signal.js';
import { busiest } from './victim.js';

export const sigkill: Fault = {
  name: 'sigkill',
  redis: 'own',
  boundMs: 1_000,
  async run({ cluster, load, strike }) {
    const { pid, rooms } = await busiest(cluster, load);
    await strike({ affected: rooms, cuts: true, inject: () => signal(pid, 'SIGKILL') });
    return [pid];
  },
};
