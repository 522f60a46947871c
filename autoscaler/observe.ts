/** Looks: all that one decision is made from, read from Redis at once. */
import type { Registry } from '../src/cluster/registry.js';
import type { RedisConnection } from '../src/redis/client.js';
import type { SystemClock } from '../src/runtime/clock.js';
import { type Look, look } from './decide/look.js';
import type { Hand, State } from './decide/state.js';
import type { Order, Store } from './store.js';

export interface Observation {
  /** Cluster time, ms. */
  readonly now: number;
  readonly look: Look;
  readonly state: State;
  readonly hand: Hand;
  readonly orders: readonly Order[];
  readonly orderEntries: number;
  /** A rolling restart runs: this minute is not like others. */
  readonly deploying: boolean;
}

export interface ObserveDeps {
  readonly redis: RedisConnection;
  readonly registry: Pick<Registry, 'list' | 'unreachable'>;
  readonly store: Store;
  readonly clock: SystemClock;
  readonly heartbeatMs: number;
}

/** @throws when Redis does not answer */
export async function observe({ redis, registry, store, clock, heartbeatMs }: ObserveDeps): Promise<Observation> {
  const sentAt = clock.monotonic();
  const [seconds, micros] = await redis.time();
  // Redis' clock, so that this host's may be wrong or jump.
  clock.synchronise(Number(seconds) * 1000 + Number(micros) / 1000, sentAt);
  const [listed, unreachable, state, hand, { orders, entries }, rolling] = await Promise.all([
    registry.list(),
    registry.unreachable(),
    store.state(),
    store.hand(),
    store.orders(),
    redis.exists(redis.keyspace.rollingRestart),
  ]);
  const now = clock.now();
  return {
    now,
    look: look(listed.instances, listed.expired, unreachable, state.seen, heartbeatMs, now),
    state,
    hand,
    orders,
    orderEntries: entries,
    deploying: rolling === 1,
  };
}
