/**
 * One look ahead: candidates for the load `ahead` minutes from now, how wrong each was lately, and the best one for each
 * quantile. PURE.
 */
import { Margins } from './margins.js';
import { DailyRegression } from './regression.js';

/** Of the last minutes, as the learned candidate sees them. */
export const LAGS = [1, 2, 3, 5, 8, 13, 21] as const;
const FEATURES = LAGS.length + 3;
/** Longer than any look ahead. */
const RING = 128;

export const POINTS = ['persistence', 'trend', 'profile', 'learned'] as const;
export const SCALES = ['root', 'share', 'root, by recent surprise', 'share, by recent surprise'] as const;
const CANDIDATES = POINTS.length * SCALES.length;
const LEARNED = POINTS.indexOf('learned');

/** Below this load a residual is measured as if the load were this, instances. */
export const LOWEST = 0.05;
/** A change beyond so many usual deviations teaches no more than one of that size. */
const OUTLIER = 8;
/** Minutes over which surprise is called recent, and over which it is called usual. */
const RECENT = 20;
const USUAL = 2880;
/** Share of the recent surprise in the width of the band. */
const RECENT_SHARE = 0.5;
/** The profile's growth over one look ahead is believed within these. */
const LEAST_GROWTH = -0.5;
const MOST_GROWTH = 1;

/** Fleets above this size are thought of in this many steps. */
const FLEET_STEP = 20;

/** What a look ahead is made from. */
export interface Now {
  readonly load: number;
  /** The load at each of LAGS. */
  readonly lagged: Float64Array;
  /** A straight line's rise a minute over the last 15. */
  readonly slope: number;
  /** The usual value now, and `ahead` from now; 0 when unknown. */
  readonly usualNow: number;
  readonly usualThen: number;
  /** All minutes that it is made from are known: it may be learned from. */
  readonly whole: boolean;
}

export class Horizon {
  private readonly regression: DailyRegression;
  private readonly margins: Margins[];
  private readonly features = new Float64Array(RING * FEATURES);
  private readonly points = new Float64Array(RING * POINTS.length);
  private readonly scales = new Float64Array(RING * CANDIDATES);
  private readonly loads = new Float64Array(RING);
  private readonly whole = new Uint8Array(RING);
  private readonly losses: Float64Array[];
  private readonly best: Int32Array;
  /** By day and candidate the sum of its scales, then that of the loads. */
  private readonly sizes: Float64Array[];
  /** Largest margin of each candidate, in its scale, that is not too dear; as of the last night. */
  private readonly limits = new Float64Array(CANDIDATES).fill(Number.POSITIVE_INFINITY);
  private day = 0;
  private learnedDays = 0;
  private row = 0;
  /** Squared deviations, standardised by root and by share: recent and usual. */
  private readonly surprise = new Float64Array(4);
  private surprises = 0;

  constructor(
    readonly ahead: number,
    private readonly quantiles: readonly number[],
    private readonly days: number,
    /** The mean margin is at most this share of the mean load. */
    private readonly dearest: number,
  ) {
    this.regression = new DailyRegression(FEATURES, days);
    this.margins = Array.from({ length: CANDIDATES }, () => new Margins(quantiles, days));
    this.losses = Array.from({ length: days }, () => new Float64Array(CANDIDATES * quantiles.length));
    this.best = new Int32Array(quantiles.length);
    this.sizes = Array.from({ length: days }, () => new Float64Array(CANDIDATES + 1));
  }

  /** Compares what was forecast for this minute with what came. */
  learn(minute: number, load: number): void {
    const row = (minute - this.ahead) % RING;
    if (this.whole[row] !== 1) return;
    this.whole[row] = 0;
    const before = this.loads[row] as number;
    const usual = Math.sqrt((this.surprise[1] as number) * Math.max(before, LOWEST));
    const limit = this.surprises > RECENT ? OUTLIER * usual : Number.POSITIVE_INFINITY;
    const change = Math.max(-limit, Math.min(limit, load - before));
    this.regression.add(this.features, row * FEATURES, change, 1 / Math.max(before, LOWEST));
    const losses = this.losses[this.day] as Float64Array;
    const sizes = this.sizes[this.day] as Float64Array;
    sizes[CANDIDATES] = (sizes[CANDIDATES] as number) + load;
    const { quantiles } = this;
    for (let candidate = 0; candidate < CANDIDATES; candidate++) {
      const scale = this.scales[row * CANDIDATES + candidate] as number;
      const off = load - (this.points[row * POINTS.length + (candidate >> 2)] as number);
      const margins = this.margins[candidate] as Margins;
      margins.add(off / scale);
      sizes[candidate] = (sizes[candidate] as number) + scale;
      const limit = this.limits[candidate] as number;
      for (let slot = 0; slot < quantiles.length; slot++) {
        const quantile = quantiles[slot] as number;
        const beyond = off - Math.min(limit, margins.at(slot)) * scale;
        const at = slot * CANDIDATES + candidate;
        losses[at] = (losses[at] as number) + (beyond > 0 ? quantile * beyond : (quantile - 1) * beyond);
      }
    }
    this.surprised(load, this.points[row * POINTS.length + LEARNED] as number);
  }

  /** A new look ahead from `minute`. */
  look(minute: number, now: Now): void {
    const row = minute % RING;
    this.row = row;
    this.whole[row] = now.whole ? 1 : 0;
    this.loads[row] = now.load;
    const { load, lagged, usualNow, usualThen, slope } = now;
    const at = row * FEATURES;
    for (let lag = 0; lag < LAGS.length; lag++) this.features[at + lag] = load - (lagged[lag] as number);
    const growth = usualNow > 4 * LOWEST ? Math.max(LEAST_GROWTH, Math.min(MOST_GROWTH, usualThen / usualNow - 1)) : 0;
    this.features[at + LAGS.length] = load * growth;
    this.features[at + LAGS.length + 1] = usualNow > 0 ? load - usualNow : 0;
    this.features[at + LAGS.length + 2] = usualThen - usualNow;
    const learned = this.regression.predict(this.features, at) ?? 0;
    const first = row * POINTS.length;
    this.points[first] = Math.max(LOWEST, load);
    this.points[first + 1] = Math.max(LOWEST, load + slope * this.ahead);
    this.points[first + 2] = Math.max(LOWEST, load * (1 + growth));
    this.points[first + 3] = Math.max(LOWEST, load + learned);
    const byRoot = this.volatility(0);
    const byShare = this.volatility(2);
    for (let point = 0; point < POINTS.length; point++) {
      const value = this.points[first + point] as number;
      const root = Math.sqrt(value);
      const scale = row * CANDIDATES + point * SCALES.length;
      this.scales[scale] = root;
      this.scales[scale + 1] = value;
      this.scales[scale + 2] = root * byRoot;
      this.scales[scale + 3] = value * byShare;
    }
  }

  /** Refits, and chooses for each quantile the candidate that lost least. */
  endDay(): void {
    this.regression.endDay();
    for (const margins of this.margins) margins.endDay();
    const size = (at: number) => this.sizes.reduce((sum, sizes) => sum + (sizes[at] as number), 0);
    const mean = size(CANDIDATES);
    for (let candidate = 0; candidate < CANDIDATES; candidate++) {
      this.limits[candidate] = (this.dearest * mean) / Math.max(1e-9, size(candidate));
    }
    for (let slot = 0; slot < this.quantiles.length; slot++) {
      let least = Number.POSITIVE_INFINITY;
      for (let candidate = 0; candidate < CANDIDATES; candidate++) {
        let loss = 0;
        for (const losses of this.losses) loss += losses[slot * CANDIDATES + candidate] as number;
        if (loss < least) {
          least = loss;
          this.best[slot] = candidate;
        }
      }
    }
    // The margins of the first night have not been tried yet: what was lost without them says nothing.
    if (this.learnedDays++ === 0) for (const losses of this.losses) losses.fill(0);
    this.day = (this.day + 1) % this.days;
    this.losses[this.day]?.fill(0);
    this.sizes[this.day]?.fill(0);
  }

  /** Nights it has learned from. */
  get nights(): number {
    return this.learnedDays;
  }

  /** The load `ahead` of the last look that is not exceeded with the quantile's probability, unless that is too dear. */
  quantile(slot: number): number {
    const candidate = this.best[slot] as number;
    const found = (this.margins[candidate] as Margins).at(slot);
    const upper = (this.quantiles[slot] as number) >= 0.5;
    const margin = upper ? Math.min(Math.max(0, found), this.limits[candidate] as number) : found;
    const scale = this.scales[this.row * CANDIDATES + candidate] as number;
    return Math.max(0, this.point(slot) + margin * scale);
  }

  /**
   * The load `ahead` of the last look with a margin that ends where one more instance (of a large fleet: one part in
   * `FLEET_STEP`) would be needed too rarely for what safety costs: see `Margins.worth`.
   */
  worth(slot: number): number {
    const candidate = this.best[slot] as number;
    const scale = this.scales[this.row * CANDIDATES + candidate] as number;
    const point = this.point(slot);
    const step = Math.max(1, point / FLEET_STEP);
    const margin = (this.margins[candidate] as Margins).worth(slot, step / scale, this.limits[candidate] as number);
    return point + margin * scale;
  }

  /** Without its margin. */
  point(slot: number): number {
    return this.points[this.row * POINTS.length + ((this.best[slot] as number) >> 2)] as number;
  }

  /** For people: which candidate speaks for this quantile. */
  candidate(slot: number): string {
    const best = this.best[slot] as number;
    return `${POINTS[best >> 2]} (${SCALES[best & 3]})`;
  }

  private volatility(base: number): number {
    const usual = this.surprise[base + 1] as number;
    return Math.sqrt(Math.max(1e-9, usual * (1 - RECENT_SHARE) + (this.surprise[base] as number) * RECENT_SHARE));
  }

  private surprised(load: number, forecast: number): void {
    const off = (load - forecast) ** 2;
    this.surprises += 1;
    for (let base = 0; base < 4; base += 2) {
      const usual = this.surprise[base + 1] as number;
      const raw = off / (base === 0 ? forecast : forecast * forecast);
      const square = this.surprises > RECENT ? Math.min(raw, 100 * usual) : raw;
      const recent = this.surprise[base] as number;
      this.surprise[base] = recent + (square - recent) * Math.max(1 / this.surprises, 1 / RECENT);
      this.surprise[base + 1] = usual + (square - usual) * Math.max(1 / this.surprises, 1 / USUAL);
    }
  }
}
