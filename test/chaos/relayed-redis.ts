/** A Redis behind a relay that can be slow. */
import { startRedis, type TestRedis } from '../support/programs.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { ExternalRedis } from './cluster-under-test.js';

export class RelayedRedis {
  private constructor(
    private readonly redis: TestRedis,
    readonly relay: TcpProxy,
  ) {}

  static async start(): Promise<RelayedRedis> {
    const redis = await startRedis();
    return new RelayedRedis(redis, await TcpProxy.to(redis.port));
  }

  /** The environment of a cluster that uses it. */
  get environment(): ExternalRedis {
    return {
      REDIS_URL: `redis://127.0.0.1:${this.relay.port}`,
      REDIS_SENTINELS: '',
      REDIS_MASTER_NAME: 'hokm',
      REDIS_COPIES: '1',
    };
  }

  async stop(): Promise<void> {
    await this.relay.stop();
    await this.redis.stop();
  }
}
