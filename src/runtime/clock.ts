/**
 * The one source of time. `now` is cluster time: Redis' clock carried on by this process's monotonic clock, so that no
 * clock that jumps, or is an hour wrong, changes a deadline: neither that of this host nor that of Redis'.
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
/** By how much faster or slower cluster time passes while it is off Redis' clock. */
const SLEW = 0.005;
/** Time without a reading that counts for the slew, at most. */
const SLEWED_MS = 5_000;

/** What a process knows of time without asking anybody: how much of it passes. */
export type Ticks = Pick<Clock, 'monotonic' | 'after'>;

/**
 * Cluster time: the monotonic time of this process, put where Redis' clock was at the first reading and from then on only
 * slewed towards it.
 *
 * INVARIANT: it never goes back, and passes at most half a per cent faster or slower than time itself. When Redis' clock
 * steps (NTP, a failover to another host) no deadline moves; processes may then differ in cluster time by as much. Who
 * takes a room over moves its deadlines by that difference (see `Ownership`).
 */
export class ClusterClock implements Clock {
  /** The last reading of Redis' clock, monotonic ms. */
  private readAt: number | undefined;

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
   * Redis' clock says `redisTimeMs`, as read by a request that was sent at `sentAt` (monotonic) and answered now. Half the
   * round trip is the estimate's error.
   */
  synchronise(redisTimeMs: number, sentAt: number): void {
    const now = this.monotonic();
    const roundTrip = now - sentAt;
    const error = redisTimeMs + roundTrip / 2 - (now + this.offset);
    const { readAt } = this;
    this.readAt = now;
    if (readAt === undefined) {
      this.offset += error;
    } else if (Math.abs(error) > Math.max(TOLERANCE_MS, roundTrip)) {
      const most = SLEW * Math.min(SLEWED_MS, now - readAt);
      this.offset += Math.max(-most, Math.min(most, error));
    }
  }
}

const systemTicks: Ticks = {
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    if (delayMs <= 0) {
      const turn = setImmediate(callback);
      return { cancel: () => clearImmediate(turn) };
    }
    const timer = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS));
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
