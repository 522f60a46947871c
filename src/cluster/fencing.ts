/**
 * Orders of the autoscaler carry the number of its lock. Whoever carries them out keeps the highest it has seen and
 * refuses lower ones: they come from a holder that woke up too late.
 */
export class Fencing {
  private highest = 0;

  /** Whether an order with this number counts; one without a number is nobody's who needs a lock. */
  admits(fencing: number | undefined): boolean {
    if (fencing === undefined) return true;
    if (fencing < this.highest) return false;
    this.highest = fencing;
    return true;
  }

  /** The highest number seen; 0: none yet. */
  get seen(): number {
    return this.highest;
  }
}
