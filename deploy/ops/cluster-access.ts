/** How an operators' tool reaches a cluster: the local one by its data folder, any other by the environment. */
import { type OperatorConfig, operatorConfig, type RedisConfig } from '../../src/config.js';
import { connect, type RedisConnection, ready } from '../../src/redis/client.js';
import { type LocalClusterFacts, localCluster } from './local-cluster.js';

export interface ClusterAccess {
  readonly redis: RedisConnection;
  /** Copies of the data that writes for good wait for a majority of, the primary included. */
  readonly copies: number;
  /** HAProxy's admin socket, when there is one on this machine. */
  readonly haproxySocket: string | undefined;
  /** What a local cluster tells of itself; undefined for one that the environment names. */
  readonly local: LocalClusterFacts | undefined;
  /** Bearer token for the instances' own pages. */
  readonly opsToken: string | undefined;
}

const REDIS_MS = 5_000;

/**
 * @param data data folder of a local cluster; without it REDIS_URL or REDIS_SENTINELS count, else the usual folder.
 * @param role how Redis lists the connection
 * @throws ToolFailed, ConfigError, RedisUnavailable
 */
export async function reachCluster(
  data: string | undefined,
  env?: NodeJS.ProcessEnv,
  role = 'operator',
): Promise<ClusterAccess> {
  const config = operatorConfig(env);
  const { REDIS_URL, HOKM_PREFIX, haproxySocket, local } = placeOf(config, data);
  const redisConfig: RedisConfig = { ...config, REDIS_URL, HOKM_PREFIX };
  const redis = connect(redisConfig, role);
  try {
    await ready(redis, redisConfig, REDIS_MS);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  const opsToken = local?.ops_token ?? config.HOKM_OPS_TOKEN;
  return { redis, copies: local ? 1 : config.REDIS_COPIES, haproxySocket, local, opsToken };
}

interface Place {
  readonly REDIS_URL: string;
  readonly HOKM_PREFIX: string;
  readonly haproxySocket: string | undefined;
  readonly local: LocalClusterFacts | undefined;
}

function placeOf(config: OperatorConfig, data: string | undefined): Place {
  const { REDIS_URL, REDIS_SENTINELS, HOKM_PREFIX, HAPROXY_SOCKET } = config;
  if (data === undefined && (REDIS_URL !== undefined || REDIS_SENTINELS.length > 0)) {
    const url = REDIS_URL ?? 'redis://127.0.0.1:6379';
    return { REDIS_URL: url, HOKM_PREFIX, haproxySocket: HAPROXY_SOCKET, local: undefined };
  }
  const local = localCluster(data);
  return {
    REDIS_URL: local.redis_url,
    HOKM_PREFIX: local.redis_prefix,
    haproxySocket: local.haproxy_socket,
    local,
  };
}
