/** The daemon: waits for the lock, then a run every tick, and in between whenever a drain may have got on. */
import { type Clock, sleep } from '../src/runtime/clock.js';
import type { Logger } from '../src/runtime/log.js';
import { Lock, type LockDeps, LockLost } from './lock.js';
import type { DecisionRecord } from './record.js';
import type { Runner } from './run.js';

/** By which policy it decides, and how often. */
export interface Plan {
  readonly runner: Runner;
  readonly tickMs: number;
}

export interface DaemonDeps extends Plan {
  readonly lock: LockDeps;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leaseMs: number;
  /** After every run. */
  readonly decided?: (record: DecisionRecord) => void;
}

/** While drains or boots are under way. */
const BUSY_MS = 1_000;
/** Between two attempts at the lock, and after Redis did not answer. */
const AGAIN_MS = 1_000;
const NAP_MS = 100;

export class Daemon {
  private lock: Lock | undefined;
  private stopping = false;
  private running: Promise<void> | undefined;
  private plan: Plan;
  /** The plan of the next run, where it is another one; `taken` once the former is used no longer. */
  private next: { readonly plan: Plan; readonly taken: () => void } | undefined;

  constructor(private readonly deps: DaemonDeps) {
    this.plan = deps;
  }

  start(): void {
    this.running = this.loop();
  }

  /** After the run that is under way, and frees the lock. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    this.next?.taken();
    await this.lock?.release();
  }

  /** Goes on by another plan from the next run on. Resolves when the former is used no longer. */
  use(plan: Plan): Promise<void> {
    const { next } = this;
    return new Promise((resolve) => {
      const taken = () => {
        next?.taken();
        resolve();
      };
      this.next = { plan, taken };
    });
  }

  private async loop(): Promise<void> {
    const { log, clock, leaseMs } = this.deps;
    let away = false;
    let waiting = false;
    while (!this.stopping) {
      if (this.next) {
        this.plan = this.next.plan;
        this.next.taken();
        this.next = undefined;
      }
      try {
        if (!this.lock?.held) {
          await this.lock?.release();
          const reply = await Lock.take(this.deps.lock);
          this.lock = 'lock' in reply ? reply.lock : undefined;
          if (this.lock) this.plan.runner.reset();
          if (!('lock' in reply) && !waiting)
            log.info({ holder: reply.holder }, 'another autoscaler has the lock: standing by');
          waiting = !('lock' in reply);
        }
        if (this.lock) {
          const record = await this.plan.runner.run(this.lock, away ? clock.now() + leaseMs : 0);
          if (away) log.info('Redis is back');
          away = false;
          this.deps.decided?.(record);
          await this.pause(isBusy(record) ? BUSY_MS : this.plan.tickMs);
        } else await this.pause(AGAIN_MS);
      } catch (error) {
        if (error instanceof LockLost) log.warn(error.message);
        else {
          if (!away) log.warn({ err: (error as Error).message }, 'no decision: Redis does not answer');
          away = true;
        }
        await this.pause(AGAIN_MS);
      }
    }
  }

  private async pause(ms: number): Promise<void> {
    const { clock } = this.deps;
    const until = clock.monotonic() + ms;
    while (!this.stopping && !this.next && clock.monotonic() < until)
      await sleep(clock, Math.min(NAP_MS, until - clock.monotonic()));
  }
}

function isBusy({ instances, mode }: DecisionRecord): boolean {
  return mode === 'act' && (instances.draining > 0 || instances.starting > 0);
}
