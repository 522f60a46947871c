/** One cluster with healthy players, on which attacks are carried out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterUnderTest } from '../chaos/cluster-under-test.js';
import type { Seeded } from '../chaos/seeded.js';
import { untilCertain } from '../support/cluster.js';
import type { Attack, Limits } from './attack.js';
import { carryOut, type Site } from './carry-out.js';
import { Traffic } from './door.js';
import { Healthy, type HealthyOptions } from './healthy.js';
import type { Row } from './report.js';

const TLS = ['--tls', '--http-port', '0'] as const;
export const SETTINGS: Readonly<Record<Limits, Readonly<Record<string, string>>>> = {
  default: { HAPROXY_LIMIT_LOOPBACK: '1' },
  lifted: { HOKM_MESSAGE_RATE: '100000' },
};
const HEALTHY: HealthyOptions = { rooms: 8, seatDelayMs: 150 };

export interface StageOptions {
  readonly instances: number;
  /** Bound of the 99th percentile of healthy moves, ms. */
  readonly stopMs: number;
  readonly random: Seeded;
  readonly tell: (line: string) => void;
}

export class Stage {
  private running: { readonly cluster: ClusterUnderTest; readonly healthy: Healthy } | undefined;
  private home = '';

  constructor(private readonly options: StageOptions) {}

  /** @param settings of all programs of the cluster */
  async open(settings: Readonly<Record<string, string>>, players: HealthyOptions = HEALTHY): Promise<void> {
    this.home = await mkdtemp(join(tmpdir(), 'hokm-attack-'));
    const { instances, tell } = this.options;
    const cluster = await ClusterUnderTest.start(this.folder, instances, undefined, settings, TLS);
    const healthy = new Healthy(cluster, players);
    this.running = { cluster, healthy };
    await Promise.all([healthy.start(), ...cluster.facts().instances.map(untilCertain)]);
    const set = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    tell(`${players.rooms} rooms play on ${instances} instances by TLS, ${set.join(' ')}`);
  }

  /** Of the cluster. */
  get folder(): string {
    return join(this.home, 'cluster');
  }

  get cluster(): ClusterUnderTest {
    return this.opened.cluster;
  }

  get healthy(): Healthy {
    return this.opened.healthy;
  }

  private get opened() {
    if (!this.running) throw new Error('no cluster');
    return this.running;
  }

  /** One row of the table: the attack alone, `share` of its full number. */
  async run(attack: Attack, share: number): Promise<Row> {
    const { cluster, healthy, folder } = this;
    const { random, stopMs, tell } = this.options;
    const site: Site = { cluster, folder, random, stopMs, tell, traffic: new Traffic() };
    const times = Math.max(attack.least, Math.round(attack.full * share));
    const began = performance.now();
    const pids = cluster.facts().instances.map(({ pid }) => pid);
    healthy.begin();
    const outcome = await carryOut(site, attack, { times, isAlone: true });
    const health = await healthy.end();
    const broken = [...outcome.broken];
    const still = cluster.facts().instances.map(({ pid }) => pid);
    if (still.join() !== pids.join()) broken.push('an instance ended');
    if (health.stop_ms.p99 > stopMs) broken.push(`healthy moves took ${health.stop_ms.p99} ms (p99)`);
    const { name, unit, full, joinMs } = attack;
    if (joinMs !== undefined && health.join_ms.max > Math.max(joinMs, stopMs)) {
      broken.push(`a healthy join took ${health.join_ms.max} ms`);
    }
    const seconds = Math.round(performance.now() - began) / 1_000;
    const row = { attack: name, full, unit, seconds, ...outcome, broken, healthy: health };
    tell(`${name}: ${row.done} ${unit} in ${seconds} s, ${broken.length === 0 ? 'held' : `BROKEN: ${broken[0]}`}`);
    return row;
  }

  async close(): Promise<void> {
    this.running?.healthy.close();
    await this.running?.cluster.stop();
    if (this.home) await rm(this.home, { recursive: true, force: true });
  }
}
