/** What a backtest prints and draws. PURE. */
import { type Chart, page, svg } from '../picture.js';
import type { BacktestOptions, BacktestResult, Baseline } from './backtest.js';
import type { Score } from './score.js';

export const BACKTEST_SCHEMA = 'hokm-autoscaler/backtest@1';

const DAY_MIN = 1440;
const MINUTE_MS = 60_000;
/** Shown in detail: the last of the scored days. */
const SHOWN_DAYS = 7;

const NAMES: Readonly<Record<Baseline | 'ours', string>> = {
  ours: 'this policy',
  static: 'static maximum',
  hpa70: 'HPA 70 %',
  hpa80: 'HPA 80 %',
  buffer20: 'fixed 20 % buffer',
};

/** The JSON document: the figures of our scaler at the top level, the others below. */
export function toJson(result: BacktestResult, options: BacktestOptions, trace: string, missed: readonly string[]) {
  return {
    schema: BACKTEST_SCHEMA,
    trace,
    half: options.half,
    boot_min: options.bootMin,
    seeds: options.seeds,
    instances_at_peak: options.instancesAtPeak,
    migration: options.migration,
    days: round(result.days),
    scored_days: round(result.scoredDays),
    ...rounded(result.ours),
    baselines: Object.fromEntries(Object.entries(result.baselines).map(([name, score]) => [name, rounded(score)])),
    missed,
  };
}

export function table(result: BacktestResult): string[][] {
  const rows = [['', 'cost ÷ optimum', 'under min/day', 'unmet ppm', 'scale-outs/day', 'moves/player/day', 'forced']];
  const add = (name: string, score: Score) =>
    rows.push([
      name,
      score.cost_ratio.toFixed(3),
      score.under_min_per_day.toFixed(3),
      score.unmet_ppm.toFixed(1),
      score.scale_outs_per_day.toFixed(1),
      score.moves_per_player_per_day.toFixed(2),
      score.forced_closures.toFixed(1),
    ]);
  add(NAMES.ours, result.ours);
  for (const [name, score] of Object.entries(result.baselines)) add(NAMES[name as Baseline], score);
  return rows;
}

/** Demand, instances, optimum and the forecast's band: all of the scored part, and its last week in detail. */
export function picture(result: BacktestResult, capacity: number, title: string, html: boolean): string {
  const { from, players } = result.course;
  const detail = chart(
    result,
    capacity,
    `${title}: the last ${SHOWN_DAYS} days`,
    players.length - SHOWN_DAYS * DAY_MIN,
  );
  if (!html) return svg(detail);
  return page(title, [chart(result, capacity, `${title}: what was scored`, from), detail], table(result));
}

function chart(result: BacktestResult, capacity: number, title: string, first: number): Chart {
  const { players, need, ours, trail, from } = result.course;
  const begin = Math.max(from, first);
  return {
    title,
    unit: 'instances',
    startMs: result.startMs + begin * MINUTE_MS,
    stepMs: MINUTE_MS,
    series: [
      {
        name: 'forecast band',
        colour: '#9ecae1',
        values: trail.up.subarray(begin),
        low: trail.low.subarray(begin),
        kind: 'band',
      },
      { name: 'instances paid', colour: '#d62728', values: ours.paid.subarray(begin), kind: 'step' },
      { name: 'optimum needs', colour: '#2ca02c', values: need.subarray(begin), kind: 'step' },
      {
        name: 'demand',
        colour: '#1f3b73',
        values: Float64Array.from(players.subarray(begin), (each) => each / capacity),
        kind: 'line',
      },
    ],
  };
}

function rounded(score: Score): Score {
  return {
    cost_ratio: round(score.cost_ratio),
    under_min_per_day: round(score.under_min_per_day),
    unmet_ppm: round(score.unmet_ppm),
    scale_outs_per_day: round(score.scale_outs_per_day),
    moves_per_player_per_day: round(score.moves_per_player_per_day),
    forced_closures: round(score.forced_closures),
    instance_hours: round(score.instance_hours),
  };
}

const round = (value: number): number => Math.round(value * 1e4) / 1e4;
