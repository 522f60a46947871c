/** A launcher, with stub programs where a test does not ask for the real ones, as a process of its own. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lookUp } from '../../deploy/local/process-table.js';
import type { ClusterFacts } from '../../deploy/local/report.js';
import { spawnOwned, until } from '../support/programs.js';

/** The launcher with stubs in the place of our own programs. */
export const STUBS = fileURLToPath(new URL('stubs/launch.js', import.meta.url));
/** The launcher with the real programs. */
export const REAL = fileURLToPath(new URL('../../deploy/local/main.js', import.meta.url));

export interface Launcher {
  readonly process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves at its end with exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts a launcher on free ports; `env` is added to this process's environment. */
export function launcher(
  data: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
  program = STUBS,
): Launcher {
  let stdout = '';
  let stderr = '';
  // Its number of instances is the test's.
  const scaled = args.some((arg) => arg === '--autoscaler') ? [] : ['--no-autoscaler'];
  const ports = ['--port', '--ops-port'].flatMap((flag) => (args.includes(flag) ? [] : [flag, '0']));
  const child = spawnOwned(process.execPath, [program, '--data', data, '--json', ...scaled, ...ports, ...args], {
    // The channel ends everything should this test process die.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, REDIS_URL: '', ...env },
  });
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  // Not 'close': it never comes after this side has closed the channel.
  const read = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'));
  const ended = once(child, 'exit').then(async ([code, signal]) => {
    await Promise.all(read);
    return code ?? signal;
  });
  return { process: child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** Waits until `look` finds something. */
export async function untilFound<T>(what: string, look: () => T | undefined): Promise<T> {
  let found: T | undefined;
  await until(what, () => {
    found = look();
    return found !== undefined;
  });
  return found as T;
}

/** What a launcher printed when it was ready. */
export async function started(running: Launcher): Promise<ClusterFacts> {
  const line = await untilFound('the launcher is ready', () => {
    if (running.process.exitCode !== null) throw new Error(`ended too early: ${running.stderr()}`);
    return running.stdout().includes('\n') ? running.stdout() : undefined;
  });
  return JSON.parse(line);
}

/** cluster.json as it is now. */
export const keptFacts = (data: string): ClusterFacts => JSON.parse(readFileSync(`${data}/cluster.json`, 'utf8'));

export function pidsOf(facts: ClusterFacts): number[] {
  const pids = [...Object.values(facts.pids), ...facts.instances.map(({ pid }) => pid)];
  return pids.filter((pid) => pid !== null);
}

export const alive = (pid: number): boolean => lookUp(pid) !== undefined;
