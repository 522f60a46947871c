/** A cluster under load for a long time: faults come one after the other, rooms come and go, and nothing may grow. */
import type { Campaign } from '../chaos/campaign.js';
import type { ClusterUnderTest } from '../chaos/cluster-under-test.js';
import type { FaultOutcome } from '../chaos/fault-outcome.js';
import type { Options } from '../chaos/options.js';
import type { Seeded } from '../chaos/seeded.js';
import { Stage } from '../chaos/stage.js';
import { Meter, QUANTITIES, type QuantityName } from './meter.js';
import { gain, isFlat } from './trend.js';

export interface SoakOptions extends Options {
  readonly minutes: number;
  readonly sampleMs: number;
}

export interface SoakReport {
  readonly startedAt: number;
  readonly sampleMs: number;
  readonly acked: number;
  readonly violations: number;
  readonly complaints: readonly string[];
  readonly outcomes: readonly FaultOutcome[];
  /** Medians of the second and the last third of the samples. */
  readonly grown: Readonly<Record<QuantityName, { from: number; to: number; flat: boolean }>>;
  readonly meter: Meter;
}

/** Rooms that leave, and come anew, after each fault: one of so many. */
const TURNOVER = 4;

export async function soak(
  options: SoakOptions,
  random: Seeded,
  aborted: AbortSignal,
  tell: (line: string) => void,
): Promise<SoakReport> {
  const stage = new Stage(options, random, aborted, tell);
  try {
    const campaign = await stage.open(options.faults);
    const meter = new Meter(stage.cluster as ClusterUnderTest);
    const startedAt = Date.now();
    const sampling = setInterval(() => void meter.sample(), options.sampleMs);
    try {
      await strikeByTurns(campaign, options, tell);
    } finally {
      clearInterval(sampling);
    }
    const { acked, violations } = await campaign.check();
    const grown = QUANTITIES.map(({ name, allowance }) => {
      const values = meter.values(name);
      return [name, { ...gain(values), flat: isFlat(values, allowance) }] as const;
    });
    return {
      startedAt,
      sampleMs: options.sampleMs,
      acked,
      violations: violations.length,
      complaints: campaign.complaints,
      outcomes: campaign.outcomes,
      grown: Object.fromEntries(grown) as SoakReport['grown'],
      meter,
    };
  } finally {
    await stage.close();
  }
}

async function strikeByTurns(
  campaign: Campaign,
  { minutes, faults, rooms }: SoakOptions,
  tell: (line: string) => void,
): Promise<void> {
  const end = performance.now() + minutes * 60_000;
  const left = () => end - performance.now();
  while (left() > 0) {
    for (const fault of faults) {
      if (left() <= 0) return;
      await campaign.run(fault, 1);
      await campaign.turnOver(Math.ceil(rooms / TURNOVER));
      tell(`${(left() / 60_000).toFixed(1)} min left`);
    }
  }
}
