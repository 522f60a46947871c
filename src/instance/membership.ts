/** What makes an instance one of the cluster: its name and number, its lease, and its messages with the others. */
import { Bus } from '../cluster/bus.js';
import { HeartbeatWatch } from '../cluster/heartbeat-watch.js';
import { HeartbeatLease, SUSPECT_PERIODS } from '../cluster/lease.js';
import { LossWatch } from '../cluster/loss-watch.js';
import { Pins } from '../cluster/pins.js';
import { Registry } from '../cluster/registry.js';
import { Self } from '../cluster/self.js';
import { Takeover } from '../cluster/takeover.js';
import type { InstanceConfig } from '../config.js';
import type { RedisConnection } from '../redis/client.js';
import type { Lifecycle } from '../runtime/lifecycle.js';
import type { Ports } from './ports.js';

export interface Connections {
  readonly commands: RedisConnection;
  /** For what waits for copies. */
  readonly copies: RedisConnection;
  readonly subscriber: RedisConnection;
  readonly inbox: RedisConnection;
}

export interface MembershipDeps {
  readonly config: InstanceConfig;
  readonly ports: Ports;
  readonly redis: Connections;
  readonly lifecycle: Lifecycle;
  /** Rooms owned, and sockets open. */
  readonly rooms: () => number;
  readonly connections: () => number;
  /** The lease is no longer fresh. */
  readonly onStale: () => void;
  /** Redis has lost something. */
  readonly onLoss: () => void;
}

export type Membership = ReturnType<typeof createMembership>;

export function createMembership({
  config,
  ports,
  redis,
  lifecycle,
  rooms,
  connections,
  onStale,
  onLoss,
}: MembershipDeps) {
  const { id, clock, log, randomHex, probe } = ports;
  const registry = new Registry(redis.commands, config.HOKM_LEASE_MS);
  const self = new Self({
    id,
    host: config.HOKM_ADVERTISED_HOST ?? config.HOKM_HOST,
    region: config.HOKM_REGION,
    zone: config.HOKM_ZONE,
    version: ports.version,
    capacity: config.HOKM_CAPACITY,
    usage: ports.usage,
    rooms,
    connections,
  });
  lifecycle.add('identity', {
    start: async () => {
      // Before anything is told in cluster time, as when this process started.
      const askedAt = clock.monotonic();
      clock.synchronise(await registry.time(), askedAt);
      self.number = await registry.nextNumber();
      self.startedAt = clock.now();
    },
  });
  const { HOKM_HEARTBEAT_MS: heartbeatMs, HOKM_LEASE_MS: leaseMs } = config;
  const losses = new LossWatch({ self, registry, clock, leaseMs, onLoss });
  const lease = new HeartbeatLease({
    registry,
    losses,
    clock,
    log,
    heartbeatMs,
    leaseMs,
    fields: () => self.fields(),
    onStale,
  });
  const { commands, subscriber, inbox } = redis;
  const bus = new Bus({ id, redis: commands, subscriber, inbox, clock, log, newRequest: () => randomHex(8) });
  lifecycle.add('bus', { start: () => bus.start(), stop: () => bus.stop() });
  const pins = new Pins(bus, self, registry, clock);
  const suspectMs = heartbeatMs * SUSPECT_PERIODS;
  const heartbeats = new HeartbeatWatch(clock, suspectMs);
  const steady = () => lease.steady();
  const takeover = new Takeover({ registry, clock, steady, heartbeats, suspectMs, leaseMs, probe });
  return { registry, self, losses, lease, heartbeats, heartbeatMs, leaseMs, bus, pins, takeover };
}
