/**
 * Which rooms an instance owns, so that the survivors find the orphans of a dead one and HAProxy's controllers know all
 * pins. An index: written before a claim, it may name too many rooms, never too few; meta tells the truth.
 */
import type { InstanceId, RoomCode } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';

const key = (id: InstanceId) => `hokm:instance:${id}:rooms`;

export class RoomIndex {
  constructor(private readonly redis: RedisConnection) {}

  async add(id: InstanceId, code: RoomCode): Promise<void> {
    await this.redis.sadd(key(id), code);
  }

  async remove(id: InstanceId, code: RoomCode): Promise<void> {
    await this.redis.srem(key(id), code);
  }

  async rooms(id: InstanceId): Promise<RoomCode[]> {
    return (await this.redis.smembers(key(id))) as RoomCode[];
  }

  /** Forgets all of a dead instance. */
  async forget(id: InstanceId): Promise<void> {
    await this.redis.del(key(id));
  }

  /** Last heartbeat of an instance, alive or not, in its own cluster time, ms; 0 when it is not known any more. */
  async lastSeen(id: InstanceId): Promise<number> {
    return Number((await this.redis.zscore('service:hokm:instances', id)) ?? 0);
  }
}
