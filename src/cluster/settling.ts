/**
 * What follows when the connection to Redis comes back. It may lead to a copy that lacks the last writes, claims among
 * them: such a copy calls a room free, or a dead instance's, that is played. Owners look at once and claim again what was
 * taken back; until they had the time, nobody takes a room.
 */
import { generationOf, type RedisConnection } from '../redis/client.js';
import type { Mailbox } from '../room/mailbox.js';
import { type Clock, sleep } from '../runtime/clock.js';

/** For an owner to come back to Redis as well and to ask for its rooms, ms. */
const SETTLE_MS = 1_000;

export class Settling {
  private until = Number.NEGATIVE_INFINITY;

  constructor(
    redis: RedisConnection,
    private readonly clock: Clock,
    rooms: () => Iterable<Pick<Mailbox, 'prove'>>,
  ) {
    redis.on('connect', () => {
      if (generationOf(redis) === 1) return;
      this.until = clock.monotonic() + SETTLE_MS;
      for (const room of rooms()) room.prove(0);
    });
  }

  /** Resolves when a room may be claimed: at once, unless the connection has just come back. */
  async settled(): Promise<void> {
    for (let left = this.left(); left > 0; left = this.left()) await sleep(this.clock, left);
  }

  private left(): number {
    return this.until - this.clock.monotonic();
  }
}
