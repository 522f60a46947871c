/** One cluster with its load, and with Sentinel where a fault needs it; all of it in one folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Campaign } from './campaign.js';
import { ClusterUnderTest, redisFolderIn } from './cluster-under-test.js';
import type { Fault } from './faults/fault.js';
import { HandoverRedis } from './handover-redis.js';
import { Load } from './load.js';
import type { Options } from './options.js';
import { RelayedRedis } from './relayed-redis.js';
import type { Seeded } from './seeded.js';
import { SentinelRedis } from './sentinel.js';
import { SlowDisk } from './slow-disk.js';
import { SmallDisk } from './small-disk.js';
import { SteppedRedis } from './stepped-redis.js';

export class Stage {
  campaign: Campaign | undefined;
  private folder: string | undefined;
  private sentinel: SentinelRedis | undefined;
  private relayed: RelayedRedis | undefined;
  private handover: HandoverRedis | undefined;
  private stepped: SteppedRedis | undefined;
  private disk: SmallDisk | undefined;
  private slowDisk: SlowDisk | undefined;
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
    if (redis === 'sentinel' || redis === 'lagging') {
      this.sentinel = await SentinelRedis.start(join(folder, 'redis'), redis === 'lagging');
    }
    if (redis === 'handover') this.handover = await HandoverRedis.start();
    if (redis === 'stepped') this.stepped = await SteppedRedis.start();
    if (redis === 'relayed') this.relayed = await RelayedRedis.start();
    if (redis === 'small-disk') this.disk = SmallDisk.mount(redisFolderIn(home));
    if (redis === 'slow-disk') this.slowDisk = SlowDisk.make(folder);
    aborted.throwIfAborted();
    const { sentinel, relayed, handover, stepped, slowDisk } = this;
    const external = (sentinel ?? relayed ?? handover ?? stepped)?.environment;
    const instances = Math.max(options.instances, ...faults.map((fault) => fault.instances ?? 0));
    const settings: Record<string, string> = Object.assign({}, ...faults.map((fault) => fault.settings));
    const cluster = await ClusterUnderTest.start(home, instances, external, { ...settings, ...slowDisk?.environment });
    this.cluster = cluster;
    const redisPorts = sentinel?.ports ?? [Number(new URL(cluster.facts().redis_url).port)];
    aborted.throwIfAborted();
    const load: Load = new Load({
      base: cluster.base,
      rooms: options.rooms,
      seatDelayMs: options.seatDelayMs,
      random,
      mixed: faults.some(({ losesTail }) => losesTail === true),
      onAck: (ack) => this.campaign?.onAck(ack),
    });
    this.load = load;
    this.campaign = new Campaign({
      cluster,
      load,
      sentinel,
      relay: relayed?.relay,
      handover,
      stepped,
      slowDisk,
      redisPorts,
      asleepMs: options.asleepMs,
      losesTail: faults.some(({ losesTail }) => losesTail),
      random,
      aborted,
      tell,
    });
    await load.start();
    tell(`${options.rooms} rooms play on ${instances} instances`);
    return this.campaign;
  }

  /** Ends all processes; the folder stays when it is to be kept. */
  async close(): Promise<void> {
    this.load?.close();
    await this.cluster?.stop();
    await this.sentinel?.stop();
    await this.relayed?.stop();
    await this.handover?.stop();
    await this.stepped?.stop();
    this.disk?.unmount();
    if (this.folder === undefined) return;
    if (this.options.keep) this.tell(`kept: ${this.folder}`);
    else await rm(this.folder, { recursive: true, force: true });
  }
}
