/**
 * How far off forecasts were: quantiles of standardised residuals over the last days, from histograms kept by day. PURE.
 */

/**
 * A residual's bin is cut out of its own bits: the exponent and 5 bits of the mantissa of a 32-bit float, so bins are 2 to
 * 3 % wide, and `SMALLEST` near 0. Millions of residuals are sorted in; a logarithm for each was most of the time.
 */
const SMALLEST = 0.005;
const HALF = 460;
const BINS = 2 * HALF;
const SHIFT = 18;
const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);
float[0] = SMALLEST;
const FIRST = (bits[0] as number) >> SHIFT;

export class Margins {
  private readonly days: Uint16Array[];
  private readonly total = new Uint32Array(BINS);
  private count = 0;
  private day = 0;
  private readonly found: Float64Array;
  /** The bin of the largest residual, as of the last night. */
  private largest = HALF;
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
    this.largest = HALF;
    for (let bin = BINS - 1; bin >= 0; bin--) {
      this.above[bin] = this.count === 0 ? 0 : higher / this.count;
      if (higher === 0 && (total[bin] as number) > 0) this.largest = Math.max(HALF, bin);
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
   * The margin beyond which a further `step` is not worth it. A step may be as rarely needed as safety is cheap: at a
   * margin of `dearest` it must catch more than 1 - quantile of the residuals, at a share s of that s² as much. So where
   * errors are smaller than a step the largest of all is covered, and a long tail is not chased.
   * @param dearest the largest margin there may be, in the unit of the residuals
   */
  worth(slot: number, step: number, dearest: number): number {
    const rare = 1 - (this.quantiles[slot] as number);
    const most = Math.min(dearest, edge(this.largest));
    let low = HALF;
    let high = Math.min(this.largest, binOf(most));
    if (high <= low) return 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      const margin = edge(middle);
      const beyond = Math.min(BINS - 1, binOf(margin + step));
      const caught = (this.above[middle] as number) - (this.above[beyond] as number);
      if (caught <= rare * (margin / dearest) ** 2) high = middle;
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
  float[0] = Math.abs(residual) + SMALLEST;
  const size = Math.min(HALF - 1, ((bits[0] as number) >> SHIFT) - FIRST);
  return residual >= 0 ? HALF + size : HALF - 1 - size;
}

/** The outer edge of a bin. */
function edge(bin: number): number {
  bits[0] = ((bin >= HALF ? bin - HALF : HALF - 1 - bin) + 1 + FIRST) << SHIFT;
  const distance = (float[0] as number) - SMALLEST;
  return bin >= HALF ? distance : -distance;
}
