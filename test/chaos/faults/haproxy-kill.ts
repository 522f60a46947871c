/** HAProxy is killed, master and worker; the supervisor starts it again. */
import type { Fault } from './fault.js';
import { pidOf } from './pid.js';

export const haproxyKill: Fault = {
  name: 'haproxy-kill',
  redis: 'own',
  async run({ cluster, load, strike }) {
    const pid = pidOf(cluster, 'haproxy');
    // The master leads a process group of its own.
    await strike({ affected: load.rooms.keys(), cuts: true, inject: () => process.kill(-pid, 'SIGKILL') });
    return [pid];
  },
};
