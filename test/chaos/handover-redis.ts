/**
 * Two Redis nodes behind one address, as a managed service has them: the address leads to the primary. When the other node
 * is made primary, connections that are open stay at the old one, which answers them READONLY from then on.
 */
import type { RedisConnection } from '../../src/redis/client.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { ExternalRedis } from './cluster-under-test.js';
import { withNode } from './redis-node.js';

const COPIED_MS = 30_000;

export class HandoverRedis {
  private constructor(
    private primary: TestRedis,
    private replica: TestRedis,
    private readonly address: TcpProxy,
  ) {}

  static async start(): Promise<HandoverRedis> {
    const primary = await startRedis();
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(primary.port)]);
    const redis = new HandoverRedis(primary, replica, await TcpProxy.to(primary.port));
    await redis.copied();
    return redis;
  }

  /** The environment of a cluster that uses it. */
  get environment(): ExternalRedis {
    return {
      REDIS_URL: `redis://127.0.0.1:${this.address.port}`,
      REDIS_SENTINELS: '',
      REDIS_MASTER_NAME: 'hokm',
      REDIS_COPIES: '2',
    };
  }

  /** The replica becomes primary, the address leads there, and the old primary follows it; no connection is closed. */
  async handOver(): Promise<void> {
    const { primary, replica, address } = this;
    await command(replica, ['REPLICAOF', 'NO', 'ONE']);
    address.targetPort = replica.port;
    await command(primary, ['REPLICAOF', '127.0.0.1', String(replica.port)]);
    this.primary = replica;
    this.replica = primary;
  }

  /** Resolves when the primary has its replica. */
  async copied(): Promise<void> {
    const follows = async () =>
      (await withNode(this.primary.port, (redis) => redis.info('replication')))?.includes('state=online') ?? false;
    await until('the replica follows the primary', follows, COPIED_MS);
  }

  async stop(): Promise<void> {
    await this.address.stop();
    await Promise.all([this.primary.stop(), this.replica.stop()]);
  }
}

async function command({ port }: TestRedis, [name = '', ...args]: readonly string[]): Promise<void> {
  const reply = await withNode(port, (redis: RedisConnection) => redis.call(name, ...args));
  if (reply === undefined) throw new Error(`the Redis on ${port} does not take ${name}`);
}
