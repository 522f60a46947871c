/**
 * PURE. What the controller believes of the cluster, from what Redis tells it. A registry that is silent, emptied or just
 * back says nothing about instances: none counts as gone before heartbeats have been seen to run for one full lease.
 */
import type { InstanceId, RoomCode } from '../src/protocol/ids.js';

/** An instance as HAProxy should know it. */
export interface Target {
  readonly name: InstanceId;
  readonly number: number;
  /** IP address or name. */
  readonly host: string;
  readonly port: number;
  /** 1 to 256. */
  readonly weight: number;
  readonly state: 'ready' | 'drain';
}

/** One look at Redis. */
export interface Reading {
  /** When it began; monotonic ms, like every time here. */
  readonly at: number;
  /** Instances that take players, `ready` or draining. */
  readonly targets: readonly Target[];
  /** Instances that are there but take no players (yet): starting ones. */
  readonly waiting: ReadonlySet<InstanceId>;
  /** Instances that report that they take players, at an address or under a name that HAProxy does not accept. */
  readonly unusable: readonly InstanceId[];
  /** Instances that say themselves that they have stopped. */
  readonly stopped: ReadonlySet<InstanceId>;
  /** Room -> number of the instance that claims it; undefined when the rooms were not read. */
  readonly claims: ReadonlyMap<RoomCode, number> | undefined;
}

interface Believed {
  readonly target: Target;
  /** Since when the registry does not list it. */
  readonly missingSince: number | undefined;
}

export interface Belief {
  readonly servers: ReadonlyMap<InstanceId, Believed>;
  readonly pins: ReadonlyMap<RoomCode, number>;
  /** Assignments heard over pub/sub; they outrank what a reading says until they are `hintMs` old. */
  readonly hints: ReadonlyMap<RoomCode, { readonly number: number; readonly at: number }>;
  /** Since when Redis has been answering without a break and instances have been in it. */
  readonly steadySince: number | undefined;
  /** When the controller's own heartbeat last went through. */
  readonly pulseAt: number | undefined;
}

export interface BeliefLimits {
  /** The instances' lease, ms. */
  readonly leaseMs: number;
  /** How long an instance must be missing before it is believed gone, ms: two heartbeats. When the controller reads from a
   *  primary that was cut off, all leases there run out within one heartbeat, and an empty registry proves nothing. */
  readonly missingMs: number;
  /** How long a hint outranks the rooms' claims, ms: a room is pinned before it moves. */
  readonly hintMs: number;
}

export const noBelief: Belief = {
  servers: new Map(),
  pins: new Map(),
  hints: new Map(),
  steadySince: undefined,
  pulseAt: undefined,
};

/** Whether an instance that is not in the registry may be taken for gone. */
export function trusted(belief: Belief, now: number, limits: BeliefLimits): boolean {
  return (
    belief.steadySince !== undefined &&
    belief.pulseAt !== undefined &&
    now - belief.steadySince >= limits.leaseMs &&
    now - belief.pulseAt <= limits.leaseMs / 2
  );
}

/** Redis did not answer, or answered nonsense: what was believed stays, and trust starts anew. */
export function unanswered(belief: Belief): Belief {
  return { ...belief, steadySince: undefined };
}

/**
 * The controller's own heartbeat went through.
 * @param renewed false when its entry had gone: then the others' may have gone for the same reason.
 */
export function pulse(belief: Belief, renewed: boolean, now: number, limits: BeliefLimits): Belief {
  const gap = belief.pulseAt === undefined || now - belief.pulseAt > limits.leaseMs / 2;
  return { ...belief, pulseAt: now, steadySince: renewed && !gap ? belief.steadySince : undefined };
}

/** Rooms were assigned, or are about to be. */
export function hinted(belief: Belief, assigned: ReadonlyMap<RoomCode, number>, now: number): Belief {
  const hints = new Map(belief.hints);
  for (const [room, number] of assigned) hints.set(room, { number, at: now });
  return { ...belief, hints };
}

/** The pins that HAProxy should have. */
export function wantedPins(belief: Belief): Map<RoomCode, number> {
  const pins = new Map(belief.pins);
  for (const [room, { number }] of belief.hints) pins.set(room, number);
  return pins;
}

/** Takes a reading in. */
export function believe(belief: Belief, reading: Reading, now: number, limits: BeliefLimits): Belief {
  const empty = reading.targets.length === 0 && reading.waiting.size === 0;
  const steadySince = empty ? undefined : (belief.steadySince ?? now);
  const sure = trusted({ ...belief, steadySince }, now, limits);

  const servers = new Map<InstanceId, Believed>();
  for (const [name, { target, missingSince = now }] of belief.servers) {
    if (reading.stopped.has(name) || (sure && now - missingSince >= limits.missingMs)) continue;
    servers.set(name, { target, missingSince });
  }
  for (const target of reading.targets) servers.set(target.name, { target, missingSince: undefined });

  const hints = new Map([...belief.hints].filter(([, { at }]) => reading.at - at < limits.hintMs));
  const pins = reading.claims ? believedPins(belief, reading.claims, servers, sure) : belief.pins;
  return { ...belief, servers, pins, hints, steadySince };
}

/** The claims; and those of before where the reading cannot have them. */
function believedPins(
  belief: Belief,
  claims: ReadonlyMap<RoomCode, number>,
  servers: ReadonlyMap<InstanceId, Believed>,
  sure: boolean,
): Map<RoomCode, number> {
  const kept = new Set<number>();
  for (const { target, missingSince } of servers.values()) {
    if (!sure || missingSince !== undefined) kept.add(target.number);
  }
  return new Map([...[...belief.pins].filter(([, number]) => kept.has(number)), ...claims]);
}
