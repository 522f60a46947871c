/** An ordered start and an idempotent shutdown: what started last stops first, and all of it within a deadline. */
import { isatty } from 'node:tty';
import type { Ticks } from './clock.js';
import type { Logger } from './log.js';

/** What is done for one part when the process starts, and when it stops. */
export interface Steps {
  /** @throws when the process cannot go on */
  readonly start?: () => Promise<void> | void;
  readonly stop?: () => Promise<void> | void;
  /** Takes nothing more in, from now on: the process has failed, and stops next. */
  readonly shut?: () => void;
}

/**
 * Whether a terminal is there that may hang up. What `nohup` starts has none: it takes all three streams off the terminal.
 * That it ignores SIGHUP cannot be seen: Node sets all signals back when it starts.
 */
export const hasTerminal = (): boolean => [0, 1, 2].some((descriptor) => isatty(descriptor));

/** Errors after the first that are logged: whatever fails may do so again and again until the end. */
const MORE_ERRORS = 10;

export class Lifecycle {
  private readonly parts: (Steps & { readonly name: string })[] = [];
  private stopping: Promise<void> | undefined;
  /** Errors that nobody has caught. */
  private uncaught = 0;

  /** `deadlineMs` bounds the whole shutdown; steps that are not done by then are left. */
  constructor(
    private readonly log: Logger,
    private readonly clock: Ticks,
    private readonly deadlineMs: number,
  ) {}

  /** Registers a part; called in the order of starting. */
  add(name: string, steps: Steps): void {
    this.parts.push({ name, ...steps });
  }

  /** Registers what must be stopped of a part that has started by itself. */
  onStop(name: string, stop: NonNullable<Steps['stop']>): void {
    this.add(name, { stop });
  }

  /** The names of the parts in the order in which they start, and in which they stop. */
  describe(): { readonly start: readonly string[]; readonly stop: readonly string[] } {
    const names = (parts: readonly { readonly name: string }[]) => parts.map(({ name }) => name);
    return {
      start: names(this.parts.filter(({ start }) => start)),
      stop: names(this.parts.filter(({ stop }) => stop).toReversed()),
    };
  }

  /** Starts one part after the other. @throws what the first that cannot start throws */
  async start(): Promise<void> {
    for (const { start } of this.parts) await start?.();
  }

  /** Stops every part once, last started first. One that fails is logged and does not keep the others from stopping. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  /** Stops on SIGTERM and SIGINT, then exits: 0 when all was stopped in time, 1 otherwise. */
  stopOnSignals(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => this.stopOn(signal));
    }
  }

  /**
   * SIGHUP: the terminal that the process was started in has hung up, which stops it as SIGTERM does; or, where it has none,
   * an operator wants what may change while it runs to be read again.
   * @param reload throws when what it reads makes no sense; then nothing has changed
   */
  reloadOnHangUp(reload: () => void): void {
    process.on('SIGHUP', () => {
      if (hasTerminal()) return this.stopOn('SIGHUP');
      try {
        reload();
      } catch (error) {
        this.log.error({ err: (error as Error).message }, 'not reloaded');
      }
    });
  }

  /**
   * An error that nobody has caught leaves the process in a state that nobody knows. Takes nothing more in, stops as on
   * SIGTERM, so that what is safe goes on elsewhere, then exits with 1.
   */
  stopOnErrors(): void {
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => this.fail(error, event));
    }
  }

  private fail(error: unknown, event: string): void {
    this.uncaught += 1;
    if (this.uncaught <= 1 + MORE_ERRORS) this.log.fatal({ err: error, event }, 'uncaught error');
    if (this.uncaught > 1) return;
    for (const { name, shut } of this.parts) {
      try {
        shut?.();
      } catch (failed) {
        this.log.error({ err: failed, step: name }, 'shut failed');
      }
    }
    this.stopAndExit();
  }

  private stopOn(signal: NodeJS.Signals): void {
    this.log.info({ signal }, 'stopping');
    this.stopAndExit();
  }

  private stopAndExit(): void {
    void this.stop().then(
      () => process.exit(this.uncaught > 0 ? 1 : 0),
      () => process.exit(1),
    );
  }

  /** Stops when the process that spawned this one with an IPC channel is gone, so that no orphan is left behind. */
  stopWithParent(): void {
    if (!process.channel) return;
    process.on('disconnect', () => this.stopAndExit());
    process.channel.unref();
  }

  private async stopAll(): Promise<void> {
    let expire = (_: Error): void => undefined;
    const deadline = new Promise<never>((_, reject) => {
      expire = reject;
    });
    deadline.catch(() => undefined);
    const expired = this.clock.after(this.deadlineMs, () =>
      expire(new Error(`not stopped within ${this.deadlineMs} ms`)),
    );
    let failed: unknown;
    for (const { name, stop } of this.parts.toReversed()) {
      try {
        await Promise.race([stop?.(), deadline]);
      } catch (error) {
        failed ??= error;
        this.log.error({ err: error, step: name }, 'stop failed');
      }
    }
    expired.cancel();
    if (failed) throw failed;
  }
}
