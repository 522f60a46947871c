/** What this minute of the week (or of the day) looked like before: the seasonal part of a forecast. PURE. */

const DAY_MIN = 1440;
const WEEK_MIN = 7 * DAY_MIN;
/** Kept, minutes: more than any look back, plus the smoothing. */
const KEPT_MIN = 5 * WEEK_MIN;
/** Weekly from 8 days of history on: the first day has then been seen twice. */
const WEEKLY_FROM_MIN = 8 * DAY_MIN;
const WEEKS = 3;
const DAYS = 5;
/** Half the width of the smoothing, minutes: wide enough that the noise of single minutes is not copied. */
const HALF_WIDTH = 10;

export class Profile {
  /** Running sums over known minutes, so that a mean over any span is two subtractions. */
  private readonly sums = new Float64Array(KEPT_MIN);
  private readonly counts = new Float64Array(KEPT_MIN);
  private first = -1;
  private last = -1;
  private sum = 0;
  private count = 0;

  /** The next minute's value; NaN when it is missing. */
  push(minute: number, value: number): void {
    if (this.first < 0) this.first = minute;
    this.last = minute;
    if (!Number.isNaN(value)) {
      this.sum += value;
      this.count += 1;
    }
    this.sums[minute % KEPT_MIN] = this.sum;
    this.counts[minute % KEPT_MIN] = this.count;
  }

  /** Known minutes so far. */
  get known(): number {
    return this.count;
  }

  get weekly(): boolean {
    return this.last - this.first >= WEEKLY_FROM_MIN;
  }

  /** The usual value round `minute`, as known at the last pushed minute; 0 when there is none. */
  at(minute: number): number {
    const [period, repeats] = this.weekly ? [WEEK_MIN, WEEKS] : [DAY_MIN, DAYS];
    let sum = 0;
    let found = 0;
    for (let back = minute - period, left = repeats; left > 0; back -= period) {
      if (back - HALF_WIDTH <= this.first || this.last - back >= KEPT_MIN - HALF_WIDTH - 2) break;
      // A forecast further ahead than the period looks one period further back.
      if (back + HALF_WIDTH > this.last) continue;
      left -= 1;
      const to = (back + HALF_WIDTH) % KEPT_MIN;
      const from = (back - HALF_WIDTH - 1) % KEPT_MIN;
      const count = (this.counts[to] ?? 0) - (this.counts[from] ?? 0);
      if (count < HALF_WIDTH) continue;
      sum += ((this.sums[to] ?? 0) - (this.sums[from] ?? 0)) / count;
      found += 1;
    }
    return found === 0 ? 0 : sum / found;
  }
}
