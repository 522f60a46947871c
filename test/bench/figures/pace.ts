/** Latency at a fixed rate, in short stretches of one server after the other: what the machine does meanwhile hits all alike. */
import type { Load } from '../load.js';
import { quantile, spread } from '../statistics.js';

export interface Latency {
  /** From a move to the event that tells of it, ms, over all four who hear of each move. */
  readonly p50: number;
  readonly p99: number;
  /** Moves that were due and found no table ready for one. */
  readonly missed: number;
}

export interface Pace {
  readonly perSecond: number;
  /** Of a stretch. */
  readonly ms: number;
  readonly stretches: number;
}

const SETTLE_MS = 500;

export class Stretches {
  private readonly latencies: number[] = [];
  /** p50 of each stretch. */
  private readonly middles: number[] = [];
  private missed = 0;

  constructor(readonly set: string) {}

  async run(load: Load, { ms, perSecond }: Pace): Promise<void> {
    await load.order({ do: 'pace', set: this.set, ms: SETTLE_MS, perSecond });
    const { latencies, missed } = await load.order({ do: 'pace', set: this.set, ms, perSecond });
    for (const one of latencies) this.latencies.push(one);
    this.middles.push(quantile(sorted(latencies), 0.5));
    this.missed += missed;
  }

  get latency(): Latency {
    const all = sorted(this.latencies);
    return { p50: quantile(all, 0.5), p99: quantile(all, 0.99), missed: this.missed };
  }

  /** Median over the stretches of this p50 in parts of the other's in the same turn. */
  to(other: Stretches): number {
    return spread(this.middles.map((middle, turn) => middle / (other.middles[turn] ?? Number.NaN))).median;
  }
}

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);

/** Every set in turn, so many times; the latencies by set. */
export async function paced<Set extends string>(
  load: Load,
  sets: readonly Set[],
  pace: Pace,
): Promise<Readonly<Record<Set, Stretches>>> {
  const all = sets.map((set) => new Stretches(set));
  for (let turn = 1; turn <= pace.stretches; turn++) {
    for (const stretches of turn % 2 ? all : all.toReversed()) await stretches.run(load, pace);
  }
  return Object.fromEntries(all.map((stretches) => [stretches.set, stretches])) as Record<Set, Stretches>;
}
