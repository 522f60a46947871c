import type { InstanceId, RoomCode } from '../protocol/ids.js';
import { crockford } from '../runtime/random.js';

/** A fresh code: 40 random bits. */
export function newRoomCode(): RoomCode {
  return crockford(8) as RoomCode;
}

/** A fresh instance id, as `game-K3Q9TZ2M`; also its name on HAProxy's stats page. */
export function newInstanceId(): InstanceId {
  return `game-${crockford(8)}` as InstanceId;
}
