/** The cluster's own Redis, or the one that REDIS_URL names; and what the supervisor writes into it. */
import { Registry } from '../../src/cluster/registry.js';
import type { LauncherConfig, RedisConfig } from '../../src/config.js';
import { connect, type RedisConnection, ready } from '../../src/redis/client.js';
import { formatHostPort } from '../../src/runtime/address.js';
import { aclRules } from '../ops/acl.js';
import type { Program } from './child.js';
import type { DataFolder } from './data-folder.js';
import { writePrivate } from './data-folder.js';
import type { Secrets } from './secrets.js';

/** Longer than any stop takes, so that a cluster that never came to its end starts with a clean state. */
const STOPPING_SECONDS = 60;
/** A large append-only file takes a while to load. */
const LOADING_MS = 60_000;
const EXTERNAL_MS = 5_000;
/** The own Redis stays on this machine. */
const REDIS_HOST = '127.0.0.1';

export interface Ready {
  readonly port: number;
}

/** Of the own Redis: may do what the cluster needs, and nothing else. */
const USER = 'hokm';

/**
 * How the cluster's processes reach Redis: by the settings of the environment, or as a user with few rights of the own Redis
 * when it names none.
 */
export function redisConfig(config: LauncherConfig, secrets: Secrets, ownPort: number | undefined): RedisConfig {
  const own = ownUrl(USER, secrets.redisUserPassword, ownPort);
  return { ...config, REDIS_URL: ownPort === undefined ? (config.REDIS_URL ?? 'redis://127.0.0.1:6379') : own };
}

/** How operators reach it: as the user who may do everything, written so that redis-cli takes it. */
export function operatorUrl(config: RedisConfig, secrets: Secrets, ownPort: number | undefined): string {
  return ownPort === undefined ? config.REDIS_URL : ownUrl('default', secrets.redisPassword, ownPort);
}

const ownUrl = (user: string, password: string, port = 0) =>
  `redis://${user}:${password}@${formatHostPort({ host: REDIS_HOST, port })}`;

/** @param port where it listens, also after a restart. */
export function redisProgram(
  folder: DataFolder,
  secrets: Secrets,
  config: LauncherConfig,
  port: number,
): Program<Ready> {
  // In a file and not on the command line, which every user of the machine can read.
  writePrivate(
    folder.redisSettings,
    [
      `bind ${REDIS_HOST}`,
      'protected-mode yes',
      `port ${port}`,
      `requirepass ${secrets.redisPassword}`,
      `user ${USER} ${aclRules(secrets.redisUserPassword, { prefix: config.HOKM_PREFIX })}`,
      `dir ${quoted(folder.redis)}`,
      'daemonize no',
      'save ""',
      'appendonly yes',
      // What is answered is on the disk, one fsync for all that a turn of its event loop wrote. With `everysec` it holds the
      // write itself back while a slow fsync runs, for up to 2 s, and answers. It ends when a write fails: then it is started again.
      'appendfsync always',
      'maxmemory-policy noeviction',
      '',
    ].join('\n'),
  );
  return {
    title: 'Redis',
    logName: 'redis',
    command: 'redis-server',
    args: [folder.redisSettings],
    env: config.environment,
    folder: folder.path,
    ipc: false,
    mark: 'redis-server',
    startMs: LOADING_MS,
    pauseMs: 100,
    // Every table waits for it: while its disk is full it ends again and again, and must soon see that there is room.
    maxPauseMs: 1_000,
    stopMs: 10_000,
    ready: async (_process, gone) => {
      await withRedis(redisConfig(config, secrets, port), LOADING_MS, () => undefined, gone);
      return { port };
    },
  };
}

/** Waits for a Redis that is not ours, and ends the `stopping` of the run before. */
export async function openCluster(config: RedisConfig): Promise<void> {
  await withRedis(config, EXTERNAL_MS, (redis) => redis.del(redis.keyspace.clusterState));
}

/**
 * Tells the instances that all of them stop. Not when Redis also serves instances of other hosts: those play on, and
 * ours hand their rooms to them.
 */
export async function announceStop(config: RedisConfig, own: readonly string[]): Promise<void> {
  await withRedis(config, 1_000, async (redis) => {
    const { instances } = await new Registry(redis, 0).list();
    const all = instances.every(({ id }) => own.includes(id));
    // Instances then store their rooms and move none.
    if (all) await redis.set(redis.keyspace.clusterState, 'stopping', 'EX', STOPPING_SECONDS);
  });
}

async function withRedis(
  config: RedisConfig,
  timeoutMs: number,
  use: (redis: RedisConnection) => unknown,
  gone?: AbortSignal,
): Promise<void> {
  const redis = connect(config, 'launcher');
  const drop = () => redis.disconnect();
  gone?.addEventListener('abort', drop);
  try {
    await ready(redis, config, timeoutMs);
    await use(redis);
  } finally {
    gone?.removeEventListener('abort', drop);
    drop();
  }
}

const quoted = (path: string) => `"${path.replace(/["\\]/g, '\\$&')}"`;
