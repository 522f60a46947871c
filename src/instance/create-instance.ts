/**
 * One game instance made of its parts, each of which adds its own start and stop to the lifecycle. Production and
 * simulation make instances here, and nowhere else.
 */
import type { HeartbeatLease } from '../cluster/lease.js';
import type { Ownership } from '../cluster/ownership.js';
import type { Self } from '../cluster/self.js';
import type { InstanceConfig } from '../config.js';
import { Lifecycle } from '../runtime/lifecycle.js';
import type { InstanceMetrics } from '../runtime/metrics.js';
import { createEdge, type Edge } from './edge.js';
import { type Connections, createMembership, type Membership } from './membership.js';
import type { Ports } from './ports.js';
import { createRooms, type Rooms } from './rooms.js';
import { createService, type Service } from './service.js';

export interface Instance {
  readonly self: Self;
  readonly ownership: Ownership;
  readonly lease: HeartbeatLease;
  readonly lifecycle: Lifecycle;
}

export function createInstance(config: InstanceConfig, ports: Ports): Instance {
  const { clock, log, usage } = ports;
  const lifecycle = new Lifecycle(log, clock, config.HOKM_DRAIN_MS);

  const redis: Connections = {
    commands: ports.connect('commands'),
    copies: ports.connect('copies'),
    subscriber: ports.connect('subscriber', true),
    inbox: ports.connect('inbox', true),
  };
  lifecycle.add('redis', {
    start: async () => {
      await Promise.all(Object.values(redis).map((connection) => ports.connected(connection)));
    },
    stop: () => {
      for (const connection of Object.values(redis)) connection.disconnect();
    },
  });
  lifecycle.add('usage', { start: () => usage.start(), stop: () => usage.stop() });
  const metrics: InstanceMetrics = ports.metrics({
    rooms: () => rooms.ownership.size,
    connections: () => edge.players.size,
    frozenRooms: () => [...rooms.ownership.rooms].filter((room) => room.frozen).length,
    loopDelay: () => usage.latest.loopDelay,
    redisFaults: () => ports.redisFaults().length,
  });
  const membership: Membership = createMembership({
    config,
    ports,
    redis,
    lifecycle,
    rooms: () => rooms.ownership.size,
    connections: () => edge.players.size,
    onStale: () => {
      for (const room of rooms.ownership.rooms) room.wake();
    },
    onLoss: () => {
      log.error('Redis has lost something that it had: storing again what is known here');
      rooms.storeAgain();
    },
  });
  const rooms: Rooms = createRooms({
    config,
    ports,
    redis,
    membership,
    metrics,
    onSeatTaken: (room) => service.publicRooms.note(room),
  });
  const edge: Edge = createEdge({
    config,
    ports,
    redis,
    lifecycle,
    membership,
    rooms,
    metrics,
    publicRooms: { list: () => service.publicRooms.list() },
    isolated: () => service.isolation.active,
    peers: () => service.peers.others,
  });
  const service: Service = createService({ ports, redis, lifecycle, membership, rooms, edge });
  return { self: membership.self, ownership: rooms.ownership, lease: membership.lease, lifecycle };
}
