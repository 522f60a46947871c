/** What this process and its host use: measured in the background, read at every heartbeat. */
import { cpus } from 'node:os';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import pidusage from 'pidusage';
import { mem } from 'systeminformation';
import type { Clock, Timer } from './clock.js';

export interface Usage {
  /** Of the process: share of one core, 0 to 1 and above. */
  readonly cpu: number;
  /** Of the process: resident bytes. */
  readonly memory: number;
  /** Of the host: share of all cores, 0 to 1. */
  readonly hostCpu: number;
  /** Of the host: share of memory that is not available, 0 to 1. */
  readonly hostMemory: number;
}

export class UsageMeter {
  private usage: Usage = { cpu: 0, memory: 0, hostCpu: 0, hostMemory: 0 };
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 20 });
  private timer: Timer | undefined;
  private hostTimes = readHostTimes();

  constructor(
    private readonly clock: Clock,
    private readonly periodMs: number,
  ) {}

  /** Measures once, then every period. */
  async start(): Promise<void> {
    this.delay.enable();
    await this.measure();
    const again = () => {
      this.timer = this.clock.after(this.periodMs, () => void this.measure().finally(again));
    };
    again();
  }

  get latest(): Usage {
    return this.usage;
  }

  /** p99 of the event loop's delay since the last call, ms. */
  takeLoopDelay(): number {
    const p99 = this.delay.percentile(99) / 1e6;
    this.delay.reset();
    return Number.isFinite(p99) ? Math.round(p99 * 100) / 100 : 0;
  }

  stop(): void {
    this.timer?.cancel();
    this.delay.disable();
    pidusage.clear();
  }

  /** A figure that cannot be read keeps its last value. */
  private async measure(): Promise<void> {
    const hostCpu = this.hostCpu();
    const [own, memory] = await Promise.allSettled([pidusage(process.pid), mem()]);
    this.usage = {
      cpu: own.status === 'fulfilled' ? share(own.value.cpu / 100) : this.usage.cpu,
      memory: own.status === 'fulfilled' ? own.value.memory : this.usage.memory,
      hostCpu,
      hostMemory:
        memory.status === 'fulfilled' ? share(1 - memory.value.available / memory.value.total) : this.usage.hostMemory,
    };
  }

  /**
   * Since the last call. Not by `currentLoad` of systeminformation, which waits for a shell, `cat` and `grep` on the event
   * loop: every room of the instance stood still for 10 to 80 ms at every heartbeat.
   */
  private hostCpu(): number {
    const before = this.hostTimes;
    const now = readHostTimes();
    this.hostTimes = now;
    const total = now.total - before.total;
    return total > 0 ? share(1 - (now.idle - before.idle) / total) : this.usage.hostCpu;
  }
}

/** Time of all cores since the host's start, ms. */
function readHostTimes(): { readonly idle: number; readonly total: number } {
  let [idle, total] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}

const share = (value: number): number => Math.round(value * 1000) / 1000;
