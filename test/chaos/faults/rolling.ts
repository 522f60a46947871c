/** Every instance is replaced, one after the other. */
import type { Fault } from './fault.js';
import { instancesByRooms } from './victim.js';

export const rolling: Fault = {
  name: 'rolling',
  redis: 'own',
  async run({ cluster, load, strike }) {
    const old = cluster.facts().instances.map(({ pid }) => pid);
    const gone: number[] = [];
    for (const pid of old) {
      const victim = (await instancesByRooms(cluster, load)).find((instance) => instance.pid === pid);
      // Each room is measured when its own instance goes; of several measures of a room the longest counts.
      const rooms = victim?.rooms ?? [];
      await strike({ affected: rooms, cuts: false, inject: () => process.kill(pid, 'SIGTERM') });
      gone.push(pid);
      await cluster.whole(gone);
    }
    return gone;
  },
};
