/** The load of the fleet, in instances: the highest of what each metric asks for. PURE. */
import type { Policy } from '../policy/schema.js';
import type { Instance } from './instance.js';

export const METRICS = ['players', 'connections', 'rooms', 'cpu', 'memory'] as const;
export type Metric = (typeof METRICS)[number];

/** Sums over the fleet: players, connections, rooms, cores, and memory as share of what an instance may use. */
export type Totals = Readonly<Record<Metric, number>>;

export interface Demand {
  /** The highest of `by`, times `delayFactor`. */
  readonly load: number;
  readonly by: Readonly<Partial<Record<Metric, number>>>;
  readonly leading: Metric;
  /** 1 to 1.5: so many instances are hot that the others would soon be too. */
  readonly delayFactor: number;
  readonly hot: readonly string[];
  /** For the memory of the next decision. */
  readonly hotSince: number;
}

const HOT_SHARE = 0.3;
const HOT_MS = 60_000;
const MOST_FACTOR = 1.5;

export function totals(instances: readonly Instance[], policy: Policy): Totals {
  const sum = (of: (instance: Instance) => number) => instances.reduce((total, each) => total + of(each), 0);
  return {
    players: sum((each) => each.players),
    connections: sum((each) => each.connections),
    rooms: sum((each) => each.rooms),
    cpu: sum((each) => each.cpu),
    memory: sum((each) => memoryShare(each, instances, policy)),
  };
}

/**
 * Of its own limit; without one, of its host, if it has that to itself: what several share says nothing about each, and
 * one more instance would only use more of it.
 */
function memoryShare(instance: Instance, instances: readonly Instance[], policy: Policy): number {
  const { memory_mb } = policy.instance;
  if (memory_mb !== undefined) return instance.memoryMb / memory_mb;
  const alone = instances.every((other) => other === instance || other.host !== instance.host);
  return alone ? instance.hostMemory : 0;
}

/** Each metric over what one instance holds of it. */
export function perMetric(total: Totals, policy: Policy): Partial<Record<Metric, number>> {
  const { players, connections, rooms, cpu, memory } = policy.instance;
  return {
    players: total.players / players,
    ...(connections === undefined ? {} : { connections: total.connections / connections }),
    ...(rooms === undefined ? {} : { rooms: total.rooms / rooms }),
    cpu: total.cpu / cpu,
    memory: memory === 0 ? 0 : total.memory / memory,
  };
}

export function highest(by: Partial<Record<Metric, number>>): { metric: Metric; load: number } {
  let leading: { metric: Metric; load: number } = { metric: 'players', load: 0 };
  for (const metric of METRICS) {
    const load = by[metric] ?? 0;
    if (load > leading.load) leading = { metric, load };
  }
  return leading;
}

export function demand(instances: readonly Instance[], policy: Policy, hotSince: number, now: number): Demand {
  const by = perMetric(totals(instances, policy), policy);
  const { metric, load } = highest(by);
  const working = instances.filter(({ state }) => state === 'ready');
  const hot = working.filter(({ loopDelayMs }) => loopDelayMs > policy.instance.loop_delay_ms);
  const many = working.length > 0 && hot.length >= HOT_SHARE * working.length;
  const since = many ? hotSince || now : 0;
  const worst = hot.reduce((sum, { loopDelayMs }) => sum + loopDelayMs, 0) / Math.max(1, hot.length);
  const factor =
    many && now - since >= HOT_MS ? Math.min(MOST_FACTOR, Math.max(1, worst / policy.instance.loop_delay_ms)) : 1;
  const ids = hot.map(({ id }) => id as string).sort();
  return { load: load * factor, by, leading: metric, delayFactor: factor, hot: ids, hotSince: since };
}
