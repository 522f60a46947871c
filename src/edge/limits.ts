/** Bounds on what one client may do. */
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

  /** True when there was a token left. */
  take(): boolean {
    const now = this.clock.monotonic();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.filledAt) * this.rate) / 1_000);
    this.filledAt = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
