/** What commands share: the policy, and the way to the cluster. */
import type { Argv } from 'yargs';
import { localCluster } from '../../deploy/ops/local-cluster.js';
import { Bus } from '../../src/cluster/bus.js';
import { Registry } from '../../src/cluster/registry.js';
import { RoomIndex } from '../../src/cluster/room-index.js';
import { type AutoscalerConfig, autoscalerConfig, type RedisConfig } from '../../src/config.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import { connect, type RedisConnection, ready } from '../../src/redis/client.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { createLogger, type Logger } from '../../src/runtime/log.js';
import { crockford } from '../../src/runtime/random.js';
import type { Driver } from '../drivers/driver.js';
import { NoDriver } from '../drivers/none.js';
import { openDriver } from '../drivers/open.js';
import { History } from '../history.js';
import type { LockDeps } from '../lock.js';
import { loadPolicy } from '../policy/load.js';
import type { Policy } from '../policy/schema.js';
import { Runner } from '../run.js';
import { Store } from '../store.js';

export interface ClusterArgs {
  /** Data folder of a local cluster. */
  readonly data?: string | undefined;
}

export function clusterOptions<T>(cli: Argv<T>) {
  return jsonOption(cli).option('data', {
    type: 'string',
    requiresArg: true,
    describe: 'data folder of the local cluster; else that of REDIS_URL, else .hokm',
  });
}

export interface PolicyArgs extends ClusterArgs {
  readonly policy?: string | undefined;
  readonly set: readonly string[];
}

export function policyOptions<T>(cli: Argv<T>) {
  return cli
    .option('policy', { type: 'string', requiresArg: true, describe: 'policy file, YAML or JSON; else HOKM_POLICY' })
    .option('set', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      defaultDescription: 'none',
      describe: 'a field of the policy, as instance.players=80; may be repeated',
    });
}

export function jsonOption<T>(cli: Argv<T>) {
  return cli.option('json', { type: 'boolean', default: false, describe: 'one line of JSON with its schema' });
}

type ClusterConfig = AutoscalerConfig & RedisConfig;

/**
 * How to reach the cluster of the data folder that is given, else the one that the environment names, else that of
 * `npm start`. @throws ConfigError, ToolFailed
 */
export function clusterConfig({ data }: ClusterArgs): ClusterConfig {
  const config = autoscalerConfig();
  const { REDIS_URL, REDIS_SENTINELS, HOKM_POLICY, HOKM_SUPERVISOR_SOCKET } = config;
  if (data === undefined && (REDIS_URL !== undefined || REDIS_SENTINELS.length > 0)) {
    return { ...config, REDIS_URL: REDIS_URL ?? 'redis://127.0.0.1:6379' };
  }
  const local = localCluster(data);
  return {
    ...config,
    REDIS_URL: local.redis_url,
    HOKM_PREFIX: local.redis_prefix,
    HOKM_POLICY: HOKM_POLICY ?? local.policy ?? undefined,
    HOKM_SUPERVISOR_SOCKET: HOKM_SUPERVISOR_SOCKET ?? local.control_socket,
  };
}

export function policyOf({ policy, set }: PolicyArgs, config: Pick<AutoscalerConfig, 'HOKM_POLICY'>): Policy {
  return loadPolicy(policy ?? config.HOKM_POLICY, set);
}

export interface Cluster {
  readonly config: ClusterConfig;
  readonly redis: RedisConnection;
  readonly registry: Registry;
  readonly store: Store;
  readonly history: History;
  readonly clock: SystemClock;
  readonly log: Logger;
  readonly bus: Bus;
  readonly rooms: RoomIndex;
  readonly lock: LockDeps;
}

/** Opens what leads to the cluster, and closes it when `use` is done. @throws RedisUnavailable */
export async function withCluster<T>(
  args: ClusterArgs,
  role: string,
  use: (cluster: Cluster) => Promise<T>,
  level?: string,
): Promise<T> {
  const config = clusterConfig(args);
  const clock = new SystemClock();
  const id = `autoscaler-${role}-${crockford(8)}`;
  const log = createLogger(level ?? config.LOG_LEVEL, { process: 'autoscaler', autoscaler: id });
  const redis = connect(config, `autoscaler-${role}`);
  try {
    await ready(redis, config, config.HOKM_START_WAIT_MS);
    const bus = new Bus({ id: id as InstanceId, redis, subscriber: redis, inbox: redis, clock, log });
    return await use({
      config,
      redis,
      registry: new Registry(redis, config.HOKM_LEASE_MS),
      store: new Store(redis),
      history: new History(redis),
      clock,
      log,
      bus,
      rooms: new RoomIndex(redis),
      lock: { redis, clock, log, token: id, ttlMs: config.HOKM_AUTOSCALER_LOCK_MS },
    });
  } finally {
    redis.disconnect();
  }
}

export interface RunnerOptions {
  readonly by: string;
  readonly advisory: boolean;
  readonly tickMs?: number;
}

export function runnerFor(
  cluster: Cluster,
  policy: Policy,
  options: RunnerOptions,
): { runner: Runner; driver: Driver; tickMs: number } {
  const { config, rooms } = cluster;
  // A driver that is not used need not be there.
  const driver = options.by === 'plan' ? new NoDriver() : openDriver(policy.driver, config);
  const tickMs = options.tickMs ?? policy.tick_s * 1000;
  const runner = new Runner({
    ...cluster,
    policy,
    driver,
    rooms: (id) => rooms.rooms(id),
    heartbeatMs: config.HOKM_HEARTBEAT_MS,
    leaseMs: config.HOKM_LEASE_MS,
    tickMs,
    by: options.by,
    advisory: options.advisory,
  });
  return { runner, driver, tickMs };
}
