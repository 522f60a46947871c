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
  /** p99 of how late the event loop was in the last period, ms. */
  readonly loopDelay: number;
}

/** The loop is looked at so often. Each look wakes the process: at 10 and 20 ms that was half of what an idle one used. */
const LOOP_LOOK_MS = 100;

export class UsageMeter {
  private usage: Usage = { cpu: 0, memory: 0, hostCpu: 0, hostMemory: 0, loopDelay: 0 };
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_LOOK_MS });
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

  stop(): void {
    this.timer?.cancel();
    this.delay.disable();
    pidusage.clear();
  }

  /** A figure that cannot be read keeps its last value. */
  private async measure(): Promise<void> {
    const [hostCpu, loopDelay] = [this.hostCpu(), this.loopDelay()];
    const [own, memory] = await Promise.allSettled([pidusage(process.pid), mem()]);
    this.usage = {
      cpu: own.status === 'fulfilled' ? share(own.value.cpu / 100) : this.usage.cpu,
      memory: own.status === 'fulfilled' ? own.value.memory : this.usage.memory,
      hostCpu,
      hostMemory:
        memory.status === 'fulfilled' ? share(1 - memory.value.available / memory.value.total) : this.usage.hostMemory,
      loopDelay,
    };
  }

  /** Since the last call. Node counts the whole time from one look to the next. */
  private loopDelay(): number {
    const late = this.delay.percentile(99) / 1e6 - LOOP_LOOK_MS;
    this.delay.reset();
    return late > 0 ? Math.round(late * 100) / 100 : 0;
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
