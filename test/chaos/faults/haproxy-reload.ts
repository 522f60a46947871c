/** HAProxy reloads: a new worker takes new connections, the old one keeps its own. */
import type { Fault } from './fault.js';
import { pidOf } from './pid.js';
import { signal } from './signal.js';

const WATCH_MS = 3_000;

export const haproxyReload: Fault = {
  name: 'haproxy-reload',
  redis: 'own',
  boundMs: 0,
  async run({ cluster, load, strike, pause, complain }) {
    const pid = pidOf(cluster, 'haproxy');
    const since = performance.now();
    await strike({ affected: load.rooms.keys(), cuts: false, inject: () => signal(pid, 'SIGUSR2') });
    await pause(WATCH_MS);
    const lines = load.calm.flatMap(({ history }) => history.clients.flatMap((client) => client.lines));
    const dropped = lines.filter(({ closedAt }) => (closedAt ?? 0) >= since);
    if (dropped.length > 0) complain(`${dropped.length} sockets were dropped`);
    return [];
  },
};
