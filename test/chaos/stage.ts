/** One cluster with its load, and with Sentinel where a fault needs it; all of it in one folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Campaign } from './campaign.js';
import { ClusterUnderTest } from './cluster-under-test.js';
import type { Fault } from './faults/fault.js';
import { Load } from './load.js';
import type { Options } from './options.js';
import type { Seeded } from './seeded.js';
import { SentinelRedis } from './sentinel.js';

export class Stage {
  campaign: Campaign | undefined;
  private folder: string | undefined;
  private sentinel: SentinelRedis | undefined;
  private cluster: ClusterUnderTest | undefined;
  private load: Load | undefined;

  constructor(
    private readonly options: Options,
    private readonly random: Seeded,
    private readonly aborted: AbortSignal,
    private readonly tell: (line: string) => void,
  ) {}

  async open(redis: Fault['redis']): Promise<Campaign> {
    const { options, random, aborted, tell } = this;
    const folder = await mkdtemp(join(tmpdir(), 'hokm-chaos-'));
    this.folder = folder;
    if (redis === 'sentinel') this.sentinel = await SentinelRedis.start(join(folder, 'redis'));
    aborted.throwIfAborted();
    const { sentinel } = this;
    const cluster = await ClusterUnderTest.start(join(folder, 'cluster'), options.instances, sentinel?.environment);
    this.cluster = cluster;
    aborted.throwIfAborted();
    const load: Load = new Load({
      base: cluster.base,
      rooms: options.rooms,
      seatDelayMs: options.seatDelayMs,
      onAck: (ack) => this.campaign?.onAck(ack),
    });
    this.load = load;
    this.campaign = new Campaign({ cluster, load, sentinel, random, aborted, tell });
    await load.start();
    tell(`${options.rooms} rooms play on ${options.instances} instances`);
    return this.campaign;
  }

  /** Ends all processes; the folder stays when it is to be kept. */
  async close(): Promise<void> {
    this.load?.close();
    await this.cluster?.stop();
    await this.sentinel?.stop();
    if (this.folder === undefined) return;
    if (this.options.keep) this.tell(`kept: ${this.folder}`);
    else await rm(this.folder, { recursive: true, force: true });
  }
}
