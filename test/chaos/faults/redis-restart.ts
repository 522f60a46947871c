/** Redis is killed; the supervisor starts it again on the same files. */
import type { Fault } from './fault.js';
import { pidOf } from './pid.js';
import { signal } from './signal.js';

/** What ends sooner after its start is started again only after a longer and longer pause. */
const RAN_WELL_MS = 5_500;

export const redisRestart: Fault = {
  name: 'redis-restart',
  redis: 'own',
  boundMs: 3_500,
  async run({ cluster, load, strike, pause }) {
    const pid = pidOf(cluster, 'redis');
    await strike({ affected: load.rooms.keys(), cuts: false, inject: () => signal(pid, 'SIGKILL') });
    await pause(RAN_WELL_MS);
    return [pid];
  },
};
