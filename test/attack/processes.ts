/** The processes of a cluster: which of them end, and whether their memory grows. Linux only. */
import { readFileSync } from 'node:fs';
import type { ClusterUnderTest } from '../chaos/cluster-under-test.js';
import { type Allowance, gain, isFlat } from '../soak/trend.js';

const EVERY_MS = 1_000;
/** MiB. What Redis keeps of rooms that are closed, for ten minutes, and the whole log of those that play is in it. */
export const ALLOWANCE: Allowance = { share: 0.15, slack: 24 };

/** Resident memory of one process, MiB: medians of the second third of the time, and of the last. */
export interface Grown {
  readonly process: string;
  readonly from: number;
  readonly to: number;
  readonly flat: boolean;
}

export class Processes {
  private readonly first: ReadonlyMap<string, number>;
  private readonly samples = new Map<string, number[]>();
  private readonly gone = new Set<string>();
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly cluster: ClusterUnderTest) {
    this.first = pidsOf(cluster);
  }

  /** Looks from now on, every second. */
  watch(): void {
    this.look();
    this.timer = setInterval(() => this.look(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Those that are not what they were in the beginning. */
  ended(): string[] {
    this.look();
    return [...this.gone];
  }

  grown(): Grown[] {
    return [...this.samples].map(([process, values]) => {
      const { from, to } = gain(values);
      return { process, from: Math.round(from), to: Math.round(to), flat: isFlat(values, ALLOWANCE) };
    });
  }

  private look(): void {
    const now = pidsOf(this.cluster);
    for (const [name, pid] of this.first) {
      const memory = residentMiB(pid);
      if (now.get(name) !== pid || memory === undefined) this.gone.add(name);
      else this.samples.set(name, [...(this.samples.get(name) ?? []), memory]);
    }
  }
}

function pidsOf(cluster: ClusterUnderTest): Map<string, number> {
  const { instances, pids } = cluster.facts();
  const all = new Map<string, number>();
  for (const [at, { pid }] of instances.entries()) all.set(`instance ${at + 1}`, pid);
  for (const name of ['redis', 'controller', 'haproxy'] as const) all.set(name, pids[name] ?? 0);
  const [worker] = read(`/proc/${pids.haproxy}/task/${pids.haproxy}/children`)?.split(' ') ?? [];
  all.set('haproxy worker', Number(worker ?? 0));
  return all;
}

function residentMiB(pid: number): number | undefined {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kib === undefined ? undefined : Number(kib) / 1_024;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
