/** Redis is killed; the supervisor starts it again on the same files. */
import type { Fault } from './fault.js';
import { pidOf } from './pid.js';

export const redisRestart: Fault = {
  name: 'redis-restart',
  redis: 'own',
  async run({ cluster, load, strike }) {
    const pid = pidOf(cluster, 'redis');
    await strike({ affected: load.rooms.keys(), cuts: false, inject: () => process.kill(pid, 'SIGKILL') });
    return [pid];
  },
};
