/**
 * Which rooms an instance owns, so that the survivors find the orphans of a dead one and HAProxy's controllers know all
 * pins. An index: written before a claim, it may name too many rooms, never too few; meta tells the truth, and the owner
 * compares the two now and then (`index-reconciler.ts`).
 */
import type { InstanceId, RoomCode } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';

const key = (id: InstanceId) => `hokm:instance:${id}:rooms`;
/** The ids that have an index: one that the registry has lost is found by it. */
const INDEXED = 'hokm:instances:indexed';

export class RoomIndex {
  /** Ids that this process has entered in INDEXED. */
  private readonly entered = new Set<InstanceId>();

  constructor(private readonly redis: RedisConnection) {}

  async add(id: InstanceId, code: RoomCode): Promise<void> {
    if (!this.entered.has(id)) await this.enter(id);
    await this.redis.sadd(key(id), code);
  }

  /** Makes sure that the index of `id` can be found without knowing `id`. */
  async enter(id: InstanceId): Promise<void> {
    await this.redis.sadd(INDEXED, id);
    this.entered.add(id);
  }

  async remove(id: InstanceId, code: RoomCode): Promise<void> {
    await this.redis.srem(key(id), code);
  }

  async rooms(id: InstanceId): Promise<RoomCode[]> {
    return (await this.redis.smembers(key(id))) as RoomCode[];
  }

  /** How many rooms the index of `id` names. */
  async size(id: InstanceId): Promise<number> {
    return this.redis.scard(key(id));
  }

  /** All ids that have an index, dead or alive. */
  async ids(): Promise<InstanceId[]> {
    return (await this.redis.smembers(INDEXED)) as InstanceId[];
  }

  /** Forgets all of a dead instance. */
  async forget(id: InstanceId): Promise<void> {
    this.entered.delete(id);
    await Promise.all([this.redis.del(key(id)), this.redis.srem(INDEXED, id)]);
  }

  /** Last heartbeat of an instance, alive or not, in its own cluster time, ms; 0 when it is not known any more. */
  async lastSeen(id: InstanceId): Promise<number> {
    return Number((await this.redis.zscore('service:hokm:instances', id)) ?? 0);
  }
}
