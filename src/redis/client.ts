/**
 * Connections to Redis. Nothing outside this folder imports the Redis library.
 *
 * A connection here never queues while it is away and never sends a command twice by itself: whether a command that was
 * under way took effect is for the caller to find out (see `room-store.ts`).
 */
import { readFileSync } from 'node:fs';
import type { Redis, RedisOptions } from 'ioredis';
import type { RedisConfig } from '../config.js';
import { formatHostPort, hostOf } from '../runtime/address.js';
import { COMMAND_TIMEOUT_MS, DISCONNECT_TIMEOUT_MS, isWrongServer, LOADING_RETRY_MS } from './connection-policy.js';
import { GatheringRedis } from './gathering.js';
import { type Expected, IS_CLUSTER, IS_OLD, IS_REPLICA, judge } from './judgement.js';
import { type Keyspace, keyspaceOf } from './keys.js';
import type { ScriptCommands } from './scripts.js';
import { PrimaryConnector, StartSupervisor, superviseSilence } from './supervision.js';

export type RedisConnection = Redis & ScriptCommands & { readonly keyspace: Keyspace };

/**
 * With `rediss://` the sentinels are asked over TLS as well.
 * @param role names the connection in `CLIENT LIST`.
 * @param blocking the connection waits in XREAD BLOCK (for less than a second) or for messages: a command has no time-out.
 */
export function connect(config: RedisConfig, role: string, blocking = false): RedisConnection {
  return open(config, role, blocking, true);
}

/** A connection to this very server, primary or replica: for who looks at Redis itself. */
export function connectToServer(config: RedisConfig, role: string): RedisConnection {
  return open(config, role, false, false);
}

function open(config: RedisConfig, role: string, blocking: boolean, primaryOnly: boolean): RedisConnection {
  const url = new URL(config.REDIS_URL);
  const tls = url.protocol === 'rediss:' ? trust(config.REDIS_CA_FILE) : undefined;
  const start = new StartSupervisor();
  const options: RedisOptions & { replyMapping?: 'legacy' } = {
    connectionName: `${config.HOKM_PREFIX}-${role}`,
    username: url.username ? decodeURIComponent(url.username) : undefined,
    password: url.password ? decodeURIComponent(url.password) : undefined,
    db: Number(url.pathname.slice(1) || 0),
    tls,
    retryStrategy: (attempts) => start.nextAttempt(attempts),
    reconnectOnError: (error) => primaryOnly && isWrongServer(error.message),
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxLoadingRetryTime: LOADING_RETRY_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    lazyConnect: true,
    ...(blocking ? {} : { commandTimeout: COMMAND_TIMEOUT_MS }),
  };
  if (config.REDIS_SENTINELS.length === 0) {
    options.host = hostOf(url.hostname) ?? url.hostname;
    options.port = Number(url.port || 6379);
    if (primaryOnly) options.Connector = PrimaryConnector;
  } else {
    options.sentinels = [...config.REDIS_SENTINELS];
    options.name = config.REDIS_MASTER_NAME;
    // Without these two the library talks in the clear to both, whatever `tls` says.
    options.enableTLSForSentinelMode = tls !== undefined;
    options.sentinelTLS = tls;
    options.sentinelPassword = config.REDIS_SENTINEL_PASSWORD;
    options.sentinelRetryStrategy = (attempts) => start.nextAttempt(attempts);
  }
  const connection: RedisConnection = Object.assign(new GatheringRedis(options), {
    keyspace: keyspaceOf(config.HOKM_PREFIX),
  });
  // Without a listener every failed attempt would be printed; who waits for the connection reports for it.
  connection.on('error', (error) => {
    // The library would go on in database 0, which may be another cluster's.
    if (NO_DATABASE.test(error.message)) connection.stream.destroy();
  });
  countGenerations(connection);
  start.supervise(connection);
  superviseSilence(connection, primaryOnly);
  return connection;
}

const generations = new WeakMap<RedisConnection, number>();

/** Counts the connection's connects from now on. */
export function countGenerations(connection: RedisConnection): void {
  connection.on('connect', () => generations.set(connection, generationOf(connection) + 1));
}

/** Calls back whenever the connection has come back to a server, which may be another one. */
export function onReturn(connection: RedisConnection, callback: () => void): void {
  connection.on('connect', () => {
    if (generationOf(connection) > 1) callback();
  });
}

/**
 * Judges the server now and after every reconnect. `tell` gets the faults, one a line, whenever they have changed.
 * @throws nothing: a server that refuses INFO is not judged
 */
export function superviseServer(
  connection: RedisConnection,
  config: RedisConfig,
  tell: (faults: readonly string[]) => void,
): void {
  const expected = expectedOf(config);
  let told = '';
  connection.on('ready', () => {
    faultsOf(connection, expected).then(
      (faults) => {
        if (faults.join('\n') !== told) tell(faults);
        told = faults.join('\n');
      },
      () => undefined,
    );
  });
}

const expectedOf = (config: RedisConfig): Expected => ({
  copies: config.REDIS_COPIES,
  sentinels: config.REDIS_SENTINELS.length > 0,
});

/** What is wrong with the server now, one line a fault. @throws when it does not answer */
export const serverFaults = (connection: RedisConnection, config: RedisConfig): Promise<readonly string[]> =>
  faultsOf(connection, expectedOf(config));

async function faultsOf(connection: RedisConnection, expected: Expected): Promise<readonly string[]> {
  // A user of its own has only the rights that are needed: not this one, by which it would be told passwords too.
  const mayAsk = (connection.options.username ?? 'default') === 'default';
  const asked = mayAsk ? (connection.config('GET', 'appendfsync') as Promise<string[]>) : Promise.resolve([]);
  const [info, settings] = await Promise.all([connection.info(), asked.catch(() => [])]);
  return judge(info, expected, settings[1]);
}

/** Rises with every new connection to a server: two commands of one generation went to one and the same. */
export function generationOf(connection: RedisConnection): number {
  return generations.get(connection) ?? 0;
}

/** Redis cannot be used; `message` is one line that says what to do. */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';
}

/** Whose certificates are believed. @throws RedisUnavailable */
function trust(file: string | undefined): { ca?: Buffer } {
  if (file === undefined) return {};
  let ca: Buffer;
  try {
    ca = readFileSync(file);
  } catch (error) {
    throw new RedisUnavailable(`REDIS_CA_FILE ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  // The library of Node takes anything and then believes nobody.
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new RedisUnavailable(`REDIS_CA_FILE ${file} holds no certificate; expected PEM.`);
  }
  return { ca };
}

/** The database of REDIS_URL cannot be selected. */
const NO_DATABASE = /DB index is out of range|invalid DB index/i;
/** What more waiting does not change. */
const FINAL = /NOAUTH|WRONGPASS|NOPERM|No such master|certificate|altname|DB index|node of Redis Cluster|older than/i;

/** One line of advice on why Redis cannot be used, from the last error of a connection. */
function explain(config: RedisConfig, error: string): string {
  const { REDIS_URL, REDIS_SENTINELS, REDIS_MASTER_NAME } = config;
  const sentinels = REDIS_SENTINELS.length > 0;
  const where = sentinels ? `sentinels ${REDIS_SENTINELS.map(formatHostPort).join(', ')}` : new URL(REDIS_URL).host;
  const [why, advice] = (() => {
    const last = error.replace(/^All sentinels are unreachable.*Last error: /, '');
    if (/No such master/.test(last)) {
      return [`they know no primary called "${REDIS_MASTER_NAME}"`, 'Set REDIS_MASTER_NAME.'];
    }
    if (/certificate|altname/i.test(last))
      return [last, 'Set REDIS_CA_FILE to the authority that signed for its address.'];
    if (NO_DATABASE.test(last)) return [`it has no database ${new URL(REDIS_URL).pathname.slice(1)}`, 'Set REDIS_URL.'];
    if (last === IS_REPLICA) return [last, 'Set REDIS_URL to the primary, or set REDIS_SENTINELS.'];
    if (last === IS_CLUSTER) return [last, 'Set REDIS_URL to a Redis with cluster-enabled no.'];
    if (last === IS_OLD) return [last, 'Update it.'];
    if (!sentinels) return [last, 'Start it, or set REDIS_URL.'];
    return [/Connection is closed/.test(last) ? 'none of them answers' : last, 'Start them, or set REDIS_SENTINELS.'];
  })();
  return `Redis at ${where} cannot be used (${why}). ${advice}`;
}

/**
 * Waits until the connection is ready.
 * @throws RedisUnavailable after `timeoutMs`, or at once when waiting does not help: wrong credentials, for example.
 */
export async function ready(connection: RedisConnection, config: RedisConfig, timeoutMs: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let lastError = 'no answer';
    const finish = (outcome: () => void) => {
      clearTimeout(timer);
      connection.off('ready', onReady);
      connection.off('error', onError);
      outcome();
    };
    const onReady = () => finish(resolve);
    const onError = (error: Error) => {
      lastError = error.message || String((error as NodeJS.ErrnoException).code);
      if (FINAL.test(lastError)) finish(() => reject(unavailable()));
    };
    const unavailable = () => new RedisUnavailable(explain(config, lastError));
    const timer = setTimeout(() => finish(() => reject(unavailable())), timeoutMs);
    connection.on('ready', onReady);
    connection.on('error', onError);
    if (connection.status === 'ready') onReady();
    else if (connection.status === 'wait') connection.connect().catch(() => undefined);
  });
}
