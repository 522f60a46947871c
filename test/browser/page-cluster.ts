/** The whole cluster as players meet it: Redis, instances, HAProxy and its controller, with their usual settings. */

import type { ChildProcess } from 'node:child_process';
import type { RedisConnection } from '../../src/redis/client.js';
import { CONTROLLER, startHAProxy, type TestHAProxy } from '../haproxy/support.js';
import { createRoom, runs, startInstance, type TestInstance } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { end, spawnOwned, startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

export interface PageCluster {
  /** `http://127.0.0.1:PORT`, HAProxy's. */
  readonly origin: string;
  readonly port: number;
  readonly redis: RedisConnection;
  readonly instances: TestInstance[];
  /** Starts one more instance and waits until HAProxy sends players to it. */
  add(): Promise<TestInstance>;
  createRoom(options?: Record<string, unknown>): Promise<string>;
  /** The instance that plays the room. */
  ownerOf(room: string): Promise<TestInstance>;
  stop(): Promise<void>;
}

export async function startPageCluster(count: number, env: Record<string, string> = {}): Promise<PageCluster> {
  const [redisServer, haproxy] = await Promise.all([startRedis(), startHAProxy()]);
  const settings = { HOKM_BOT_DELAY_MS: '40', ...env };
  const start = () => startInstance(redisServer.url, settings);
  const [controller, ...instances] = await Promise.all([
    startController(redisServer, haproxy),
    ...Array.from({ length: count }, start),
  ]);
  const redis = await connectToRedis(redisServer.url);
  await Promise.all(instances.map((instance) => isUp(haproxy, instance)));
  const origin = `http://127.0.0.1:${haproxy.port}`;
  return {
    origin,
    port: haproxy.port,
    redis,
    instances,
    add: async () => {
      const instance = await start();
      instances.push(instance);
      await isUp(haproxy, instance);
      return instance;
    },
    createRoom: (options = {}) => createRoom(origin, options),
    ownerOf: async (room) => {
      const id = await redis.hget(KEYS.roomMeta(room), 'owner');
      const owner = instances.find((instance) => instance.id === id && runs(instance));
      if (!owner) throw new Error(`no living instance ${id} owns ${room}`);
      return owner;
    },
    stop: async () => {
      redis.disconnect();
      await Promise.all([...instances.map(({ process: child }) => end(child)), end(controller), haproxy.stop()]);
      await redisServer.stop();
    },
  };
}

async function startController(redis: TestRedis, haproxy: TestHAProxy): Promise<ChildProcess> {
  const env = { ...process.env, REDIS_URL: redis.url, HAPROXY_SOCKET: haproxy.socket, LOG_LEVEL: 'error' };
  const child = spawnOwned(process.execPath, [CONTROLLER, 'run'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`the controller ended with ${code}`)));
  });
  return child;
}

async function isUp(haproxy: TestHAProxy, { id }: TestInstance): Promise<void> {
  await until(`HAProxy knows ${id}`, async () => {
    const servers = await haproxy.api.servers().catch(() => []);
    return servers.some(({ name, state }) => name === id && state === 'ready');
  });
}
