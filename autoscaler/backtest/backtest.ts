/** A whole backtest: one trace, several seeds, our scaler beside the baselines. */
import type { Policy } from '../policy/schema.js';
import { fixedBuffer, hpa, staticMaximum } from './baselines.js';
import { expectedLoad, playersOf } from './demand.js';
import { needed } from './optimum.js';
import { ours, type Trail } from './ours.js';
import { meanScore, type Score, score } from './score.js';
import { type Course, type Scaler, simulate } from './simulate.js';
import type { Trace } from './trace.js';

export const BASELINES = ['static', 'hpa70', 'hpa80', 'buffer20'] as const;
export type Baseline = (typeof BASELINES)[number];

export interface BacktestOptions {
  readonly policy: Policy;
  readonly kind: 'arrivals' | 'concurrency';
  readonly bootMin: number;
  readonly seeds: readonly number[];
  readonly instancesAtPeak: number;
  readonly migration: boolean;
  /** Which part is scored. Parameters may be chosen on `first` only; `all` leaves out the warm-up. */
  readonly half: 'first' | 'second' | 'all';
  readonly baselines: readonly Baseline[];
  /** 0 to 1, now and then. */
  readonly progress?: (share: number, what: string) => void;
}

export interface BacktestResult {
  readonly ours: Score;
  readonly baselines: Readonly<Partial<Record<Baseline, Score>>>;
  readonly days: number;
  readonly scoredDays: number;
  readonly startMs: number;
  /** The first seed's course, for the picture. */
  readonly course: {
    readonly from: number;
    readonly players: Int32Array;
    readonly need: Int32Array;
    readonly ours: Course;
    readonly trail: Trail;
  };
}

const DAY_MIN = 1440;
const WARM_UP_MIN = 14 * DAY_MIN;

export function backtest(trace: Trace, options: BacktestOptions): BacktestResult {
  const { policy, bootMin, seeds, half } = options;
  const capacity = policy.instance.players;
  const load = expectedLoad(trace, { kind: options.kind, capacity, instancesAtPeak: options.instancesAtPeak });
  const { from, to } = scored(load.mean.length, half);
  const simulation = { capacity, bootMin, minimum: policy.min, migration: options.migration };
  const scores: Score[] = [];
  const others = new Map<Baseline, Score[]>();
  let course: BacktestResult['course'] | undefined;
  for (const [at, seed] of seeds.entries()) {
    options.progress?.(at / seeds.length, `seed ${seed}`);
    const players = playersOf(load, seed).subarray(0, to);
    const need = needed(players, capacity, Math.max(1, policy.min));
    const run = (scaler: Scaler) => {
      const passed = simulate(players, simulation, scaler);
      return { passed, scored: score(passed, players, need, bootMin, from, to) };
    };
    const trail: Trail = { up: new Float64Array(to), low: new Float64Array(to) };
    const own = ours({ policy, startMs: load.startMs, bootMin, capacity, trail });
    const watched: Scaler = (minute, present, fleet) => {
      if (minute % DAY_MIN === 0) options.progress?.((at + minute / to) / seeds.length, `seed ${seed}`);
      return own(minute, present, fleet);
    };
    const { passed, scored: mine } = run(watched);
    scores.push(mine);
    course ??= { from, players, need, ours: passed, trail };
    for (const name of options.baselines) {
      const list = others.get(name) ?? [];
      list.push(run(baseline(name, need, capacity, policy.min)).scored);
      others.set(name, list);
    }
  }
  options.progress?.(1, 'done');
  if (!course) throw new RangeError('a backtest needs at least one seed');
  return {
    ours: meanScore(scores),
    baselines: Object.fromEntries([...others].map(([name, list]) => [name, meanScore(list)])),
    days: load.mean.length / DAY_MIN,
    scoredDays: (to - from) / DAY_MIN,
    startMs: load.startMs,
    course,
  };
}

/** The warm-up is 14 days, half of what is shorter; the first half is treated as a trace of its own. */
function scored(length: number, half: BacktestOptions['half']): { from: number; to: number } {
  const middle = Math.floor(length / 2);
  if (half === 'second') return { from: middle, to: length };
  const to = half === 'first' ? middle : length;
  return { from: Math.min(WARM_UP_MIN, Math.floor(to / 2)), to };
}

function baseline(name: Baseline, need: Int32Array, capacity: number, minimum: number): Scaler {
  switch (name) {
    case 'static':
      return staticMaximum(need);
    case 'hpa70':
      return hpa(0.7, capacity, minimum);
    case 'hpa80':
      return hpa(0.8, capacity, minimum);
    case 'buffer20':
      return fixedBuffer(0.2, capacity, minimum);
  }
}
