/** Controller and autoscaler stand still, and no supervisor notices. Play goes on as if nothing were. */
import type { Fault } from './fault.js';
import { frozen } from './signal.js';

const DEAD_MS = 20_000;

export const controlDead: Fault = {
  name: 'control-dead',
  redis: 'own',
  boundMs: 0,
  async run(arena) {
    const { controller, autoscaler } = arena.cluster.facts().pids;
    const pids = [controller, autoscaler].flatMap((pid) => pid ?? []);
    if (pids.length === 0) throw new Error('no controller runs');
    const affected = arena.load.rooms.keys();
    await frozen(arena, pids, DEAD_MS, () => arena.strike({ affected, cuts: false, inject: () => undefined }));
    return [];
  },
};
