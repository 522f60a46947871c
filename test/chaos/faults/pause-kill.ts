/**
 * Redis stands still; the instance with most rooms is killed before Redis goes on. Whatever was acknowledged without
 * Redis would be lost now: with the output gate taken out, this fault goes red in its first run.
 */
import type { Fault } from './fault.js';
import { pidOf } from './pid.js';
import { signal } from './signal.js';
import { busiest } from './victim.js';

/** Seats move several times in this. */
const BEFORE_MS = 600;
const AFTER_MS = 600;

export const pauseKill: Fault = {
  name: 'pause-kill',
  redis: 'own',
  boundMs: 2_200,
  async run({ cluster, load, strike, pause }) {
    const redis = pidOf(cluster, 'redis');
    const { pid, rooms } = await busiest(cluster, load);
    const wake = () => signal(redis, 'SIGCONT');
    try {
      const progress = strike({ affected: rooms, cuts: true, inject: () => signal(redis, 'SIGSTOP') });
      await pause(BEFORE_MS);
      signal(pid, 'SIGKILL');
      await pause(AFTER_MS);
      wake();
      await progress;
    } finally {
      wake();
    }
    return [pid];
  },
};
