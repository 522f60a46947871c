/** Redis stands still for 8 s, longer than every lease; nobody may take a live room over. */
import type { Fault } from './fault.js';
import { pidOf } from './pid.js';

const PAUSED_MS = 8_000;
/** A lease, and the time to act on one that looks expired. */
const AFTER_MS = 7_000;

export const redisPause: Fault = {
  name: 'redis-pause',
  redis: 'own',
  async run({ cluster, load, strike, pause, complain }) {
    const pid = pidOf(cluster, 'redis');
    const before = await cluster.metas(load.rooms.keys());
    const wake = () => process.kill(pid, 'SIGCONT');
    try {
      const progress = strike({
        affected: load.rooms.keys(),
        cuts: false,
        inject: () => process.kill(pid, 'SIGSTOP'),
      });
      await pause(PAUSED_MS);
      wake();
      await progress;
    } finally {
      wake();
    }
    await pause(AFTER_MS);
    const after = await cluster.metas(load.rooms.keys());
    const taken = [...before].filter(([room, { owner, epoch }]) => {
      const now = after.get(room);
      return now?.owner !== owner || now?.epoch !== epoch;
    });
    if (taken.length > 0)
      complain(`${taken.length} live rooms were taken over: ${taken.map(([room]) => room).slice(0, 5)}`);
    return [];
  },
};
