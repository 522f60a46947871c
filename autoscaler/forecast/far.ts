/** A look far ahead, for people: the learned forecast as far as it reaches, then what is usual. PURE. */
import { isoTime } from '../../src/runtime/clock.js';
import type { Point } from '../history.js';
import type { Policy } from '../policy/schema.js';
import { loadOf } from './feed.js';
import { Forecaster } from './forecaster.js';

export interface ForecastRow {
  /** ISO-8601. */
  readonly at: string;
  /** Same time in past weeks or days; 0 when unknown. */
  readonly usual: number;
  readonly q05: number;
  readonly q50: number;
  readonly q95: number;
  readonly q999: number;
}

const HORIZONS = [1, 2, 3, 5, 8, 12, 18, 25, 35, 45, 60, 80, 100, 120];
const QUANTILES = [0.05, 0.5, 0.95, 0.999];
const REACH = 120;
const MINUTE_MS = 60_000;
/** Minutes over which today's deviation from what is usual fades. */
const FADES_MIN = 360;

/** Rows from a minute to two hours ahead, then every quarter of an hour up to `ahead` minutes. */
export function lookAhead(points: readonly Point[], policy: Policy, minute: number, ahead: number): ForecastRow[] {
  const forecaster = new Forecaster({ horizons: HORIZONS, quantiles: QUANTILES, days: policy.forecast.days });
  for (const point of points) forecaster.push(point.minute, loadOf(point, policy), point.mark === undefined);
  const now = points.at(-1) ? loadOf(points.at(-1) as Point, policy) : 0;
  const usualNow = forecaster.usual(minute);
  const rows: ForecastRow[] = [];
  const row = (at: number, [q05 = 0, q50 = 0, q95 = 0, q999 = 0]: readonly number[]) =>
    rows.push({
      at: isoTime((minute + at) * MINUTE_MS),
      usual: forecaster.usual(minute + at),
      q05,
      q50,
      q95,
      q999,
    });
  for (const [slot, at] of HORIZONS.entries()) {
    if (at <= ahead)
      row(
        at,
        QUANTILES.map((_, quantile) => forecaster.quantile(slot, quantile)),
      );
  }
  const last = HORIZONS.length - 1;
  const middle = Math.max(0.05, forecaster.quantile(last, 1));
  const spread = QUANTILES.map((_, quantile) => forecaster.quantile(last, quantile) / middle);
  for (let at = REACH + 15; at <= ahead; at += 15) {
    const usual = forecaster.usual(minute + at);
    const deviation = usualNow > 0 ? now / usualNow : 1;
    const expected = usual > 0 ? usual * deviation ** Math.exp(-at / FADES_MIN) : now;
    row(
      at,
      spread.map((share) => expected * share),
    );
  }
  return rows;
}
