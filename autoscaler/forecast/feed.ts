/** Feeds the kept history to the forecaster: once from the beginning, then minute by minute. */
import { highest, perMetric } from '../decide/demand.js';
import type { Point } from '../history.js';
import type { Policy } from '../policy/schema.js';
import { OutlookForecaster } from './outlook.js';

/** A point's load under this policy: points keep what was measured, so a new policy reads the old weeks anew. */
export function loadOf(point: Point, policy: Policy): number {
  return highest(perMetric(point, policy)).load;
}

export class ForecastFeed {
  private fed: OutlookForecaster | undefined;
  private bootMin = -1;

  constructor(
    private readonly policy: Policy,
    private readonly tickMs: number,
  ) {}

  /** Whether the next `outlook` needs the whole history, or only what came since the last. */
  needsAll(bootMs: number): boolean {
    return this.fed === undefined || Math.ceil(bootMs / 60_000) !== this.bootMin;
  }

  /** @param points oldest first; those that were fed already are passed over. */
  feed(points: readonly Point[], bootMs: number): OutlookForecaster {
    if (this.fed === undefined || this.needsAll(bootMs)) {
      this.bootMin = Math.ceil(bootMs / 60_000);
      this.fed = new OutlookForecaster(this.policy, bootMs, this.tickMs);
    }
    for (const point of points) this.fed.push(point.minute, loadOf(point, this.policy), point.mark === undefined);
    return this.fed;
  }
}
