/** The primary of a Redis with Sentinel is killed, and comes back later as a replica. */
import type { Fault } from './fault.js';

export const failover: Fault = {
  name: 'failover',
  redis: 'sentinel',
  boundMs: 6_000,
  async run({ sentinel, load, strike }) {
    if (!sentinel) throw new Error('there is no Sentinel');
    const primary = await sentinel.primary();
    await strike({ affected: load.rooms.keys(), cuts: false, inject: () => sentinel.signal(primary, 'SIGKILL') });
    await sentinel.rejoin(primary);
    return [];
  },
};
