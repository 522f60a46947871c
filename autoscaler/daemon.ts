/** The daemon: waits for the lock, then a run every tick, and in between whenever a drain may have got on. */
import { type Clock, sleep } from '../src/runtime/clock.js';
import type { Logger } from '../src/runtime/log.js';
import { Lock, type LockDeps, LockLost } from './lock.js';
import type { DecisionRecord } from './record.js';
import type { Runner } from './run.js';

export interface DaemonDeps {
  readonly lock: LockDeps;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tickMs: number;
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

  constructor(private readonly deps: DaemonDeps) {}

  start(): void {
    this.running = this.loop();
  }

  /** After the run that is under way, and frees the lock. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    await this.lock?.release();
  }

  private async loop(): Promise<void> {
    const { log, clock, leaseMs } = this.deps;
    let away = false;
    let waiting = false;
    while (!this.stopping) {
      try {
        if (!this.lock?.held) {
          await this.lock?.release();
          const reply = await Lock.take(this.deps.lock);
          this.lock = 'lock' in reply ? reply.lock : undefined;
          if (this.lock) this.deps.runner.reset();
          if (!('lock' in reply) && !waiting)
            log.info({ holder: reply.holder }, 'another autoscaler has the lock: standing by');
          waiting = !('lock' in reply);
        }
        if (this.lock) {
          const record = await this.deps.runner.run(this.lock, away ? clock.now() + leaseMs : 0);
          if (away) log.info('Redis is back');
          away = false;
          this.deps.decided?.(record);
          await this.pause(isBusy(record) ? BUSY_MS : this.deps.tickMs);
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
    while (!this.stopping && clock.monotonic() < until) await sleep(clock, Math.min(NAP_MS, until - clock.monotonic()));
  }
}

function isBusy({ instances, mode }: DecisionRecord): boolean {
  return mode === 'act' && (instances.draining > 0 || instances.starting > 0);
}
