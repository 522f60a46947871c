/** A real local cluster in a folder of its own, as `npm start` runs it, on free ports. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterFacts } from '../../deploy/local/report.js';
import { launcherConfig, redisConfig } from '../../src/config.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import { connect, type RedisConnection, ready } from '../../src/redis/client.js';
import { RedisRoomStore } from '../../src/redis/room-store.js';
import type { RoomMeta } from '../../src/room/store.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { end, spawnOwned, until } from '../support/programs.js';
import { type Fetch, fetchTrusting } from '../support/tls.js';

/** How a cluster reaches a Redis that is not its own. */
export interface ExternalRedis {
  readonly REDIS_URL: string;
  readonly REDIS_SENTINELS: string;
  readonly REDIS_MASTER_NAME: string;
  readonly REDIS_COPIES: string;
}

const BOOTSTRAP = fileURLToPath(new URL('deploy/local/bootstrap.mjs', packageRoot));
/** The whole log of every room stays, for the checker. The one setting that is not the default. */
const KEEP_ALL = { HOKM_LOG_KEEP: '1000000' };
const START_MS = 60_000;
/** What it changes in instances waits for a signal; see there. */
const PRELOAD = `--import=${new URL('dist/test/chaos/preload.js', packageRoot)}`;
const STOP_MS = 40_000;
const WHOLE_MS = 60_000;
const REDIS_MS = 30_000;

/** Of the Redis of a cluster in `folder`. */
export const redisFolderIn = (folder: string) => join(folder, 'redis');

export class ClusterUnderTest {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly instances: number,
    private readonly external: ExternalRedis | undefined,
    private readonly messages: () => string,
    readonly base: string,
    readonly redis: RedisConnection,
    /** Of the players' door, whose certificate it trusts. */
    readonly fetch: Fetch,
  ) {}

  /**
   * @param folder of the cluster, which the caller removes.
   * @param settings more environment for all of its programs; with HOKM_POLICY the autoscaler runs too.
   * @param more arguments of `npm start`
   */
  static async start(
    folder: string,
    instances: number,
    external?: ExternalRedis,
    settings: Readonly<Record<string, string>> = {},
    more: readonly string[] = [],
  ): Promise<ClusterUnderTest> {
    const redis = external ?? { REDIS_URL: '', REDIS_SENTINELS: '' };
    const args = [
      'start',
      '--json',
      settings.HOKM_POLICY === undefined ? '--no-autoscaler' : '--autoscaler',
      '--instances',
      String(instances),
      '--data',
      folder,
      '--port',
      '0',
      '--ops-port',
      '0',
      ...more,
    ];
    const child = spawnOwned(process.execPath, [BOOTSTRAP, ...args], {
      env: {
        ...launcherConfig().environment,
        ...redis,
        ...KEEP_ALL,
        HOKM_POLICY: '',
        NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${PRELOAD}`,
        ...settings,
      },
      // The channel ends the cluster should this process be killed.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let messages = '';
    let announced = '';
    child.stderr?.on('data', (text) => {
      messages = `${messages}${text}`.slice(-20_000);
    });
    child.stdout?.on('data', (text) => {
      announced += text;
    });
    await until(
      'the cluster is ready',
      () => {
        if (child.exitCode !== null) throw new Error(`the cluster does not start:\n${messages}`);
        return announced.includes('\n');
      },
      START_MS,
    );
    const facts = JSON.parse(announced) as ClusterFacts;
    const config = redisConfig({ ...redis, REDIS_URL: facts.redis_url });
    const connection = connect(config, 'chaos');
    await ready(connection, config, 5_000);
    const base = facts.player_url.replace(/\/$/, '');
    const door = facts.certificate === null ? fetch : fetchTrusting(readFileSync(facts.certificate, 'utf8'));
    return new ClusterUnderTest(child, folder, instances, external, () => messages, base, connection, door);
  }

  /** What runs now, as the supervisor says. */
  facts(): ClusterFacts {
    return JSON.parse(readFileSync(join(this.folder, 'cluster.json'), 'utf8')) as ClusterFacts;
  }

  /** The supervisor's last words. */
  lastMessages(lines: number): string {
    return this.messages().split('\n').slice(-lines).join('\n');
  }

  /** Where its own Redis keeps its files. */
  get redisFolder(): string {
    return redisFolderIn(this.folder);
  }

  get store(): RedisRoomStore {
    return new RedisRoomStore(this.redis);
  }

  /** Resolves when Redis can be asked here again: this program's own connection takes its time after a fault, too. */
  async redisAnswers(): Promise<void> {
    const pong = () =>
      this.redis.ping().then(
        () => true,
        () => false,
      );
    await until('Redis answers', pong, REDIS_MS);
  }

  /** The rooms' meta, as Redis has it now. */
  async metas(codes: Iterable<RoomCode>): Promise<Map<RoomCode, RoomMeta>> {
    const { store } = this;
    const metas = await Promise.all([...codes].map((code) => store.meta(code)));
    return new Map(metas.flatMap((meta) => (meta ? [[meta.head.code, meta] as const] : [])));
  }

  /** Resolves when everything runs that should, none of it is one of `gone`, and HAProxy uses all instances. */
  async whole(gone: readonly number[] = []): Promise<void> {
    const complete = async () => {
      await this.redis.ping();
      const { instances, pids } = this.facts();
      const running = [...instances.map(({ pid }) => pid), pids.haproxy, pids.controller];
      if (!this.external) running.push(pids.redis);
      if (instances.length !== this.instances || running.some((pid) => pid === null || gone.includes(pid)))
        return false;
      const health = await this.fetch(`${this.base}/haproxy-health`);
      return ((await health.json()) as { instances: number }).instances === this.instances;
    };
    await until('the cluster is whole', () => complete().catch(() => false), WHOLE_MS);
  }

  /** Runs one of the package's scripts on this cluster. */
  run(script: string): ChildProcess {
    return spawnOwned(process.execPath, [BOOTSTRAP, script, '--data', this.folder], {
      env: { ...launcherConfig().environment, ...this.external },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** Stops everything in order. */
  async stop(): Promise<void> {
    this.redis.disconnect();
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await end(this.child, 'SIGTERM');
    clearTimeout(late);
  }
}
