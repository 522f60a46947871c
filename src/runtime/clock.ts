/**
 * The one source of time. `now` is cluster time: Redis' clock carried on by this process's monotonic clock, so that a
 * wall clock that jumps, or is an hour wrong, changes no deadline.
 */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Cluster time, milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number;
  /** Calls `callback` once, `delayMs` from now (0 or less: on the next turn of the event loop). */
  after(delayMs: number, callback: () => void): Timer;
}

/** Longest delay a Node timer takes; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** Disagreements below this are the network's, not the clock's. */
const TOLERANCE_MS = 20;

export class SystemClock implements Clock {
  private offset = performance.timeOrigin;

  now(): number {
    return Math.round(performance.now() + this.offset);
  }

  monotonic(): number {
    return performance.now();
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_DELAY_MS));
    return { cancel: () => clearTimeout(timer) };
  }

  /**
   * Moves cluster time to `redisTimeMs`, as read by a request that was sent at `sentAt` (monotonic) and answered now.
   * Half the round trip is the estimate's error; a slow answer is not used.
   */
  synchronise(redisTimeMs: number, sentAt: number): void {
    const roundTrip = performance.now() - sentAt;
    if (roundTrip > 200) return;
    const estimate = redisTimeMs + roundTrip / 2;
    const error = estimate - (performance.now() + this.offset);
    if (Math.abs(error) > Math.max(TOLERANCE_MS, roundTrip)) this.offset += error;
  }
}

/** Resolves `ms` milliseconds from now. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

/** A time, ms since the epoch, as ISO-8601 in UTC. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** A time, ms since the epoch, as a calendar and a clock in UTC show it; months from 1, Sunday is 0. */
export function calendar(ms: number): { minute: number; hour: number; day: number; month: number; weekday: number } {
  const time = new Date(ms);
  return {
    minute: time.getUTCMinutes(),
    hour: time.getUTCHours(),
    day: time.getUTCDate(),
    month: time.getUTCMonth() + 1,
    weekday: time.getUTCDay(),
  };
}
