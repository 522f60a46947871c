/**
 * Orders of the autoscaler carry the number of its lock. Whoever carries them out keeps the highest it has seen and
 * refuses lower ones: they come from a holder that woke up too late.
 *
 * INVARIANT: no forged number is obeyed, nor shuts the autoscaler out: one above what the lock has given out is refused. Where
 * Redis has lost what that was, as where its clock was wrong, a number shuts nobody out for longer than LEAD_S: one that the
 * lock cannot have reached yet is refused, and one that was taken while it could is forgotten when it no longer can.
 */

/** The lock's numbers follow the seconds since the start of 2025 (`lockTake-2.lua`), s since the epoch. */
const NUMBERS_SINCE = 1_735_689_600;
/** How far they may be ahead: many turns of the lock within a second, and a clock that was set back, s. */
const LEAD_S = 3_600;

/** The highest number that the lock can have reached by `now`, ms since the epoch by Redis' clock. */
export const latestFencing = (now: number): number => Math.floor(now / 1_000) - NUMBERS_SINCE + LEAD_S;

/** What Redis says of the lock's numbers. */
export interface FencingBounds {
  /** The highest that can have been given out by now. */
  readonly latest: number;
  /** The last that was given out; undefined where that is not known, as after a loss of data. */
  readonly given?: number | undefined;
}

const UNBOUNDED: FencingBounds = { latest: Number.POSITIVE_INFINITY };

export class Fencing {
  private highest = 0;

  /**
   * Whether an order with this number counts; one without a number is nobody's who needs a lock. What was obeyed before is
   * forgotten by the clock alone: a failover may have lost the last number that was given out.
   */
  admits(fencing: number | undefined, { latest, given = latest }: FencingBounds = UNBOUNDED): boolean {
    if (fencing === undefined) return true;
    if (fencing > latest || fencing > given) return false;
    if (this.highest > latest) this.highest = 0;
    if (fencing < this.highest) return false;
    this.highest = fencing;
    return true;
  }

  /** The highest number seen; 0: none yet. */
  get seen(): number {
    return this.highest;
  }
}
