/** Keeps one program running: when it ends unasked, that is told, and it is started again. */
import type { Clock, Timer } from '../../src/runtime/clock.js';
import { Child, type Program } from './child.js';
import type { Exit, Phase } from './control-protocol.js';
import type { LogFile } from './log-file.js';
import type { Logs } from './logs.js';
import type { ChildNotes } from './orphans.js';

export interface Surroundings {
  readonly clock: Clock;
  readonly notes: ChildNotes;
  readonly logs: Pick<Logs, 'of'>;
  /** A line for people. */
  readonly tell: (line: string) => void;
  /** A child was started again or is gone: what is known of the cluster has changed. */
  readonly changed: () => void;
}

/** The program's own pause is doubled each time, up to this or its own maximum, and the first one again after it ran for a while. */
const MAX_PAUSE_MS = 10_000;
const RAN_WELL_MS = 5_000;
/** Of the log of a child that ended, as told on the terminal. */
const LINES = 5;

export class Supervised<Ready> {
  private readonly log: LogFile;
  private child: Child<Ready> | undefined;
  private state: Ready | undefined;
  private pauseMs: number;
  private pause: Timer | undefined;
  private stopping: Promise<Exit> | undefined;
  private wasReady = false;

  constructor(
    readonly program: Program<Ready>,
    private readonly around: Surroundings,
  ) {
    this.log = around.logs.of(program.logName);
    this.pauseMs = program.pauseMs;
  }

  /** The running child and what it said when it became ready; undefined while there is none. */
  get current(): { readonly pid: number; readonly ready: Ready } | undefined {
    const pid = this.child?.pid;
    return pid === undefined || this.state === undefined ? undefined : { pid, ready: this.state };
  }

  get phase(): Phase {
    if (this.stopping) return 'stopping';
    if (this.state !== undefined) return 'ready';
    return this.wasReady ? 'restarting' : 'starting';
  }

  /** @throws StartFailed when the first attempt fails; from then on it is kept running. */
  async start(): Promise<Ready> {
    const { clock, tell } = this.around;
    const since = clock.monotonic();
    const ready = await this.attempt();
    tell(`${this.program.title} ready${describe(ready)} (${((clock.monotonic() - since) / 1000).toFixed(1)} s)`);
    return ready;
  }

  /** Ends it in order, for good. */
  stop(): Promise<Exit> {
    this.stopping ??= (async () => {
      this.pause?.cancel();
      await this.child?.stop();
      return this.exit;
    })();
    return this.stopping;
  }

  kill(): void {
    this.stopping ??= Promise.resolve(this.exit);
    this.pause?.cancel();
    this.child?.kill();
  }

  private get exit(): Exit {
    return this.child?.exit ?? { exit_code: null, signal: null };
  }

  private async attempt(): Promise<Ready> {
    const { clock, notes } = this.around;
    if (this.stopping) throw new Error(`${this.program.title} is being stopped`);
    const child = new Child(this.program, this.log, clock);
    const { pid } = child;
    this.child = child;
    if (pid !== undefined) {
      notes.add(pid, this.program.mark);
      void child.ended.then(() => notes.remove(pid));
    }
    try {
      this.state = await child.ready();
      this.wasReady = true;
    } catch (error) {
      await child.stop();
      throw error;
    }
    const since = clock.monotonic();
    void child.ended.then((how) => this.ended(child, how, clock.monotonic() - since));
    return this.state;
  }

  private ended(child: Child<Ready>, how: string, ranMs: number): void {
    this.state = undefined;
    if (this.stopping) return;
    if (ranMs > RAN_WELL_MS) this.pauseMs = this.program.pauseMs;
    this.around.changed();
    this.again([`${this.program.title} (process ${child.pid}) ended: ${how}`, ...child.lastLines(LINES)].join('\n'));
  }

  private again(why: string): void {
    const { clock, tell, changed } = this.around;
    tell(`${why}\n  starting it again in ${this.pauseMs / 1000} s`);
    this.pause = clock.after(this.pauseMs, () => {
      this.start().then(changed, (error: Error) => {
        if (!this.stopping) this.again(error.message);
      });
    });
    this.pauseMs = Math.min(this.pauseMs * 2, this.program.maxPauseMs ?? MAX_PAUSE_MS);
  }
}

/** ` on 41023` for what has a port. */
function describe(ready: unknown): string {
  return typeof ready === 'object' && ready !== null && 'port' in ready ? ` on ${String(ready.port)}` : '';
}
