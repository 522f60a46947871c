/**
 * Which rooms an instance owns, so that the survivors find the orphans of a dead one and HAProxy's controllers know all
 * pins. An index: written before a claim, it may name too many rooms, never too few; meta tells the truth, and the owner
 * compares the two now and then (`index-reconciler.ts`).
 */
import type { InstanceId, RoomCode } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Keyspace } from '../redis/keys.js';

export class RoomIndex {
  private readonly keys: Keyspace;
  /** Ids that this process has entered among those that have an index: one that the registry has lost is found by them. */
  private readonly entered = new Set<InstanceId>();

  constructor(private readonly redis: RedisConnection) {
    this.keys = redis.keyspace;
  }

  async add(id: InstanceId, code: RoomCode): Promise<void> {
    if (!this.entered.has(id)) await this.enter(id);
    await this.redis.sadd(this.keys.roomsOf(id), code);
  }

  /** Makes sure that the index of `id` can be found without knowing `id`. */
  async enter(id: InstanceId): Promise<void> {
    await this.redis.sadd(this.keys.indexed, id);
    this.entered.add(id);
  }

  async remove(id: InstanceId, code: RoomCode): Promise<void> {
    await this.redis.srem(this.keys.roomsOf(id), code);
  }

  async rooms(id: InstanceId): Promise<RoomCode[]> {
    return (await this.redis.smembers(this.keys.roomsOf(id))) as RoomCode[];
  }

  /** How many rooms the index of `id` names. */
  async size(id: InstanceId): Promise<number> {
    return this.redis.scard(this.keys.roomsOf(id));
  }

  /** All ids that have an index, dead or alive. */
  async ids(): Promise<InstanceId[]> {
    return (await this.redis.smembers(this.keys.indexed)) as InstanceId[];
  }

  /** Forgets all of a dead instance. */
  async forget(id: InstanceId): Promise<void> {
    this.entered.delete(id);
    await Promise.all([this.redis.del(this.keys.roomsOf(id)), this.redis.srem(this.keys.indexed, id)]);
  }

  /** Last heartbeat of an instance, alive or not, in its own cluster time, ms; 0 when it is not known any more. */
  async lastSeen(id: InstanceId): Promise<number> {
    return Number((await this.redis.zscore(this.keys.instances, id)) ?? 0);
  }
}
