/** One run of one program, from its spawn to its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Clock, sleep } from '../../src/runtime/clock.js';
import type { Exit } from './control-protocol.js';
import type { LogFile } from './log-file.js';
import { signalGroup } from './process-table.js';
import { StartFailed } from './start-failed.js';

/** What to run, and how to know that it is usable. */
export interface Program<Ready> {
  /** For people, as `Redis` or `instance 1`. */
  readonly title: string;
  /** Of its log, without `.log`. */
  readonly logName: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  /** With an IPC channel: by its end the program learns that the supervisor is gone. */
  readonly ipc: boolean;
  /** Part of its command line, by which an orphan is known again. */
  readonly mark: string;
  /** Longest time until it is usable, ms. */
  readonly startMs: number;
  /** The pause before it is started again when it has ended unasked, ms. */
  readonly pauseMs: number;
  /** The pause is doubled each time, up to this, ms; 10 s where it is not set. */
  readonly maxPauseMs?: number;
  /** Longest time from SIGTERM to its end, ms; then it is killed. */
  readonly stopMs: number;
  /** Resolves when it is usable; `gone` fires when it never will be. */
  ready(process: ChildProcess, gone: AbortSignal): Promise<Ready>;
}

/** Enough for a stack and what was thrown above it. */
const CRASH_LINES = 15;

export class Child<Ready> {
  /** Resolves at its end with how it ended: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  private readonly process: ChildProcess;
  private readonly gone = new AbortController();

  constructor(
    private readonly program: Program<Ready>,
    private readonly log: LogFile,
    private readonly clock: Clock,
  ) {
    this.process = log.open((output) =>
      spawn(program.command, program.args, {
        cwd: program.folder,
        env: program.env,
        // A process group of its own: Ctrl-C in the terminal reaches the supervisor only, which stops all in order.
        detached: true,
        stdio: ['ignore', output, output, ...(program.ipc ? (['ipc'] as const) : [])],
      }),
    );
    this.ended = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      this.process.once('error', (error: NodeJS.ErrnoException) => {
        if (this.process.pid === undefined) resolve(error.code === 'ENOENT' ? 'the program is missing' : error.message);
      });
    });
    void this.ended.then(() => {
      this.gone.abort();
      // HAProxy's master may leave workers behind, and these the port taken.
      if (this.pid !== undefined) signalGroup(this.pid, 'SIGKILL');
    });
  }

  /** Undefined when it could not be started at all. */
  get pid(): number | undefined {
    return this.process.pid;
  }

  /** How it ended; both null while it runs, or when it could not be started at all. */
  get exit(): Exit {
    return { exit_code: this.process.exitCode, signal: this.process.signalCode };
  }

  /** @throws StartFailed when it ends before it is usable, or takes too long. */
  async ready(): Promise<Ready> {
    const { title, startMs } = this.program;
    let late: { cancel(): void } | undefined;
    const failed = new Promise<never>((_, reject) => {
      const fail = (how: string) =>
        reject(new StartFailed([`${title} ${how}`, ...this.lastLines(CRASH_LINES)].join('\n')));
      late = this.clock.after(startMs, () => fail(`is not ready after ${startMs / 1000} s.`));
      void this.ended.then((how) => fail(`does not start (${how}).`));
    });
    const usable = this.program.ready(this.process, this.gone.signal).catch((error) => {
      // Its end explains why it never became usable.
      if (this.gone.signal.aborted) return failed;
      throw error;
    });
    try {
      return await Promise.race([usable, failed]);
    } finally {
      late?.cancel();
    }
  }

  /** Ends it in order, at the latest by force. */
  async stop(): Promise<void> {
    if (this.pid === undefined || this.gone.signal.aborted) return;
    this.process.kill('SIGTERM');
    const late = this.clock.after(this.program.stopMs, () => this.kill());
    await this.ended;
    late.cancel();
  }

  /** Ends it and its own children at once. */
  kill(): void {
    if (this.pid !== undefined && !this.gone.signal.aborted) signalGroup(this.pid, 'SIGKILL');
  }

  /** The end of its log, indented. */
  lastLines(count: number): string[] {
    return this.log.lastLines(count).map((line) => `  ${line}`);
  }
}

/** Asks `question` every 20 ms until it says something, or `gone` fires. */
export async function poll<T>(clock: Clock, gone: AbortSignal, question: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await question().catch(() => undefined);
    if (answer !== undefined) return answer;
    gone.throwIfAborted();
    await sleep(clock, 20);
  }
}
