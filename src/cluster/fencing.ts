/**
 * Orders of the autoscaler carry the number of its lock. Whoever carries them out keeps the highest it has seen and
 * refuses lower ones: they come from a holder that woke up too late.
 *
 * INVARIANT: no number, forged or given out while Redis' clock was wrong, shuts the autoscaler out for longer than LEAD_S:
 * one that the lock cannot have reached yet is refused, and one that was taken while it could is forgotten when it no longer can.
 */

/** The lock's numbers follow the seconds since the start of 2025 (`lockTake-2.lua`), s since the epoch. */
const NUMBERS_SINCE = 1_735_689_600;
/** How far they may be ahead: many turns of the lock within a second, and a clock that was set back, s. */
const LEAD_S = 3_600;

/** The highest number that the lock can have reached by `now`, ms since the epoch by Redis' clock. */
export const latestFencing = (now: number): number => Math.floor(now / 1_000) - NUMBERS_SINCE + LEAD_S;

export class Fencing {
  private highest = 0;

  /**
   * Whether an order with this number counts; one without a number is nobody's who needs a lock.
   * @param latest highest number that can be
   */
  admits(fencing: number | undefined, latest = Number.POSITIVE_INFINITY): boolean {
    if (fencing === undefined) return true;
    if (fencing > latest) return false;
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
