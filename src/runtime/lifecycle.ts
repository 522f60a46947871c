/** An ordered, idempotent shutdown: what started last stops first, and all of it within a deadline. */
import type { Logger } from './log.js';

interface Step {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
}

export class Lifecycle {
  private readonly steps: Step[] = [];
  private stopping: Promise<void> | undefined;

  /** `deadlineMs` bounds the whole shutdown; steps that are not done by then are left. */
  constructor(
    private readonly log: Logger,
    private readonly deadlineMs: number,
  ) {}

  /** Registers what must be stopped; called in the order of starting. */
  onStop(name: string, stop: Step['stop']): void {
    this.steps.push({ name, stop });
  }

  /** Runs every step once, last started first. A step that fails is logged and does not keep the others from running. */
  stop(): Promise<void> {
    this.stopping ??= this.runSteps();
    return this.stopping;
  }

  /** Stops on SIGTERM and SIGINT, then exits: 0 when all was stopped in time, 1 otherwise. */
  stopOnSignals(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        this.log.info({ signal }, 'stopping');
        void this.stop().then(
          () => process.exit(0),
          () => process.exit(1),
        );
      });
    }
  }

  /** Stops when the process that spawned this one with an IPC channel is gone, so that no orphan is left behind. */
  stopWithParent(): void {
    if (!process.channel) return;
    process.on('disconnect', () => void this.stop().finally(() => process.exit(0)));
    process.channel.unref();
  }

  private async runSteps(): Promise<void> {
    let expired: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      expired = setTimeout(() => reject(new Error(`not stopped within ${this.deadlineMs} ms`)), this.deadlineMs);
    });
    deadline.catch(() => undefined);
    let failed: unknown;
    for (const step of [...this.steps].reverse()) {
      try {
        await Promise.race([step.stop(), deadline]);
      } catch (error) {
        failed ??= error;
        this.log.error({ err: error, step: step.name }, 'stop failed');
      }
    }
    clearTimeout(expired);
    if (failed) throw failed;
  }
}
