/** HAProxy is killed, master and worker; the supervisor starts it again. */
import type { Fault } from './fault.js';
import { pidOf } from './pid.js';
import { signal } from './signal.js';

/** What ends sooner after its start is started again only after a longer and longer pause. */
const RAN_WELL_MS = 5_500;

export const haproxyKill: Fault = {
  name: 'haproxy-kill',
  redis: 'own',
  boundMs: 4_000,
  async run({ cluster, load, strike, pause }) {
    const pid = pidOf(cluster, 'haproxy');
    // The master leads a process group of its own.
    await strike({ affected: load.rooms.keys(), cuts: true, inject: () => signal(-pid, 'SIGKILL') });
    await pause(RAN_WELL_MS);
    return [pid];
  },
};
