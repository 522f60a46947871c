/** One cluster with its load, and with Sentinel where a fault needs it; all of it in one folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Campaign } from './campaign.js';
import { ClusterUnderTest, redisFolderIn } from './cluster-under-test.js';
import type { Fault } from './faults/fault.js';
import { Load } from './load.js';
import type { Options } from './options.js';
import { RelayedRedis } from './relayed-redis.js';
import type { Seeded } from './seeded.js';
import { SentinelRedis } from './sentinel.js';
import { SmallDisk } from './small-disk.js';

export class Stage {
  campaign: Campaign | undefined;
  private folder: string | undefined;
  private sentinel: SentinelRedis | undefined;
  private relayed: RelayedRedis | undefined;
  private disk: SmallDisk | undefined;
  cluster: ClusterUnderTest | undefined;
  private load: Load | undefined;

  constructor(
    private readonly options: Options,
    private readonly random: Seeded,
    private readonly aborted: AbortSignal,
    private readonly tell: (line: string) => void,
  ) {}

  /** @param faults that will strike here; they need the same kind of Redis. */
  async open(faults: readonly Fault[]): Promise<Campaign> {
    const { options, random, aborted, tell } = this;
    const folder = await mkdtemp(join(tmpdir(), 'hokm-chaos-'));
    this.folder = folder;
    const redis = faults.find((fault) => fault.redis !== 'own')?.redis;
    const home = join(folder, 'cluster');
    if (redis === 'sentinel') this.sentinel = await SentinelRedis.start(join(folder, 'redis'));
    if (redis === 'relayed') this.relayed = await RelayedRedis.start();
    if (redis === 'small-disk') this.disk = SmallDisk.mount(redisFolderIn(home));
    aborted.throwIfAborted();
    const { sentinel, relayed } = this;
    const external = sentinel?.environment ?? relayed?.environment;
    const cluster = await ClusterUnderTest.start(home, options.instances, external);
    this.cluster = cluster;
    const redisPorts = sentinel?.ports ?? [Number(new URL(cluster.facts().redis_url).port)];
    aborted.throwIfAborted();
    const load: Load = new Load({
      base: cluster.base,
      rooms: options.rooms,
      seatDelayMs: options.seatDelayMs,
      mixed: faults.some(({ losesTail }) => losesTail === true),
      onAck: (ack) => this.campaign?.onAck(ack),
    });
    this.load = load;
    this.campaign = new Campaign({
      cluster,
      load,
      sentinel,
      relay: relayed?.relay,
      redisPorts,
      asleepMs: options.asleepMs,
      losesTail: faults.some(({ losesTail }) => losesTail),
      random,
      aborted,
      tell,
    });
    await load.start();
    tell(`${options.rooms} rooms play on ${options.instances} instances`);
    return this.campaign;
  }

  /** Ends all processes; the folder stays when it is to be kept. */
  async close(): Promise<void> {
    this.load?.close();
    await this.cluster?.stop();
    await this.sentinel?.stop();
    await this.relayed?.stop();
    this.disk?.unmount();
    if (this.folder === undefined) return;
    if (this.options.keep) this.tell(`kept: ${this.folder}`);
    else await rm(this.folder, { recursive: true, force: true });
  }
}
