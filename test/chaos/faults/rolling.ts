/** `npm run rolling-restart`: every instance is replaced, one after the other. */
import { once } from 'node:events';
import { Registry } from '../../../src/cluster/registry.js';
import type { InstanceId } from '../../../src/protocol/ids.js';
import type { Arena, Fault } from './fault.js';

const LOOK_MS = 10;

/**
 * For a room the fault is that its own instance begins to drain. That is seen by looking again and again: the moment
 * counts as the last look before.
 */
async function watch({ cluster, load, strike, pause }: Arena, running: () => boolean): Promise<void> {
  const registry = new Registry(cluster.redis, 0);
  const seen = new Set<InstanceId>();
  const strikes: Promise<void>[] = [];
  let owners = await cluster.metas(load.rooms.keys());
  while (running()) {
    const at = performance.now();
    await pause(LOOK_MS);
    const { instances } = await registry.list();
    for (const { id, status } of instances) {
      if (status === 'ready' || seen.has(id)) continue;
      seen.add(id);
      const affected = [...owners].filter(([, { owner }]) => owner === id).map(([room]) => room);
      strikes.push(strike({ affected, cuts: false, at, inject: () => undefined }));
    }
    const drained = instances.every(({ status }) => status === 'ready');
    if (drained && seen.size > 0) owners = await cluster.metas(load.rooms.keys());
  }
  await Promise.all(strikes);
}

export const rolling: Fault = {
  name: 'rolling',
  redis: 'own',
  async run(arena) {
    const { cluster, complain } = arena;
    const gone = cluster.facts().instances.map(({ pid }) => pid);
    const restart = cluster.run('rolling-restart');
    let running = true;
    const ended = once(restart, 'exit').then(([code, signal]) => {
      running = false;
      if (code !== 0) complain(`rolling-restart ended with ${code ?? signal}`);
    });
    await watch(arena, () => running);
    await ended;
    return gone;
  },
};
