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

/** What a process knows of time without asking anybody: how much of it passes. */
export type Ticks = Pick<Clock, 'monotonic' | 'after'>;

/** Cluster time: the monotonic time of this process, moved to where Redis' clock is. */
export class ClusterClock implements Clock {
  /** @param offset cluster time minus monotonic time as first believed, ms. */
  constructor(
    private readonly ticks: Ticks,
    private offset: number,
  ) {}

  now(): number {
    return Math.round(this.monotonic() + this.offset);
  }

  monotonic(): number {
    return this.ticks.monotonic();
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.ticks.after(delayMs, callback);
  }

  /**
   * Moves cluster time to `redisTimeMs`, as read by a request that was sent at `sentAt` (monotonic) and answered now.
   * Half the round trip is the estimate's error; a slow answer is not used.
   */
  synchronise(redisTimeMs: number, sentAt: number): void {
    const roundTrip = this.monotonic() - sentAt;
    if (roundTrip > 200) return;
    const estimate = redisTimeMs + roundTrip / 2;
    const error = estimate - (this.monotonic() + this.offset);
    if (Math.abs(error) > Math.max(TOLERANCE_MS, roundTrip)) this.offset += error;
  }
}

const systemTicks: Ticks = {
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_DELAY_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** The clock of this machine. */
export class SystemClock extends ClusterClock {
  constructor() {
    super(systemTicks, performance.timeOrigin);
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
