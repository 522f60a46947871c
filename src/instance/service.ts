/** What the instance does for the cluster while it is one of it, from its registration to its last room. */
import { Fencing } from '../cluster/fencing.js';
import { IndexReconciler } from '../cluster/index-reconciler.js';
import { Isolation } from '../cluster/isolation.js';
import { Orphans } from '../cluster/orphans.js';
import { Peers } from '../cluster/peers.js';
import { PublicRooms } from '../cluster/public-rooms.js';
import { RequestedMoves } from '../cluster/requested-moves.js';
import { Scaling } from '../cluster/scaling.js';
import type { Lifecycle } from '../runtime/lifecycle.js';
import type { Edge } from './edge.js';
import type { Connections, Membership } from './membership.js';
import type { Ports } from './ports.js';
import type { Rooms } from './rooms.js';

/** A room in which nothing happens is looked up in Redis again after this. */
const PROOF_MS = 5_000;
/** Between two looks at the registry. */
const LOOK_MS = 500;

export interface ServiceDeps {
  readonly ports: Ports;
  readonly redis: Connections;
  readonly lifecycle: Lifecycle;
  readonly membership: Membership;
  readonly rooms: Rooms;
  readonly edge: Pick<Edge, 'sendPlayersAway' | 'reads'>;
}

export type Service = ReturnType<typeof createService>;

export function createService({ ports, redis, lifecycle, membership, rooms, edge }: ServiceDeps) {
  const { id, clock, log, probe } = ports;
  const { registry, self, lease, heartbeats, heartbeatMs, leaseMs, bus } = membership;
  const { index, store, ownership, seats, migration, drain } = rooms;

  lifecycle.add('registration', {
    start: async () => {
      self.status = 'ready';
      await lease.start();
    },
    stop: async () => {
      self.status = 'stopped';
      lease.stop();
      // Rooms that a drain has not given away by its deadline still name this instance: survivors must find it.
      if ((await index.size(id)) === 0) await Promise.all([registry.remove(id), index.forget(id)]);
      else await registry.expire(id);
      await registry.announce();
    },
  });
  // Until the last room is given away: without Redis that lasts until the deadline, and the players would wait as long.
  lifecycle.add('isolation', { start: () => isolation.start(), stop: () => isolation.stop() });
  lifecycle.add('rooms', {
    stop: async () => {
      await drain.run();
      await seats.flush();
      edge.sendPlayersAway();
    },
  });
  lifecycle.add('status', {
    stop: async () => {
      ownership.close();
      self.status = 'draining';
      await lease.renew();
      await registry.announce();
    },
  });
  const steady = () => lease.steady();
  const orphans = new Orphans({ self, registry, index, ownership, clock, log, steady, heartbeats, leaseMs });
  const peers = new Peers(registry, id, clock, log, LOOK_MS, heartbeats, (seen) => {
    const since = clock.monotonic() - PROOF_MS;
    for (const room of ownership.rooms) room.prove(since);
    return orphans.look(seen);
  });
  lifecycle.add('peers', { start: () => peers.start(), stop: () => peers.stop() });
  const listed = () => peers.listed;
  const reconciler = new IndexReconciler({ self, registry, index, store, ownership, listed, leaseMs, clock, log });
  lifecycle.add('index', { start: () => reconciler.start(), stop: () => reconciler.stop() });
  const publicRooms = new PublicRooms(redis.commands, ownership, clock);
  lifecycle.add('public rooms', { start: () => publicRooms.start(), stop: () => publicRooms.stop() });
  const isolation = new Isolation({
    lease,
    leaseMs,
    heartbeatMs,
    clock,
    log,
    peers: () => peers.others,
    onIsolated: () => {
      edge.sendPlayersAway();
      edge.reads.closeStreams();
    },
    askPeer: probe,
  });
  const fencing = new Fencing();
  new RequestedMoves({ self, bus, fencing, migration, ownership, registry, clock, log });
  const scaling = new Scaling({ self, bus, fencing, drain, lease, registry, clock, log });
  lifecycle.add('scaling', { start: () => registry.announce(), stop: () => scaling.stop() });
  return { peers, publicRooms, isolation };
}
