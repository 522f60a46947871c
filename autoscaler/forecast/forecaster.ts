/**
 * The forecast: fed with the load minute by minute, it says what the load will not exceed, for each look ahead and
 * quantile. A fold over the history: no clock, no randomness, no I/O; whoever feeds it the same minutes gets the same.
 * PURE.
 */
import { Horizon, LAGS, LOWEST } from './horizon.js';
import { Profile } from './profile.js';

export interface ForecastOptions {
  /** Minutes ahead, rising. */
  readonly horizons: readonly number[];
  /** 0 to 1, any order; asked for by position. */
  readonly quantiles: readonly number[];
  /** Days that candidates are judged over. */
  readonly days?: number;
  /** What is added to the expected load is on average at most this share of it; by default it may cost anything. */
  readonly dearest?: number;
}

const DAY_MIN = 1440;
const JUDGED_DAYS = 14;
const TREND_MIN = 15;
const RING = 64;
/** A hole longer than this is not walked through minute by minute. */
const LONGEST_HOLE = 35 * DAY_MIN;
/** Until the first night that followed a day of history: persistence, with these margins. */
const FIRST_MARGIN = 0.1;
const FIRST_MARGIN_A_MINUTE = 0.01;

export class Forecaster {
  private readonly horizons: readonly Horizon[];
  private readonly profile = new Profile();
  private readonly recent = new Float64Array(RING);
  private readonly lagged = new Float64Array(LAGS.length);
  private minute = -1;
  /** Known minutes in a row, up to the last. */
  private run = 0;
  private usualRun = 0;
  private load = LOWEST;
  private knownToday = 0;

  constructor(private readonly options: ForecastOptions) {
    this.horizons = options.horizons.map(
      (ahead) =>
        new Horizon(ahead, options.quantiles, options.days ?? JUDGED_DAYS, options.dearest ?? Number.POSITIVE_INFINITY),
    );
  }

  /** The last minute fed, minutes since the epoch; -1 before the first. */
  get at(): number {
    return this.minute;
  }

  /** Minutes of history that are known. */
  get known(): number {
    return this.profile.known;
  }

  /**
   * The load of a later minute, or NaN when it is missing. Minutes left out count as missing.
   * @param usual false: an outage or a deploy. It is looked ahead from, but nothing is learned of it.
   */
  push(minute: number, load: number, usual = true): void {
    if (minute <= this.minute) return;
    if (this.minute >= 0) {
      for (let hole = Math.max(this.minute + 1, minute - LONGEST_HOLE); hole < minute; hole++)
        this.next(hole, Number.NaN, false);
    }
    this.next(minute, load, usual);
  }

  /**
   * What the load will not exceed, `horizons[ahead]` minutes from now, with probability `quantiles[slot]`; less where that
   * would cost more than `dearest`.
   */
  quantile(ahead: number, slot: number): number {
    const horizon = this.horizons[ahead];
    if (!horizon) throw new RangeError(`no horizon ${ahead}`);
    if (horizon.nights > 0) return horizon.quantile(slot);
    const margin = FIRST_MARGIN + FIRST_MARGIN_A_MINUTE * horizon.ahead;
    return (this.options.quantiles[slot] ?? 1) >= 0.5 ? this.load * (1 + margin) : this.load * (1 - margin);
  }

  /** The same with a margin that does not chase a long tail: see `Horizon.worth`. */
  worth(ahead: number, slot: number): number {
    const horizon = this.horizons[ahead];
    return horizon && horizon.nights > 0 ? horizon.worth(slot) : this.quantile(ahead, slot);
  }

  /** Which candidate speaks, for people, with the forecast before its margin. */
  spoken(ahead: number, slot: number): { candidate: string; point: number } {
    const horizon = this.horizons[ahead];
    if (!horizon || horizon.nights === 0) return { candidate: 'persistence (first day)', point: this.load };
    return { candidate: horizon.candidate(slot), point: horizon.point(slot) };
  }

  /** The usual load of a minute, from weeks or days before; 0 when there is none. */
  usual(minute: number): number {
    return this.profile.at(minute);
  }

  private next(minute: number, load: number, usual: boolean): void {
    const known = !Number.isNaN(load);
    // A night's lessons take effect at midnight UTC, so that a restart learns at the same moments.
    if (minute % DAY_MIN === 0) {
      if (this.knownToday > DAY_MIN / 2) for (const horizon of this.horizons) horizon.endDay();
      this.knownToday = 0;
    }
    this.minute = minute;
    this.run = known ? this.run + 1 : 0;
    if (known) {
      this.load = load;
      if (usual) this.knownToday += 1;
    }
    this.recent[minute % RING] = this.load;
    this.profile.push(minute, usual ? load : Number.NaN);
    this.usualRun = usual ? this.usualRun + 1 : 0;
    if (known && usual) for (const horizon of this.horizons) horizon.learn(minute, load);
    const before = (back: number) => this.recent[(minute - Math.min(back, this.run - 1)) % RING] as number;
    if (known) for (let lag = 0; lag < LAGS.length; lag++) this.lagged[lag] = before(LAGS[lag] as number);
    else this.lagged.fill(this.load);
    const slope = known ? (this.load - before(TREND_MIN)) / TREND_MIN : 0;
    const usualNow = this.profile.at(minute);
    const whole = Math.min(this.run, this.usualRun) > (LAGS.at(-1) as number);
    for (const horizon of this.horizons) {
      const usualThen = usualNow > 0 ? this.profile.at(minute + horizon.ahead) : 0;
      const { load: now, lagged } = this;
      horizon.look(minute, { load: now, lagged, slope, usualNow, usualThen, whole });
    }
  }
}
