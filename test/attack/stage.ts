/** One cluster with healthy players, on which rows of the table are carried out one after the other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterUnderTest } from '../chaos/cluster-under-test.js';
import type { Seeded } from '../chaos/seeded.js';
import type { Attack, Limits, Scene } from './attack.js';
import { Healthy } from './healthy.js';
import type { Row } from './report.js';

const SETTINGS: Readonly<Record<Limits, Readonly<Record<string, string>>>> = {
  default: { HAPROXY_LIMIT_LOOPBACK: '1' },
  lifted: { HOKM_MESSAGE_RATE: '100000' },
};
/** All players of the healthy rooms come from one address, which may have 40 sockets. */
const HEALTHY_ROOMS = 8;
const PROGRESS_MS = 10_000;

export interface StageOptions {
  readonly instances: number;
  readonly share: number;
  /** Bound of the 99th percentile of healthy moves, ms. */
  readonly stopMs: number;
  readonly random: Seeded;
  readonly tell: (line: string) => void;
}

export class Stage {
  private cluster: ClusterUnderTest | undefined;
  private healthy: Healthy | undefined;
  private folder = '';

  constructor(private readonly options: StageOptions) {}

  async open(limits: Limits): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'hokm-attack-'));
    const { instances, tell } = this.options;
    this.cluster = await ClusterUnderTest.start(join(this.folder, 'cluster'), instances, undefined, SETTINGS[limits]);
    this.healthy = new Healthy(this.cluster, HEALTHY_ROOMS);
    await this.healthy.start();
    tell(`${HEALTHY_ROOMS} rooms play on ${instances} instances, limits ${limits}`);
  }

  async run(attack: Attack): Promise<Row> {
    const { cluster, healthy, folder } = this;
    const { share, random, tell, stopMs } = this.options;
    if (!cluster || !healthy) throw new Error('no cluster');
    const times = Math.max(attack.least, Math.round(attack.full * share));
    const broken: string[] = [];
    const began = performance.now();
    let done = 0;
    const pids = cluster.facts().instances.map(({ pid }) => pid);
    const progress = setInterval(() => tell(`  ${attack.name}: ${done} of ${times} ${attack.unit}`), PROGRESS_MS);
    const scene: Scene = {
      cluster,
      port: Number(new URL(cluster.base).port),
      folder: join(folder, 'cluster'),
      times,
      random,
      stranger: nextAddress,
      did: (more) => {
        done += more;
      },
      broken: (text) => {
        if (broken.length < 20) broken.push(text);
      },
      alsoJoinAt: (url) => healthy.alsoJoinAt(url),
    };
    healthy.begin();
    const figures = await attack.run(scene).catch((error: Error) => {
      broken.push(error.stack ?? error.message);
      return {};
    });
    clearInterval(progress);
    const health = await healthy.end();
    const still = cluster.facts().instances.map(({ pid }) => pid);
    if (still.join() !== pids.join()) broken.push('an instance ended');
    if (done < times) broken.push(`${done} of ${times} ${attack.unit} were done`);
    if (health.stop_ms.p99 > stopMs) broken.push(`healthy moves took ${health.stop_ms.p99} ms (p99)`);
    const { name, unit, full, joinMs } = attack;
    if (joinMs !== undefined && health.join_ms.max > Math.max(joinMs, stopMs)) {
      broken.push(`a healthy join took ${health.join_ms.max} ms`);
    }
    const row = {
      attack: name,
      done,
      full,
      unit,
      seconds: Math.round(performance.now() - began) / 1_000,
      broken,
      figures,
      healthy: health,
    };
    tell(`${name}: ${done} ${unit} in ${row.seconds} s, ${broken.length === 0 ? 'held' : `BROKEN: ${broken[0]}`}`);
    return row;
  }

  /** Ends the play. */
  async check(): ReturnType<Healthy['check']> {
    if (!this.healthy) throw new Error('nobody plays');
    return this.healthy.check();
  }

  async close(): Promise<void> {
    this.healthy?.close();
    await this.cluster?.stop();
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }
}

let addresses = 0;
/** 127.1.0.1 and up: not the ones that the players and the tool itself come from. */
function nextAddress(): string {
  const at = addresses++;
  return `127.${1 + (Math.floor(at / 62_500) % 250)}.${Math.floor(at / 250) % 250}.${1 + (at % 250)}`;
}
