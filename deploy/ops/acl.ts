/**
 * What a Redis user needs who is good for this software and for nothing else. The test runs a cluster with exactly these
 * rights: one that is missing shows up as a refusal, one too many as a command that never ran.
 */
import { createHash } from 'node:crypto';
import { DEFAULT_PREFIX } from '../../src/config.js';
import { patternsOf } from '../../src/redis/keys.js';

export interface AclOptions {
  /** The cluster's HOKM_PREFIX. */
  readonly prefix?: string;
  /** For Redis from 7.2 on. */
  readonly newer?: boolean;
}

/** By who sends them. AUTH and HELLO need no right. */
export const COMMANDS = {
  /** Every connection: its name, and whether Redis has loaded its data. `select` for a database number in REDIS_URL. */
  connection: ['client|setname', 'info', 'select'],
  /** The scripts of src/redis/lua: sent by hash, or whole when Redis does not know them. */
  scripts: ['evalsha', 'eval'],
  /** What the scripts themselves call; a script has the rights of its caller. */
  inScripts: [
    ...['exists', 'get', 'hgetall', 'hmget', 'hset', 'persist', 'pexpire', 'set', 'time'],
    ...['xadd', 'xrange', 'xrevrange', 'xtrim', 'zadd', 'zcard', 'zremrangebyscore', 'zscore'],
  ],
  instances: [
    ...[
      'del',
      'exists',
      'get',
      'hgetall',
      'incr',
      'pexpire',
      'publish',
      'sadd',
      'scard',
      'set',
      'smembers',
      'srem',
      'subscribe',
    ],
    ...['multi', 'exec', 'wait', 'xadd', 'xrange', 'xread', 'xtrim', 'zadd', 'zrange', 'zrem', 'zscore'],
  ],
  controller: ['exists', 'hget', 'hgetall', 'publish', 'smembers', 'subscribe', 'zrange'],
  autoscaler: ['expire', 'lrange', 'ltrim', 'rpush'],
  /** `npm run room`, `npm run rolling-restart` and the supervisor of `npm start`. */
  tools: ['del', 'get', 'hgetall', 'multi', 'exec', 'pttl', 'set', 'smembers', 'time', 'xrange', 'zrange'],
} as const;

/** What only Redis from 7.2 on knows, and an older one refuses to hear of. */
const NEWER_COMMANDS = ['waitaof'] as const;

/** Sorted, each once. */
export const allCommands = (): string[] => [...new Set<string>(Object.values(COMMANDS).flat())].sort();

/**
 * The rules of the user, as ACL SETUSER and `user` in a configuration file take them. Without a password nobody can log
 * in as the user, with several by each of them. The passwords themselves are not in it: only their SHA-256.
 */
export function aclRules(
  passwords: string | readonly string[] | undefined,
  { prefix = DEFAULT_PREFIX, newer = false }: AclOptions = {},
): string {
  // All of them this cluster's: the data of others in the same Redis stay out of reach.
  const { keys, channels } = patternsOf(prefix);
  return [
    ...['reset', 'on'],
    ...[passwords ?? []].flat().map((password) => `#${createHash('sha256').update(password).digest('hex')}`),
    ...keys.map((pattern) => `~${pattern}`),
    ...channels.map((pattern) => `&${pattern}`),
    ...[...allCommands(), ...(newer ? NEWER_COMMANDS : [])].map((command) => `+${command}`),
  ].join(' ');
}

/** One line for redis-cli. */
export const aclLine = (user: string, passwords: Parameters<typeof aclRules>[0], options?: AclOptions): string =>
  `ACL SETUSER ${user} ${aclRules(passwords, options)}`;
