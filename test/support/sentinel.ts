/** Redis with Sentinel for tests: one primary, replicas, and sentinels that put a replica in a dead primary's place. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectToServer, type RedisConnection, ready } from '../../src/redis/client.js';
import { testConfig } from './config.js';
import { addressOf, testHost } from './host.js';
import { end, freePort, spawnOwned, temporaryFolder, until } from './programs.js';
import { type TestCertificates, tlsSettings } from './tls.js';

export const MASTER_NAME = 'hokm';

export interface SentinelOptions {
  readonly replicas?: number;
  readonly sentinels?: number;
  /** Silence after which a sentinel calls the primary down, ms. */
  readonly downAfterMs?: number;
  /** TLS only, between all of them too. */
  readonly tls?: TestCertificates;
  /** Rules of a user, as ACL SETUSER takes them, with its password; then nobody gets in without one. */
  readonly user?: { readonly name: string; readonly password: string; readonly rules: string };
}

export interface TestNode {
  readonly port: number;
  process: ChildProcess;
}

export interface TestSentinels {
  /** REDIS_URL and the rest, for an instance that uses them. */
  readonly env: Record<string, string>;
  /** The first was primary at the start. */
  readonly nodes: readonly TestNode[];
  readonly sentinels: readonly TestNode[];
  readonly sentinelPorts: readonly number[];
  /** A connection with all rights to the node on this port; `disconnect` it. */
  admin(port: number): Promise<RedisConnection>;
  /** The port of the node that is primary now, as the nodes themselves say; false while there is none. */
  primary(): Promise<number | false>;
  stop(): Promise<void>;
}

const ADMIN = { name: 'admin', password: 'admin-of-the-test' };

export async function startSentinels(options: SentinelOptions = {}): Promise<TestSentinels> {
  const { replicas = 2, sentinels = 3, downAfterMs = 1_000, tls, user } = options;
  const folder = await temporaryFolder();
  const url = (port: number, as?: { name: string; password: string }) =>
    `${tls ? 'rediss' : 'redis'}://${as ? `${as.name}:${encodeURIComponent(as.password)}@` : ''}${addressOf(port)}`;
  const trust: Record<string, string> = tls ? { REDIS_CA_FILE: tls.authority } : {};
  const launch = async (name: string, lines: readonly string[], ...flags: string[]): Promise<TestNode> => {
    const port = await freePort();
    const own = join(folder.path, name);
    mkdirSync(own);
    const listen = tls ? tlsSettings(port, tls) : [`port ${port}`];
    const file = join(own, 'redis.conf');
    const settings = [`bind ${testHost()}`, `dir "${own}"`, `logfile "${join(own, 'log')}"`, ...listen, ...lines];
    writeFileSync(file, `${settings.join('\n')}\n`);
    return { port, process: spawnOwned('redis-server', [file, ...flags]) };
  };
  const open = async (port: number, as?: { name: string; password: string }): Promise<RedisConnection> => {
    const config = testConfig(url(port, as), trust);
    const connection = connectToServer(config, 'test');
    await ready(connection, config, 5_000).catch((error: Error) => {
      connection.disconnect();
      throw error;
    });
    return connection;
  };
  const admin = (port: number) => open(port, user && ADMIN);
  const info = async (connecting: Promise<RedisConnection>, section: string): Promise<string> => {
    const connection = await connecting;
    try {
      return await connection.info(section);
    } finally {
      connection.disconnect();
    }
  };

  const rights = user
    ? [
        ...['user default off', `user ${ADMIN.name} on >${ADMIN.password} ~* &* +@all`],
        ...[`user ${user.name} ${user.rules}`, `masteruser ${ADMIN.name}`, `masterauth ${ADMIN.password}`],
      ]
    : [];
  const safety = ['min-replicas-to-write 1', 'min-replicas-max-lag 5', 'maxmemory-policy noeviction'];
  const data = ['appendonly yes', 'appendfsync always', 'save ""', 'repl-diskless-sync-delay 0', ...safety, ...rights];
  const nodes = [await launch('primary', data)];
  const first = nodes[0]?.port ?? 0;
  for (let at = 1; at <= replicas; at++) {
    nodes.push(await launch(`replica-${at}`, [...data, `replicaof ${testHost()} ${first}`]));
  }
  await until('the replicas follow', async () => {
    const said = await info(admin(first), 'replication').catch(() => '');
    return said.match(/state=online/g)?.length === replicas;
  });
  const watch = [
    `sentinel monitor ${MASTER_NAME} ${testHost()} ${first} ${Math.floor(sentinels / 2) + 1}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${MASTER_NAME} 5000`,
    ...(user
      ? [`sentinel auth-user ${MASTER_NAME} ${ADMIN.name}`, `sentinel auth-pass ${MASTER_NAME} ${ADMIN.password}`]
      : []),
  ];
  const watchers = await Promise.all(
    Array.from({ length: sentinels }, (_, at) => launch(`sentinel-${at + 1}`, watch, '--sentinel')),
  );
  const known = new RegExp(`status=ok.*slaves=${replicas},sentinels=${sentinels}`);
  await until('the sentinels know each other', async () => {
    const said = await Promise.all(watchers.map(({ port }) => info(open(port), 'sentinel').catch(() => '')));
    return said.every((text) => known.test(text));
  });

  return {
    env: {
      ...trust,
      REDIS_URL: url(first, user),
      REDIS_SENTINELS: watchers.map(({ port }) => addressOf(port)).join(','),
      REDIS_MASTER_NAME: MASTER_NAME,
      REDIS_COPIES: String(1 + replicas),
    },
    nodes,
    sentinels: watchers,
    sentinelPorts: watchers.map(({ port }) => port),
    admin,
    primary: async () => {
      const living = nodes.filter(({ process }) => process.exitCode === null && process.signalCode === null);
      const roles = await Promise.all(living.map(({ port }) => info(admin(port), 'replication').catch(() => '')));
      const primaries = living.filter((_, at) => roles[at]?.includes('role:master'));
      return (primaries.length === 1 && primaries[0]?.port) || false;
    },
    stop: async () => {
      await Promise.all([...watchers, ...nodes].map(({ process }) => end(process)));
      await folder.remove();
    },
  };
}
