/** Real instances on a real Redis for tests; with HAProxy in front where a test asks for it. */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/runtime/package-root.js';
import { addressOf, testHost } from './host.js';
import { end, spawnOwned, startRedis, type TestRedis, until } from './programs.js';

const program = (path: string) => fileURLToPath(new URL(`dist/${path}`, packageRoot));

export interface TestInstance {
  readonly id: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** `ws://host:port/ws` of the instance itself. */
  readonly url: string;
}

export interface TestCluster {
  readonly redis: TestRedis;
  readonly instances: TestInstance[];
  /** Starts one more instance. */
  add(env?: Record<string, string>): Promise<TestInstance>;
  /** Stores a new room and gives its code. */
  createRoom(options?: Record<string, unknown>): Promise<string>;
  stop(): Promise<void>;
}

export async function startInstance(redisUrl: string, env: Record<string, string> = {}): Promise<TestInstance> {
  const child = spawnOwned(process.execPath, [program('src/main.js')], {
    env: {
      ...process.env,
      REDIS_URL: redisUrl,
      LOG_LEVEL: 'error',
      HOKM_CLUSTER_SECRET: 'secret-of-the-tests',
      HOKM_HOST: testHost(),
      HOKM_OPS_NETWORKS: '127.0.0.0/8,::1',
      ...env,
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { id, port } = await new Promise<{ id: string; port: number }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { id: string; port: number }));
    child.once('exit', (code) => reject(new Error(`the instance ended with ${code} before it was ready`)));
  });
  return { id, port, process: child, url: `ws://${addressOf(port)}/ws` };
}

/** Whether the process has not ended. */
export const runs = ({ process: child }: TestInstance) => child.exitCode === null && child.signalCode === null;

/** Redis and `count` instances, with quick bots. */
export async function startCluster(count: number, env: Record<string, string> = {}): Promise<TestCluster> {
  const redis = await startRedis();
  const settings = { HOKM_BOT_DELAY_MS: '1', HOKM_MESSAGE_RATE: '1000', ...env };
  const instances = await Promise.all(Array.from({ length: count }, () => startInstance(redis.url, settings)));
  return {
    redis,
    instances,
    add: async (more = {}) => {
      const instance = await startInstance(redis.url, { ...settings, ...more });
      instances.push(instance);
      return instance;
    },
    createRoom: (options = {}) => createRoom(`http://${addressOf(instances.find(runs)?.port)}`, options),
    stop: async () => {
      await Promise.all(instances.map((instance) => end(instance.process)));
      await redis.stop();
    },
  };
}

/**
 * Resolves when the instance tells finally what does not exist: one that has just started cannot know whether Redis has lost
 * something before, and says to try again.
 */
export function untilCertain({ port }: Pick<TestInstance, 'port'>): Promise<unknown> {
  const none = `http://${addressOf(port)}/api/room?room_code=N0SVCH00`;
  return until('what does not exist is told finally', async () => (await fetch(none)).status === 404);
}

/** `POST /api/rooms`. */
export async function createRoom(base: string, options: Record<string, unknown> = {}): Promise<string> {
  const response = await fetch(`${base}/api/rooms`, { method: 'POST', body: JSON.stringify(options) });
  const body = (await response.json()) as { room_code?: string };
  if (body.room_code === undefined) throw new Error(`room not created: ${response.status} ${JSON.stringify(body)}`);
  return body.room_code;
}
