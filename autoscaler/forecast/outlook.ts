/** From the forecaster to what a decision asks of it: which looks ahead, which quantiles. PURE. */
import { LOW_AHEAD_MIN, type Outlook, upHorizonMin, windowMin } from '../decide/count.js';
import type { Policy } from '../policy/schema.js';
import { Forecaster } from './forecaster.js';

const LOW_QUANTILE = 0.001;
const [UP, AGAIN, LOW] = [0, 1, 2];

export class OutlookForecaster {
  readonly forecaster: Forecaster;
  readonly horizons: readonly number[];
  private readonly upTo: number;
  private readonly low: number;

  constructor(policy: Policy, bootMs: number, tickMs: number) {
    const { up_quantile, in_quantile, dearest_margin, days } = policy.forecast;
    this.upTo = upHorizonMin(bootMs, tickMs);
    const again = Math.min(60, Math.max(this.upTo, windowMin(policy, bootMs)));
    const wanted = [Math.ceil(this.upTo / 2), this.upTo, again, LOW_AHEAD_MIN];
    this.horizons = [...new Set(wanted)]
      .filter((ahead) => ahead <= again || ahead === LOW_AHEAD_MIN)
      .sort((a, b) => a - b);
    this.low = this.horizons.indexOf(LOW_AHEAD_MIN);
    this.forecaster = new Forecaster({
      horizons: this.horizons,
      quantiles: [up_quantile, in_quantile, LOW_QUANTILE],
      days,
      dearest: dearest_margin,
    });
  }

  push(minute: number, load: number, usual = true): void {
    this.forecaster.push(minute, load, usual);
  }

  outlook(): Outlook {
    let up = 0;
    let again = 0;
    for (const [at, ahead] of this.horizons.entries()) {
      if (ahead <= this.upTo) up = Math.max(up, this.forecaster.worth(at, UP));
      again = Math.max(again, this.forecaster.quantile(at, AGAIN));
    }
    return { up, again, low: this.forecaster.quantile(this.low, LOW) };
  }

  /** One line per look ahead, for `explain`. */
  spoken(): readonly { ahead_min: number; candidate: string; point: number; up: number; again: number }[] {
    return this.horizons.map((ahead_min, at) => ({
      ahead_min,
      ...this.forecaster.spoken(at, UP),
      up: this.forecaster.worth(at, UP),
      again: this.forecaster.quantile(at, AGAIN),
    }));
  }
}
