/**
 * The disk takes its time for an fsync; then the instance with most rooms and Redis are killed together, and Redis' host
 * has lost its power: its files have what was synced, and nobody is left who remembers the rest.
 */
import type { Fault } from './fault.js';
import { pidOf } from './pid.js';
import { signal } from './signal.js';
import { busiest } from './victim.js';

const FSYNC_MS = 1_500;
/** Two fsyncs at least. */
const SLOW_MS = 3_500;

export const slowDisk: Fault = {
  name: 'slow-disk',
  redis: 'slow-disk',
  boundMs: 13_000,
  needs: 'compiler',
  async run({ cluster, load, slowDisk: disk, strike, pause }) {
    if (!disk) throw new Error('there is no slow disk');
    const redis = pidOf(cluster, 'redis');
    const { pid, rooms } = await busiest(cluster, load);
    try {
      disk.slow(FSYNC_MS);
      await pause(SLOW_MS);
      const inject = () => {
        disk.losePower();
        signal(pid, 'SIGKILL');
        signal(redis, 'SIGKILL');
        disk.slow(0);
      };
      await strike({ affected: rooms, cuts: true, inject });
    } finally {
      disk.slow(0);
    }
    return [pid, redis];
  },
};
