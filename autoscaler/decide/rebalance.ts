/** Few moves that make a hot instance cooler. PURE. */
import type { Policy } from '../policy/schema.js';
import type { Instance } from './instance.js';

export interface Moves {
  readonly from: string;
  readonly to: string;
  /** Rooms, chosen by who carries it out. */
  readonly rooms: number;
}

/** How full an instance is, by the metric that is nearest to its limit; one whose loop lags counts as full. */
export function fullness(instance: Instance, policy: Policy): number {
  const { players, connections, rooms, cpu, loop_delay_ms } = policy.instance;
  const shares = [
    instance.players / players,
    connections === undefined ? 0 : instance.connections / connections,
    instance.rooms / (rooms ?? instance.capacity),
    instance.cpu / cpu,
    instance.loopDelayMs > loop_delay_ms ? 1 : 0,
  ];
  return Math.max(...shares);
}

/**
 * Rooms to move from instances that are hot, or far above the mean while a new one stands empty. At most `moves` in all.
 * @param spread the fleet is as large as it shall be: it is worth to fill new ones. Else only hot ones give rooms away.
 */
export function planRebalance(instances: readonly Instance[], policy: Policy, spread = true): readonly Moves[] {
  const { enabled, hot, ratio, moves: most } = policy.rebalance;
  const ready = instances.filter(({ state }) => state === 'ready');
  if (!enabled || ready.length < 2) return [];
  const fleet = ready
    .map((instance) => ({ instance, rooms: instance.rooms, full: fullness(instance, policy), given: 0 }))
    .sort((a, b) => b.full - a.full || (a.instance.id < b.instance.id ? -1 : 1));
  const mean = fleet.reduce((sum, { full }) => sum + full, 0) / fleet.length;
  const plan = new Map<string, Moves>();
  let left = most;
  for (const source of fleet) {
    const tooFull = source.full >= hot && source.full > ratio * mean;
    const aboveAnEmptyOne = spread && source.full > 2 * ratio * mean && source.full > hot / 2;
    if (!tooFull && !aboveAnEmptyOne) continue;
    const perRoom = source.full / Math.max(1, source.rooms);
    while (left > 0 && source.rooms > 1 && source.full - mean > perRoom) {
      const target = coolest(fleet, source.instance);
      // A room is worth its move only if the two are closer to each other afterwards.
      if (!target || target.full + perRoom > source.full - perRoom) break;
      source.full -= perRoom;
      source.rooms -= 1;
      target.full += perRoom;
      target.given += 1;
      left -= 1;
      const key = `${source.instance.id} ${target.instance.id}`;
      const known = plan.get(key);
      plan.set(key, { from: source.instance.id, to: target.instance.id, rooms: (known?.rooms ?? 0) + 1 });
    }
  }
  return [...plan.values()];
}

function coolest<Entry extends { readonly instance: Instance; readonly full: number; readonly given: number }>(
  fleet: readonly Entry[],
  source: Instance,
): Entry | undefined {
  let best: Entry | undefined;
  for (const entry of fleet) {
    const { instance } = entry;
    if (instance.id === source.id || instance.rooms + entry.given >= instance.capacity) continue;
    if (!source.rules.every((rule) => instance.rules.includes(rule))) continue;
    if (!best || entry.full < best.full || (entry.full === best.full && instance.id < best.instance.id)) best = entry;
  }
  return best;
}
