/** The instance with most rooms stands still for 30 s, then wakes up and must not change anything. */
import type { Fault } from './fault.js';
import { signal } from './signal.js';
import { busiest } from './victim.js';

const FROZEN_MS = 30_000;
/** The woken process has noticed by then, and has done whatever it does. */
const AFTER_MS = 3_000;

export const sigstop: Fault = {
  name: 'sigstop',
  redis: 'own',
  boundMs: 5_000,
  async run({ cluster, load, strike, pause, complain }) {
    const { id, pid, rooms } = await busiest(cluster, load);
    const wake = () => signal(pid, 'SIGCONT');
    try {
      const stoppedAt = performance.now();
      const progress = strike({ affected: rooms, cuts: true, inject: () => signal(pid, 'SIGSTOP') });
      await pause(FROZEN_MS);
      await progress;
      const before = await cluster.metas(rooms);
      for (const { owner, head } of before.values()) {
        if (owner === id) complain(`room ${head.code} still belongs to the frozen instance`);
      }
      wake();
      const wokenAt = performance.now();
      await pause(AFTER_MS);
      // That it has committed nothing is for the checker: its epoch would come after a higher one in the log.
      const told = rooms.flatMap((room) => load.rooms.get(room)?.history.clients ?? []).flatMap(({ lines }) => lines);
      const late = told.filter(({ startedAt, lastFrameAt }) => startedAt < stoppedAt && (lastFrameAt ?? 0) >= wokenAt);
      if (late.length > 0) complain(`${late.length} sockets got events or acks from the woken instance`);
      return [];
    } finally {
      wake();
    }
  },
};
