/**
 * HAProxy reloads, and then the instance with most rooms stands still: its sockets are with a worker that no longer looks
 * whether it is well. All of them must end, those of players who only wait too.
 */
import type { Fault } from './fault.js';
import { pidOf } from './pid.js';
import { signal } from './signal.js';
import { busiest } from './victim.js';

/** By then the new worker has taken over. */
const RELOADED_MS = 2_000;
const BOUND_MS = 5_000;

export const reloadSigstop: Fault = {
  name: 'reload-sigstop',
  redis: 'own',
  boundMs: BOUND_MS,
  async run({ cluster, load, strike, pause, complain }) {
    signal(pidOf(cluster, 'haproxy'), 'SIGUSR2');
    await pause(RELOADED_MS);
    const { pid, rooms } = await busiest(cluster, load);
    try {
      const stoppedAt = performance.now();
      const progress = strike({ affected: rooms, cuts: true, inject: () => signal(pid, 'SIGSTOP') });
      await pause(BOUND_MS);
      const lines = rooms
        .flatMap((room) => load.rooms.get(room)?.history.clients ?? [])
        .flatMap((client) => client.lines);
      const open = lines.filter(({ startedAt, closedAt }) => startedAt < stoppedAt && closedAt === undefined);
      if (open.length > 0)
        complain(`${open.length} sockets to the frozen instance are open ${BOUND_MS / 1_000} s later`);
      await progress;
      return [];
    } finally {
      signal(pid, 'SIGCONT');
    }
  },
};
