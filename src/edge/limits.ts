/** Bounds on what one client may do. */
import type { Seat } from '../game/game.js';
import type { RoomCode } from '../protocol/ids.js';
import type { Clock } from '../runtime/clock.js';

/** Largest frame from a client, bytes. */
export const MAX_FRAME_BYTES = 4_096;
/** Largest HTTP body, bytes. */
export const MAX_BODY_BYTES = 4_096;
/** What may wait for a slow reader, bytes. */
export const MAX_BUFFERED_BYTES = 1_048_576;
/** What a socket may say before its room is open. */
export const MAX_EARLY_MESSAGES = 20;
/** A socket says hello within this, ms. */
export const HELLO_TIMEOUT_MS = 5_000;

/** What one socket may say to its table in words of its own: so much at a time, and again after so long, ms. */
export const TALK_BURST = 4;
export const TALK_EVERY_MS = 2_000;

/** So many buckets are kept, at least, before those that are full again are forgotten. */
const KEPT_BUCKETS = 1_000;

/** A bucket for each seat that gives commands without a connection of its own. */
export class SeatBuckets {
  private readonly buckets = new Map<string, TokenBucket>();
  private most = KEPT_BUCKETS;

  constructor(
    private readonly clock: Clock,
    private readonly rate: number,
  ) {}

  /** True when the seat may give another command; those who have none in the room share one bucket. */
  take(room: RoomCode, seat: Seat | undefined): boolean {
    const holder = `${room} ${seat}`;
    let bucket = this.buckets.get(holder);
    if (bucket === undefined) {
      if (this.buckets.size >= this.most) this.forgetIdle();
      bucket = new TokenBucket(this.clock, this.rate);
      this.buckets.set(holder, bucket);
    }
    return bucket.take();
  }

  private forgetIdle(): void {
    for (const [holder, bucket] of this.buckets) if (bucket.isFull) this.buckets.delete(holder);
    this.most = Math.max(KEPT_BUCKETS, 2 * this.buckets.size);
  }
}

/** `rate` tokens a second, at most `burst` at a time. */
export class TokenBucket {
  private tokens: number;
  private filledAt: number;

  constructor(
    private readonly clock: Clock,
    private readonly rate: number,
    private readonly burst = 2 * rate,
  ) {
    this.tokens = burst;
    this.filledAt = clock.monotonic();
  }

  /** Whether nothing has been taken lately. */
  get isFull(): boolean {
    this.fill();
    return this.tokens >= this.burst;
  }

  /** True when there was a token left. */
  take(): boolean {
    this.fill();
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  private fill(): void {
    const now = this.clock.monotonic();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.filledAt) * this.rate) / 1_000);
    this.filledAt = now;
  }
}
