/** What is wrong with a Redis that answers, as far as it tells. PURE. */
import { isReplica, replicasIn } from './connection-policy.js';

export interface Expected {
  /** Copies that `replicated` rooms wait for a majority of, the primary included. */
  readonly copies: number;
  readonly sentinels: boolean;
}

/** The fields of INFO that decide whether a server is used at all. */
export interface ServerInfo {
  readonly role?: string;
  readonly cluster_enabled?: string;
  readonly redis_version?: string;
}

/** Why a server at a plain URL is not used. */
export const IS_REPLICA = 'it is a replica';
export const IS_CLUSTER = 'it is a node of Redis Cluster';
export const IS_OLD = 'it is older than 6.2';

/** Of the first Redis that has all commands and options that are sent (XTRIM MINID, ZRANGE BYSCORE). */
const OLDEST = [6, 2] as const;

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** Why this server cannot be used; undefined when it can. */
export function refusal({ role, cluster_enabled, redis_version }: ServerInfo): string | undefined {
  if (role !== undefined && isReplica(`role:${role}`)) return IS_REPLICA;
  if (cluster_enabled === '1') return IS_CLUSTER;
  if (redis_version !== undefined && isTooOld(redis_version)) return IS_OLD;
  return undefined;
}

/** Whether this policy makes Redis throw away what no time was set for: rooms that are played. */
export const evictsAnything = (policy: string): boolean => policy.startsWith('allkeys-');

/**
 * One line for each fault that operators have to mend. What is configured is never lowered by what is found.
 * @param info INFO
 * @param appendfsync as CONFIG GET tells it; undefined where this user may not ask
 */
export function judge(info: string, { copies, sentinels }: Expected, appendfsync?: string): string[] {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const faults: string[] = [];
  const found = replicasIn(info) + 1;
  if (copies === 1 && (sentinels || found > 1)) {
    const why = found > 1 ? `Redis has ${found} copies` : 'REDIS_SENTINELS is set';
    faults.push(`REDIS_COPIES is 1 but ${why}: rooms with the durability "replicated" are refused; set it.`);
  }
  if (found < copies) {
    faults.push(
      `Redis has ${found} of the ${copies} copies that REDIS_COPIES names; "replicated" rooms may stand still.`,
    );
  }
  const version = field('redis_version');
  if (version !== undefined && isTooOld(version)) {
    faults.push(
      `Redis ${version} does not know all commands that are needed; update it to ${OLDEST.join('.')} or later.`,
    );
  }
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction' && field('maxmemory') !== '0') {
    const vanishes = evictsAnything(policy)
      ? 'rooms would vanish, and new ones are refused'
      : 'leases and stored rooms would vanish';
    faults.push(`Redis evicts keys when its memory is full (${policy}): ${vanishes}; set maxmemory-policy noeviction.`);
  }
  if (field('aof_enabled') === '0') {
    faults.push('Redis keeps no append-only file: moves are lost when it ends; set appendonly yes.');
  } else if (appendfsync !== undefined && appendfsync !== 'always') {
    faults.push(
      `Redis answers before a move is on its disk (appendfsync ${appendfsync}): the last ones are lost when its host ends; set appendfsync always.`,
    );
  }
  if (field('aof_last_write_status') === 'err') {
    faults.push('Redis cannot write its append-only file: nothing is confirmed; look at its disk.');
  }
  return faults;
}
