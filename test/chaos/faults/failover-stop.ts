/** The primary of a Redis with Sentinel stands still until another is primary; then it wakes up and must step down. */
import type { Fault } from './fault.js';

/** The woken one has been told by then. */
const FROZEN_MS = 10_000;

export const failoverStop: Fault = {
  name: 'failover-stop',
  redis: 'sentinel',
  boundMs: 6_000,
  async run({ sentinel, load, strike, pause }) {
    if (!sentinel) throw new Error('there is no Sentinel');
    const old = await sentinel.primary();
    const inject = () => sentinel.signal(old, 'SIGSTOP');
    try {
      const progress = strike({ affected: load.rooms.keys(), cuts: false, inject });
      await pause(FROZEN_MS);
      await sentinel.primary();
      sentinel.signal(old, 'SIGCONT');
      await progress;
    } finally {
      sentinel.signal(old, 'SIGCONT');
    }
    await sentinel.copied();
    return [];
  },
};
