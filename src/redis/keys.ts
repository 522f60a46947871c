/**
 * The names of everything that the cluster keeps in Redis, and of its channels. No other file spells one.
 *
 * INVARIANT: all keys that one script or one transaction touches share a hash tag, so that Redis Cluster keeps them on one
 * node; only the script that gathers the commits of many rooms has one tag for each room. Every key begins with the prefix,
 * or with `service:{PREFIX}:`, and every channel with the prefix: clusters with different prefixes see nothing of each other.
 *
 * FORMATS are numbered where one version could misread another's: meta `v`, each entry `v`, the snapshot `v`, a failure's
 * `version`, the first field of the autoscaler's packed days. All else is read by schemas that pass over what they do not know
 * (registry, messages, the autoscaler's state) or is told on as it is (public rooms); a seat is `CODE:SEAT`, and more may follow.
 */
import type { InstanceId, RoomCode } from '../protocol/ids.js';

export interface Keyspace {
  readonly prefix: string;

  /** Hash: owner, address, epoch, seq, digest, head, … */
  roomMeta(code: RoomCode): string;
  /** Stream of the room's entries; their ids are `seq-0`. */
  roomLog(code: RoomCode): string;
  roomSnapshot(code: RoomCode): string;
  /** What the public list tells of a room; expires by itself. */
  publicRoom(code: RoomCode): string;
  /** Sorted set of public rooms' codes by the time of their last note. */
  readonly publicRooms: string;
  /** Sorted set of the codes of rooms that were set aside, by when. */
  readonly failedRooms: string;
  /** Sorted set of the public tables at which people of an address sit, by when each is forgotten. */
  tablesOf(addressHash: string): string;
  /** Room and seat of a seat token, by its SHA-256 in hex. Those with the same first digit share a hash tag. */
  seat(tokenHash: string): string;

  /** Hash with the lease as its TTL: what an instance says of itself. */
  instance(id: InstanceId): string;
  /** Sorted set of instances' ids by last heartbeat. */
  readonly instances: string;
  /** The number of an instance's last heartbeat; it outlives the lease. */
  mark(id: string): string;
  /** There for a while after somebody has noticed that Redis has lost something. */
  readonly loss: string;
  controller(id: string): string;
  readonly controllers: string;
  /** Counter: the last number that a process start got. */
  readonly instanceNumber: string;
  /** Set of the rooms that an instance owns. */
  roomsOf(id: InstanceId): string;
  /** Set of the ids that have such a set. */
  readonly indexed: string;
  /** Stream of messages to one instance that must not be lost. */
  inbox(id: InstanceId): string;

  /** `stopping` while the whole cluster is being stopped. */
  readonly clusterState: string;
  /** While a rolling restart runs: cluster time, ms, since which restarted instances have started. */
  readonly rollingRestart: string;

  /** What decides on the node of Redis Cluster that keeps a key: keys with the same one can be used together. */
  hashTag(key: string): string;

  readonly autoscaler: AutoscalerKeys;
  readonly channels: Channels;
}

export interface AutoscalerKeys {
  readonly lock: string;
  readonly fencing: string;
  readonly state: string;
  /** Holds and pauses, set by hand. */
  readonly hand: string;
  /** Orders by hand that wait for whoever holds the lock. */
  readonly orders: string;
  readonly decisions: string;
  /** A day's minutes: a hash while it runs, one string when it is over. */
  minutes(day: string): string;
  packed(day: string): string;
}

/** Pub/sub. Redis Cluster passes these on to all nodes: no hash tag is needed. */
export interface Channels {
  readonly broadcast: string;
  readonly assignments: string;
  readonly scaling: string;
  /** Reaches one instance. */
  instance(id: InstanceId): string;
}

export function keyspaceOf(prefix: string): Keyspace {
  const service = `service:{${prefix}}`;
  const autoscaler = `${prefix}:{autoscaler}`;
  return {
    prefix,
    roomMeta: (code) => `${prefix}:room:{${code}}:meta`,
    roomLog: (code) => `${prefix}:room:{${code}}:log`,
    roomSnapshot: (code) => `${prefix}:room:{${code}}:snap`,
    publicRoom: (code) => `${prefix}:public:{${code}}`,
    publicRooms: `${prefix}:public`,
    failedRooms: `${prefix}:failed`,
    tablesOf: (addressHash) => `${prefix}:address:{${addressHash}}:tables`,
    // One tag for all would keep them all on one node, one for each would need a script for each.
    seat: (tokenHash) => `${prefix}:{seats-${tokenHash.slice(0, 1)}}:${tokenHash}`,
    instance: (id) => `${service}:instances:${id}`,
    instances: `${service}:instances`,
    mark: (id) => `${service}:marks:${id}`,
    loss: `${service}:loss`,
    controller: (id) => `${service}:controllers:${id}`,
    controllers: `${service}:controllers`,
    instanceNumber: `${service}:number`,
    roomsOf: (id) => `${prefix}:instance:{${id}}:rooms`,
    indexed: `${prefix}:instances:indexed`,
    inbox: (id) => `${prefix}:inbox:{${id}}`,
    clusterState: `${prefix}:cluster`,
    rollingRestart: `${prefix}:rolling`,
    hashTag,
    autoscaler: {
      lock: `${autoscaler}:lock`,
      fencing: `${autoscaler}:fencing`,
      state: `${autoscaler}:state`,
      hand: `${autoscaler}:hand`,
      orders: `${autoscaler}:orders`,
      decisions: `${autoscaler}:decisions`,
      minutes: (day) => `${autoscaler}:history:${day}`,
      packed: (day) => `${autoscaler}:history:${day}:packed`,
    },
    channels: {
      broadcast: `${prefix}:broadcast`,
      assignments: `${prefix}:game_migration`,
      scaling: `${prefix}:scaling_events`,
      instance: (id) => `${prefix}:instance:${id}`,
    },
  };
}

const hashTag = (key: string): string => /\{([^}]+)\}/.exec(key)?.[1] ?? key;

/** What a user of Redis must reach to use the keyspace, as patterns of its ACL. */
export function patternsOf(prefix: string): { readonly keys: readonly string[]; readonly channels: readonly string[] } {
  return { keys: [`${prefix}:*`, `service:{${prefix}}:*`], channels: [`${prefix}:*`] };
}

/** Of SCAN, for all rooms. */
export const allRoomMetas = ({ prefix }: Keyspace): string => `${prefix}:room:{*}:meta`;

/** The code of the room whose key this is. */
export const roomIn = hashTag;
