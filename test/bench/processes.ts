/** The bench's processes, each held on one core, and what they use. Linux only. */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { end, spawnOwned } from '../support/programs.js';

/** The server under test has a core of its own; the load, Redis and HAProxy share the other. */
export const SERVER_CORE = Math.min(1, availableParallelism() - 1);
export const LOAD_CORE = 0;

export class Pinned {
  private constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
  ) {}

  /** Runs a program on one core. @throws when it cannot be started */
  static spawn(core: number, command: string, args: readonly string[], options: SpawnOptions = {}): Pinned {
    const child = spawnOwned('taskset', ['--cpu-list', String(core), command, ...args], options);
    if (child.pid === undefined) throw new Error('taskset cannot be run; it is part of util-linux');
    return new Pinned(child, child.pid);
  }

  /** The next message over its channel. @throws when the process ends before */
  message<Message>(): Promise<Message> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`${this.child.spawnargs.join(' ')} ended with ${code}`));
      this.child.once('exit', ended);
      this.child.once('message', (message) => {
        this.child.off('exit', ended);
        resolve(message as Message);
      });
    });
  }

  send(message: object): void {
    this.child.send(message);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.child.on('message', listener);
  }

  onExit(listener: () => void): void {
    this.child.once('exit', listener);
  }

  /** Processor time of all its threads so far, µs, as the kernel counts it. */
  cpuUs(): number {
    return spent(this.pid, 0);
  }

  /** The same, and what they spent ready to run while others had the core, µs. */
  busyUs(): number {
    return spent(this.pid, 0) + spent(this.pid, 1);
  }

  /** Resident memory, bytes. */
  memory(): number {
    const pages = readFileSync(`/proc/${this.pid}/statm`, 'utf8').split(' ')[1];
    return Number(pages) * 4_096;
  }

  stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return end(this.child, signal);
  }
}

export const cpuUs = (pid: number): number => spent(pid, 0);

/** A figure of /proc/PID/task/TID/schedstat over all threads: 0 ran, 1 waited for a core; µs. */
function spent(pid: number, figure: 0 | 1): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[figure]);
  }
  return ns / 1_000;
}

const LOOK_MS = 1_000;

/** Part of all cores that is in use, looked at for a second. */
export async function othersBusy(): Promise<number> {
  const times = () =>
    cpus().reduce(
      (sum, { times: { idle, user, sys, nice, irq } }) => ({
        idle: sum.idle + idle,
        all: sum.all + idle + user + sys + nice + irq,
      }),
      { idle: 0, all: 0 },
    );
  const before = times();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const now = times();
  return 1 - (now.idle - before.idle) / (now.all - before.all);
}
