/** What the instances cost, and what other ways of scaling would have cost in the same history. PURE. */
import { hpa } from './backtest/baselines.js';
import { loadOf } from './forecast/feed.js';
import type { Point } from './history.js';
import type { Policy } from './policy/schema.js';

export interface Spend {
  readonly currency: string;
  /** Hours of history that it is about; missing minutes are left out. */
  readonly hours: number;
  readonly spent: number;
  /** As many as the busiest minute needed, all the time. */
  readonly static_maximum: number;
  readonly hpa70: number;
  readonly hpa80: number;
  /** An hour at the number of now. */
  readonly per_hour_now: number;
}

/** The mean price of an hour over the instances there are; of the default type when there are none. */
function priceOf(policy: Policy, types: readonly string[]): number {
  const prices = policy.cost.price_per_hour;
  const one = (type: string) => prices[type] ?? prices.default ?? 0;
  if (types.length === 0) return one('default');
  return types.reduce((sum, type) => sum + one(type), 0) / types.length;
}

/** @param types of the instances there are now */
export function spend(points: readonly Point[], policy: Policy, types: readonly string[]): Spend {
  const perMinute = priceOf(policy, types) / 60;
  const { players } = policy.instance;
  const capacity = players;
  const scalers = { hpa70: hpa(0.7, capacity, policy.min), hpa80: hpa(0.8, capacity, policy.min) };
  const counts = { spent: 0, hpa70: 0, hpa80: 0 };
  const now = { hpa70: Math.max(1, policy.min), hpa80: Math.max(1, policy.min) };
  let most = policy.min;
  for (const [at, point] of points.entries()) {
    const load = loadOf(point, policy);
    counts.spent += point.instances;
    most = Math.max(most, Math.ceil(load));
    for (const name of ['hpa70', 'hpa80'] as const) {
      now[name] = Math.min(
        policy.max,
        scalers[name](at, load * capacity, { active: now[name], starting: 0, draining: 0 }),
      );
      counts[name] += now[name];
    }
  }
  const price = (instanceMinutes: number) => Math.round(instanceMinutes * perMinute * 100) / 100;
  return {
    currency: policy.cost.currency,
    hours: Math.round((points.length / 60) * 10) / 10,
    spent: price(counts.spent),
    static_maximum: price(most * points.length),
    hpa70: price(counts.hpa70),
    hpa80: price(counts.hpa80),
    per_hour_now: price(types.length * 60),
  };
}

export function spendInWords(spend: Spend): string {
  const { currency } = spend;
  const share = (other: number) => {
    const saved = Math.round((1 - spend.spent / other) * 100);
    return other > 0 && spend.spent > 0 ? ` (spent: ${Math.abs(saved)} % ${saved < 0 ? 'more' : 'less'})` : '';
  };
  return [
    `Spent in ${spend.hours} h of history: ${spend.spent} ${currency}, now ${spend.per_hour_now} ${currency} an hour.`,
    `A static maximum would have cost ${spend.static_maximum} ${currency}${share(spend.static_maximum)},`,
    `HPA at 70 % ${spend.hpa70} ${currency}${share(spend.hpa70)}, HPA at 80 % ${spend.hpa80} ${currency}${share(spend.hpa80)}.`,
  ].join('\n');
}
