/**
 * Who is there: instances and HAProxy controllers, each in a hash that lives as long as its lease, and in a sorted set
 * by last heartbeat. An entry says what its process says of itself; what it owns is decided by epochs, never here.
 */
import { z } from 'zod';
import type { InstanceId } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Keyspace } from '../redis/keys.js';
import { type FencingBounds, latestFencing } from './fencing.js';

export const INSTANCE_STATUS = ['starting', 'ready', 'draining', 'stopped'] as const;
export type InstanceStatus = (typeof INSTANCE_STATUS)[number];

const instanceSchema = z.object({
  id: z.string().transform((id) => id as InstanceId),
  /** Unique per process start, never reused; the server id on every HAProxy. */
  number: z.coerce.number().int().positive(),
  host: z.string(),
  port: z.coerce.number().int(),
  status: z.enum(INSTANCE_STATUS),
  /** Milliseconds since the epoch, Redis' clock. */
  started_at: z.coerce.number(),
  last_heartbeat: z.coerce.number(),
  active_games: z.coerce.number(),
  connected_players: z.coerce.number(),
  /** Of the process: share of one core, 0 to 1 and above. */
  cpu_usage: z.coerce.number(),
  /** Of the host: share of memory in use, 0 to 1. */
  memory_usage: z.coerce.number(),
  /** Of the host: share of all cores in use, 0 to 1. */
  host_cpu_usage: z.coerce.number().default(0),
  /** Resident memory of the process, bytes. */
  process_memory: z.coerce.number().default(0),
  /** p99 of the event loop's delay since the last heartbeat, ms. */
  event_loop_delay: z.coerce.number(),
  /** HAProxy weight by load, one of 4 steps: 64, 128, 192, 256. */
  weight: z.coerce.number().int(),
  /** Rooms the instance takes. */
  capacity: z.coerce.number().int(),
  region: z.string(),
  zone: z.string(),
  version: z.string(),
  /** `game@version` of every game it can play. */
  rules_versions: z.string().transform((text) => text.split(',')),
});

export type InstanceRecord = z.output<typeof instanceSchema>;
/** The fields an instance writes of itself. */
export type InstanceFields = Omit<z.input<typeof instanceSchema>, 'last_heartbeat'>;

/** Start of 2025, s since the epoch: what follows fits into HAProxy's 31 bits for 68 years. */
const NUMBERS_SINCE = 1_735_689_600;

export interface HeartbeatReply {
  /** False when the lease had run out (or this is the first heartbeat). */
  readonly renewed: boolean;
  /** Redis' clock, ms since the epoch. */
  readonly now: number;
  /** The mark of the heartbeat before, 0 where Redis has none. */
  readonly mark: number;
}

/** What a controller reports as `down` while its HAProxy does not answer; otherwise ids of instances, separated by commas. */
export const NOT_LOOKED = '?';

/** Longer than any Redis is away, and its clock steps, ms. */
const MARK_MS = 86_400_000;

export class Registry {
  private readonly keys: Keyspace;

  constructor(
    private readonly redis: RedisConnection,
    private readonly leaseMs: number,
  ) {
    this.keys = redis.keyspace;
  }

  /** Redis' clock, ms since the epoch. */
  async time(): Promise<number> {
    const [seconds, micros] = await this.redis.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }

  /** Which orders of the autoscaler can be meant. */
  async fencingBounds(): Promise<FencingBounds> {
    const [now, counter] = await Promise.all([this.time(), this.redis.get(this.keys.autoscaler.fencing)]);
    const given = counter === null ? undefined : Number(counter);
    return { latest: latestFencing(now), given: Number.isSafeInteger(given) ? given : undefined };
  }

  /**
   * A number that no process start had before. Where Redis has forgotten the last one it goes on from the time, which is
   * above all earlier numbers: HAProxy may still know a server by each of them.
   */
  async nextNumber(): Promise<number> {
    const floor = Math.floor((await this.time()) / 1_000) - NUMBERS_SINCE;
    const [, number] = await Promise.all([
      this.redis.set(this.keys.instanceNumber, String(floor), 'NX'),
      this.redis.incr(this.keys.instanceNumber),
    ]);
    return number;
  }

  /**
   * Writes the entry and renews the lease.
   * @param clusterTime the sender's, ms: when it was alive, in the time that its rooms' deadlines are in
   * @param mark a number above that of the heartbeat before (see `LossWatch`)
   */
  async heartbeat(fields: InstanceFields, clusterTime?: number, mark?: number): Promise<HeartbeatReply> {
    return this.renew(
      this.keys.instances,
      this.keys.instance(fields.id as InstanceId),
      fields.id,
      Object.entries(fields).flat().map(String),
      clusterTime,
      mark,
    );
  }

  /** The same for an HAProxy's controller; `report` is what it says of itself to operators. */
  async controllerHeartbeat(
    id: string,
    report: Readonly<Record<string, string | number>> = {},
  ): Promise<HeartbeatReply> {
    return this.renew(
      this.keys.controllers,
      this.keys.controller(id),
      id,
      Object.entries({ ...report, id })
        .flat()
        .map(String),
    );
  }

  private async renew(
    index: string,
    entry: string,
    id: string,
    fields: string[],
    clusterTime?: number,
    mark?: number,
  ): Promise<HeartbeatReply> {
    const keys = [entry, index, this.keys.mark(id)];
    const times = [String(this.leaseMs), String(clusterTime ?? ''), String(mark ?? ''), String(MARK_MS)];
    const [existed, now, before] = await this.redis.heartbeat(...keys, id, ...times, ...fields);
    return { renewed: existed === 1, now, mark: Number(before) };
  }

  /** The mark of the last heartbeat of `id`, 0 where Redis has none. */
  async mark(id: InstanceId): Promise<number> {
    return Number((await this.redis.get(this.keys.mark(id))) ?? 0);
  }

  /** Tells all who have started since that Redis has lost something. */
  async noteLoss(forMs: number): Promise<void> {
    await this.redis.set(this.keys.loss, '1', 'PX', forMs);
  }

  /** For how long that is told yet, ms. */
  async lossNotedFor(): Promise<number> {
    return Math.max(0, await this.redis.pttl(this.keys.loss));
  }

  /** Takes the entry out at once, as a process does that leaves in order and without rooms. */
  async remove(id: InstanceId): Promise<void> {
    await this.redis.multi().del(this.keys.instance(id)).zrem(this.keys.instances, id).exec();
  }

  /** Whether the id is in the list of instances, with a lease or without. */
  async isListed(id: InstanceId): Promise<boolean> {
    return (await this.redis.zscore(this.keys.instances, id)) !== null;
  }

  /** Puts an id into the list without a lease, so that its rooms are taken over. Changes nothing for one that is listed. */
  async listAsExpired(id: InstanceId): Promise<void> {
    await this.redis.zadd(this.keys.instances, 'NX', '0', id);
  }

  /** Ends the lease of an instance that may still have rooms: it stays listed, so that they are found. */
  async expire(id: InstanceId): Promise<void> {
    await this.redis.del(this.keys.instance(id));
  }

  async removeController(id: string): Promise<void> {
    await this.redis.multi().del(this.keys.controller(id)).zrem(this.keys.controllers, id).exec();
  }

  /** What the live controllers say of themselves, each with its `id` and `last_heartbeat`. */
  async controllerReports(): Promise<Record<string, string>[]> {
    const ids = await this.redis.zrange(this.keys.controllers, '0', '-1');
    const hashes = await Promise.all(ids.map((id) => this.redis.hgetall(this.keys.controller(id))));
    return hashes.filter((hash) => hash.id !== undefined);
  }

  /**
   * Instances that no HAProxy reaches: each that has looked calls them down. They may be well, and reached by us; players are
   * not sent to them.
   */
  async unreachable(): Promise<ReadonlySet<InstanceId>> {
    const views = (await this.controllerReports()).flatMap(({ down }) =>
      down === undefined || down === NOT_LOOKED ? [] : [new Set(down === '' ? [] : down.split(','))],
    );
    const [first = new Set<string>(), ...others] = views;
    return new Set([...first].filter((id) => others.every((view) => view.has(id))) as InstanceId[]);
  }

  /** The live controllers' ids. */
  async controllers(): Promise<string[]> {
    const ids = await this.redis.zrange(this.keys.controllers, '0', '-1');
    const live = await Promise.all(ids.map((id) => this.redis.exists(this.keys.controller(id))));
    return ids.filter((_, at) => live[at] === 1);
  }

  /** The instances whose lease runs, oldest heartbeat first, and the ids whose lease has run out (`expired`). */
  async list(): Promise<{ instances: InstanceRecord[]; expired: InstanceId[] }> {
    const ids = await this.redis.zrange(this.keys.instances, '0', '-1');
    const hashes = await Promise.all(ids.map((id) => this.redis.hgetall(this.keys.instance(id as InstanceId))));
    const instances: InstanceRecord[] = [];
    const expired: InstanceId[] = [];
    for (const [at, hash] of hashes.entries()) {
      const parsed = instanceSchema.safeParse(hash);
      if (parsed.success) instances.push(parsed.data);
      else if (Object.keys(hash).length === 0) expired.push(ids[at] as InstanceId);
    }
    return { instances, expired };
  }

  /** The entry of `id`, or undefined when its lease has run out. */
  async get(id: InstanceId): Promise<InstanceRecord | undefined> {
    return instanceSchema.safeParse(await this.redis.hgetall(this.keys.instance(id))).data;
  }

  /** Tells everybody that an instance has changed its status, comes or goes: a hint, which may be lost. Never throws. */
  async announce(): Promise<void> {
    const { broadcast } = this.keys.channels;
    await this.redis.publish(broadcast, JSON.stringify({ type: 'registry_changed' })).catch(() => undefined);
  }
}
