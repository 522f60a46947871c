/**
 * How far off forecasts were: quantiles of standardised residuals over the last days, from histograms kept by day. PURE.
 */

/** Bins grow with the distance from 0: 2.5 % wide at the far ends, `SMALLEST` near 0. */
const SMALLEST = 0.005;
const PER_UNIT = 40;
const HALF = 400;
const BINS = 2 * HALF;

export class Margins {
  private readonly days: Uint16Array[];
  private readonly total = new Uint32Array(BINS);
  private count = 0;
  private day = 0;
  private readonly found: Float64Array;
  /** Share of the residuals above each bin, as of the last night. */
  private readonly above = new Float64Array(BINS);

  constructor(
    private readonly quantiles: readonly number[],
    days: number,
  ) {
    this.days = Array.from({ length: days }, () => new Uint16Array(BINS));
    this.found = new Float64Array(quantiles.length);
  }

  add(residual: number): void {
    const bin = binOf(residual);
    const today = this.days[this.day] as Uint16Array;
    today[bin] = (today[bin] as number) + 1;
  }

  /** Finds the quantiles of all days kept, and begins the next day. */
  endDay(): void {
    const { total } = this;
    const today = this.days[this.day] as Uint16Array;
    for (let bin = 0; bin < BINS; bin++) {
      const more = today[bin] as number;
      total[bin] = (total[bin] as number) + more;
      this.count += more;
    }
    let higher = 0;
    for (let bin = BINS - 1; bin >= 0; bin--) {
      this.above[bin] = this.count === 0 ? 0 : higher / this.count;
      higher += total[bin] as number;
    }
    for (const [slot, quantile] of this.quantiles.entries()) this.found[slot] = this.search(quantile);
    this.day = (this.day + 1) % this.days.length;
    const oldest = this.days[this.day] as Uint16Array;
    for (let bin = 0; bin < BINS; bin++) {
      const fewer = oldest[bin] as number;
      total[bin] = (total[bin] as number) - fewer;
      this.count -= fewer;
    }
    oldest.fill(0);
  }

  /** By the position of the quantile in the list given at the start; as of the last night. */
  at(slot: number): number {
    return this.found[slot] ?? 0;
  }

  /**
   * The margin beyond which a further `step` is not worth it: the smallest, from 0, whose next step would catch at most
   * 1 - quantile of the residuals. Where the tail is thin that is the quantile itself; a long tail is not chased.
   */
  worth(slot: number, step: number): number {
    const rare = 1 - (this.quantiles[slot] as number);
    const most = Math.max(0, this.at(slot));
    let low = HALF;
    let high = binOf(most);
    if (high <= low) return 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      const beyond = Math.min(BINS - 1, binOf(edge(middle) + step));
      const caught = (this.above[middle] as number) - (this.above[beyond] as number);
      if (caught <= rare) high = middle;
      else low = middle + 1;
    }
    return Math.min(most, edge(low));
  }

  private search(quantile: number): number {
    if (this.count === 0) return 0;
    // From the top, so that the far quantiles take few steps.
    let above = (1 - quantile) * this.count;
    for (let bin = BINS - 1; bin >= 0; bin--) {
      above -= this.total[bin] as number;
      if (above < 0) return edge(bin);
    }
    return edge(0);
  }
}

function binOf(residual: number): number {
  const size = Math.min(HALF - 1, Math.floor(Math.log1p(Math.abs(residual) / SMALLEST) * PER_UNIT));
  return residual >= 0 ? HALF + size : HALF - 1 - size;
}

/** The upper edge of a bin. */
function edge(bin: number): number {
  return bin >= HALF
    ? SMALLEST * Math.expm1((bin - HALF + 1) / PER_UNIT)
    : -SMALLEST * Math.expm1((HALF - 1 - bin) / PER_UNIT);
}
