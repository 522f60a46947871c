/** From a trace to players online, minute by minute. The recipe is in the specification ("Backtest, exactly"). */
import { binomial, poisson, seeded } from './random.js';
import type { Trace } from './trace.js';

/** Mean stay of a player, minutes. */
export const STAY_MIN = 20;
/** Share of the players that is still there a minute later. */
export const STAYS = Math.exp(-1 / STAY_MIN);

export interface Load {
  /** Of minute 0, ms since the epoch. */
  readonly startMs: number;
  /** Expected players online, one value a minute. */
  readonly mean: Float64Array;
}

export interface LoadOptions {
  /** What the trace counts: arrivals a sample, or people present at it. */
  readonly kind: 'arrivals' | 'concurrency';
  /** Players that one instance holds. */
  readonly capacity: number;
  /** Instances' worth of players at the 99th percentile. */
  readonly instancesAtPeak: number;
}

/** The expected load of every minute, scaled. Arrivals of a sample are spread evenly over it. */
export function expectedLoad(trace: Trace, options: LoadOptions): Load {
  const { values, stepMin, startMs } = trace;
  const mean = new Float64Array(values.length * stepMin);
  if (options.kind === 'arrivals') {
    const rate = (minute: number) => (values[Math.floor(minute / stepMin)] ?? 0) / stepMin;
    // Begins where the first hour's arrivals would have led, not with an empty house.
    let first = 0;
    const hour = Math.min(60, mean.length);
    for (let minute = 0; minute < hour; minute++) first += rate(minute) / hour;
    let present = first / (1 - STAYS);
    for (let minute = 0; minute < mean.length; minute++) {
      present = present * STAYS + rate(minute);
      mean[minute] = present;
    }
  } else {
    for (let minute = 0; minute < mean.length; minute++) {
      const at = Math.floor(minute / stepMin);
      const share = (minute % stepMin) / stepMin;
      const from = values[at] ?? 0;
      mean[minute] = from + ((values[at + 1] ?? from) - from) * share;
    }
  }
  const factor = (options.instancesAtPeak * options.capacity) / percentile(mean, 0.99);
  for (let minute = 0; minute < mean.length; minute++) mean[minute] = (mean[minute] ?? 0) * factor;
  return { startMs, mean };
}

/** One random path of players round the expected load: some stay, others come. */
export function playersOf(load: Load, seed: number): Int32Array {
  const { mean } = load;
  const uniform = seeded(seed);
  const players = new Int32Array(mean.length);
  let present = poisson(uniform, mean[0] ?? 0);
  players[0] = present;
  for (let minute = 1; minute < mean.length; minute++) {
    const before = mean[minute - 1] ?? 0;
    const now = mean[minute] ?? 0;
    const arriving = now - before * STAYS;
    present =
      arriving >= 0
        ? binomial(uniform, present, STAYS) + poisson(uniform, arriving)
        : binomial(uniform, present, before > 0 ? now / before : 0);
    players[minute] = present;
  }
  return players;
}

/** Nearest-rank percentile, `share` 0 to 1. */
export function percentile(values: Float64Array, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[at] ?? 0;
}
