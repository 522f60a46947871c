/**
 * Rooms that cannot be played: what is stored does not add up, or the room failed while it was played. Each is set aside
 * once, with its reason, and is left alone until an operator asks for it again or a newer version of the software comes.
 */
import type { InstanceId, RoomCode } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Failure, Fence, RoomStore } from '../room/store.js';
import { type Clock, sleep } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { RoomIndex } from './room-index.js';

/** For operators to look into it. */
const KEEP_MS = 7 * 86_400_000;
const ATTEMPTS = 20;
const RETRY_MS = 500;

export interface FailedRoomsDeps {
  readonly id: InstanceId;
  readonly redis: RedisConnection;
  readonly store: Pick<RoomStore, 'setAside'>;
  readonly index: Pick<RoomIndex, 'remove'>;
  /** Of the software. */
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export class FailedRooms {
  constructor(private readonly deps: FailedRoomsDeps) {}

  /** Whether this version of the software may do better than the one that has failed. */
  mayTry({ version }: Failure): boolean {
    return isNewer(this.deps.version, version);
  }

  /** Sets a room aside that this instance owns. Tries for a while when the store does not answer. Never throws. */
  async setAside(code: RoomCode, fence: Fence, why: string): Promise<void> {
    const { id, redis, store, index, version, clock, log } = this.deps;
    const failure: Failure = { why, at: clock.now(), version };
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { outcome } = await store.setAside(code, fence, failure, KEEP_MS);
      if (outcome !== 'unknown') {
        const { failedRooms } = redis.keyspace;
        const noted =
          outcome === 'ok' ? [redis.zadd(failedRooms, failure.at, code), redis.pexpire(failedRooms, KEEP_MS)] : [];
        try {
          await Promise.all([...noted, index.remove(id, code)]);
          if (outcome === 'ok') log.error({ room: code, epoch: fence.epoch, why }, 'room set aside');
          return;
        } catch {
          // An operator would not find it: all of it is done again.
        }
      }
      await sleep(clock, RETRY_MS);
    }
    log.error({ room: code, why }, 'failed room not set aside, or not noted: no answer');
  }
}

/** Whether version `a`, as `1.2.3`, is above `b`. */
export function isNewer(a: string, b: string): boolean {
  return a.localeCompare(b, 'en', { numeric: true }) > 0;
}
