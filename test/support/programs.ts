/**
 * Real programs for tests: each on a free port with a folder of its own, each ended by its owner. Whatever a test
 * leaves behind is killed when the test process exits, also when that is killed itself: programs of this project see their
 * channel end, and servers that know nothing of a parent are ended by the kernel, where it can.
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../deploy/local/ports.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { addressOf, testHost } from './host.js';

export { freePort };

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const SERVERS: ReadonlySet<string> = new Set(['redis-server', 'haproxy']);
/** Becomes the program that follows, which the kernel then kills when this process is gone. Linux only. */
const WITH_US = ['setpriv', '--pdeathsig', 'KILL'] as const;
let canDieWithUs: boolean | undefined;

function dyingWithUs(command: string, args: readonly string[]): [string, ...string[]] {
  const [tool, ...flags] = WITH_US;
  canDieWithUs ??= spawnSync(tool, [...flags, 'true']).status === 0;
  return SERVERS.has(command) && canDieWithUs ? [tool, ...flags, command, ...args] : [command, ...args];
}

/** Spawns a program whose end the returned object owns. */
export function spawnOwned(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const [program, ...all] = dyingWithUs(command, args);
  const child = spawn(program, all, { stdio: 'ignore', ...options });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** What a program said until its end. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of this package's compiled programs, as `dist/test/chaos/main.js`, to its end. */
export async function runProgram(path: string, args: readonly string[]): Promise<Ended> {
  const child = spawnOwned(process.execPath, [fileURLToPath(new URL(path, packageRoot)), ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (text) => {
      said[stream] += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

/** Ends the child with `signal` and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** A folder that `remove` deletes. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'hokm-test-'));
  // A Redis that is killed leaves a child behind, which may still be writing.
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) };
}

/** Waits until `condition` holds (or returns a value that is not undefined or false), looking every 10 ms. */
export async function until<T>(what: string, condition: () => T | Promise<T>, timeoutMs = 10_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Spawns a server and waits until it `answers`.
 * @throws Error with what it said, when it ends first.
 */
export async function spawnServer(
  command: string,
  args: readonly string[],
  answers: () => Promise<unknown>,
  options: SpawnOptions = {},
): Promise<ChildProcess> {
  const child = spawnOwned(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      said += String(data);
    });
  }
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => reject(new Error(`${command} ended with ${code ?? signal}: ${said}`)));
  });
  await Promise.race([until(`${command} answers`, answers), ended]);
  return child;
}

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  process: ChildProcess;
  /** Starts the same Redis (same port and data) again after `end(process)`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis server on a free port, as durable as the one of `npm start`. `args` are added to its command line, `env` to its environment. */
export async function startRedis(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<TestRedis> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const launch = (): Promise<ChildProcess> => {
    const settings = ['--port', String(port), '--bind', testHost(), '--dir', folder.path, '--save', ''];
    const all = [...settings, '--appendonly', 'yes', '--appendfsync', 'always', '--loglevel', 'warning', ...args];
    return spawnServer('redis-server', all, () => answersPing(port), { env: { ...process.env, ...env } });
  };
  const redis: TestRedis = {
    url: `redis://${addressOf(port)}`,
    port,
    folder: folder.path,
    process: await launch(),
    restart: async () => {
      redis.process = await launch();
    },
    stop: async () => {
      await end(redis.process);
      await folder.remove();
    },
  };
  return redis;
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, testHost());
    socket.setTimeout(500, () => socket.destroy());
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => {
      resolve(/^\+PONG|^-NOAUTH/.test(String(data)));
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
}
