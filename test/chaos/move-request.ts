/** Asks an instance, through its inbox, to move rooms of its own to another; as the autoscaler does. */

import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { randomHex } from '../../src/runtime/random.js';
import { KEYS } from '../support/keys.js';

export type MoveWish =
  | { readonly room: RoomCode; readonly to: InstanceId }
  /** So many of its choice. */
  | { readonly rooms: number; readonly to: InstanceId };

export async function requestMove(redis: RedisConnection, owner: InstanceId, wish: MoveWish): Promise<void> {
  const message = { type: 'game_migration_request', ...wish, request: randomHex(8) };
  await redis.xadd(KEYS.inbox(owner), '*', 'message', JSON.stringify(message));
}
