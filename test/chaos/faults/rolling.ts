/** `npm run rolling-restart`: every instance is replaced, one after the other. */
import { once } from 'node:events';
import { Registry } from '../../../src/cluster/registry.js';
import type { InstanceId } from '../../../src/protocol/ids.js';
import type { Arena, Fault } from './fault.js';

const LOOK_MS = 10;
/** How often the owners are asked for while nobody drains. */
const OWNERS_MS = 200;

/**
 * For a room the fault is that its own instance begins to drain. That is seen by looking again and again: the moment
 * counts as the last look before.
 */
async function watch({ cluster, load, strike, pause }: Arena, running: () => boolean): Promise<void> {
  const registry = new Registry(cluster.redis, 0);
  const seen = new Set<InstanceId>();
  const strikes: Promise<void>[] = [];
  // A reading may fall into the beginning of a drain, and name the new owners already: the one before it counts as well.
  let owners = await cluster.metas(load.rooms.keys());
  let before = owners;
  let readAt = performance.now();
  while (running()) {
    const at = performance.now();
    await pause(LOOK_MS);
    // Redis may be away, where another fault strikes as well.
    const { instances } = await registry.list().catch(() => ({ instances: [] }));
    for (const { id, status } of instances) {
      if (status === 'ready' || seen.has(id)) continue;
      seen.add(id);
      const affected = [...load.rooms.keys()].filter((room) =>
        [owners, before].some((reading) => reading.get(room)?.owner === id),
      );
      strikes.push(strike({ affected, cuts: false, at, inject: () => undefined }));
    }
    if (instances.length > 0 && instances.every(({ status }) => status === 'ready') && at - readAt > OWNERS_MS) {
      const now = await cluster.metas(load.rooms.keys()).catch(() => owners);
      before = owners;
      owners = now;
      readAt = performance.now();
    }
  }
  await Promise.all(strikes);
}

export const rolling: Fault = {
  name: 'rolling',
  redis: 'own',
  boundMs: 250,
  async run(arena) {
    const { cluster, load, strike, complain } = arena;
    const gone = cluster.facts().instances.map(({ pid }) => pid);
    // No room is without a sample, whatever is seen of the drains.
    const begun = strike({ affected: load.rooms.keys(), cuts: false, inject: () => undefined });
    const restart = cluster.run('rolling-restart');
    let running = true;
    let said = '';
    restart.stderr?.on('data', (text) => {
      said += text;
    });
    const ended = once(restart, 'exit').then(([code, signal]) => {
      running = false;
      if (code !== 0) complain(`rolling-restart ended with ${code ?? signal}: ${said.trim().split('\n').at(-1)}`);
    });
    await watch(arena, () => running);
    await Promise.all([ended, begun]);
    return gone;
  },
};
