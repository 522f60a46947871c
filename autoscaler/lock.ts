/**
 * One at a time: daemon, its standby and cron jobs share a lock in Redis. It is renewed at a third of its life, freed by
 * compare-and-delete, and comes with a number that every effect carries: whoever sees it refuses a lower one.
 */
import type { RedisConnection } from '../src/redis/client.js';
import type { Clock, Timer } from '../src/runtime/clock.js';
import type { Logger } from '../src/runtime/log.js';

/** The lock is lost: what was about to be done must not be done any more. */
export class LockLost extends Error {
  override readonly name = 'LockLost';
}

export interface LockDeps {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly log: Logger;
  /** Unique: a name for people and something random. */
  readonly token: string;
  readonly ttlMs: number;
}

export type TakeReply = { readonly lock: Lock } | { readonly holder: string; readonly ms: number };

export class Lock {
  private timer: Timer | undefined;
  private released = false;

  private constructor(
    private readonly deps: LockDeps,
    readonly fencing: number,
    /** Monotonic: from then on Redis may have given it to another, ms. */
    private validUntil: number,
  ) {
    this.renewLater();
  }

  /** Takes it, or says who has it. @throws when Redis does not answer */
  static async take(deps: LockDeps): Promise<TakeReply> {
    const { redis, clock, token, ttlMs } = deps;
    const sentAt = clock.monotonic();
    const reply = await redis.lockTake(
      redis.keyspace.autoscaler.lock,
      redis.keyspace.autoscaler.fencing,
      token,
      String(ttlMs),
    );
    if (reply[0] === 'held') return { holder: reply[1], ms: reply[2] };
    return { lock: new Lock(deps, reply[1], sentAt + ttlMs) };
  }

  /** Whether it is certainly still ours: also false after this process stood still for too long. */
  get held(): boolean {
    return !this.released && this.deps.clock.monotonic() < this.validUntil;
  }

  /** @throws LockLost */
  assertHeld(): void {
    if (!this.held) throw new LockLost('The lock is lost: another autoscaler may be at work. Nothing more is done.');
  }

  /** Frees it, if it is still ours. Never throws: it ends by itself. */
  async release(): Promise<void> {
    const was = this.held;
    this.released = true;
    this.timer?.cancel();
    if (was)
      await this.deps.redis
        .lockRelease(this.deps.redis.keyspace.autoscaler.lock, this.deps.token)
        .catch(() => undefined);
  }

  /** Prolongs it now. */
  async renew(): Promise<void> {
    const { redis, clock, token, ttlMs, log } = this.deps;
    if (this.released) return;
    const sentAt = clock.monotonic();
    try {
      if ((await redis.lockRenew(redis.keyspace.autoscaler.lock, token, String(ttlMs))) === 1) {
        this.validUntil = Math.max(this.validUntil, sentAt + ttlMs);
      } else {
        // Freed by hand, or a failover forgot it: another may have it already.
        this.validUntil = Number.NEGATIVE_INFINITY;
        log.warn('the lock is lost');
      }
    } catch (error) {
      log.warn({ err: (error as Error).message }, 'the lock is not renewed');
    }
  }

  private renewLater(): void {
    const { clock, ttlMs } = this.deps;
    this.timer = clock.after(ttlMs / 3, () => {
      void this.renew().finally(() => {
        if (!this.released && this.held) this.renewLater();
      });
    });
  }
}
