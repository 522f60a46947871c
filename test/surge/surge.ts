/**
 * A real cluster with its autoscaler while players come and go again: instances follow, rooms move, and every
 * acknowledged move is held against the log.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explain, inOneLine } from '../../autoscaler/explain.js';
import type { DecisionRecord } from '../../autoscaler/record.js';
import { Store } from '../../autoscaler/store.js';
import { Registry } from '../../src/cluster/registry.js';
import { checkRoom, type Violation } from '../chaos/checker.js';
import { ClusterUnderTest } from '../chaos/cluster-under-test.js';
import { Load, type PlayedRoom } from '../chaos/load.js';
import { around } from '../chaos/report.js';
import { gather } from '../chaos/room-evidence.js';
import { until } from '../support/programs.js';

export interface SurgePlan {
  /** Players before and after, and at the peak; multiples of 4. */
  readonly low: number;
  readonly peak: number;
  /** Players that one instance holds. */
  readonly perInstance: number;
  readonly min: number;
  readonly max: number;
  /** Of the rise, and of the fall, s. */
  readonly rampS: number;
  /** Minutes that the autoscaler looks back before it stops an instance. */
  readonly windowMin: number;
  /** From a player's turn to its move, ms. */
  readonly seatDelayMs: number;
}

export interface SurgeSummary {
  readonly acked: number;
  readonly lost: number;
  readonly doubled: number;
  /** Everything else that the checker finds. */
  readonly violations: number;
  readonly rooms: number;
  /** Instances ready. */
  readonly before: number;
  readonly at_peak: number;
  readonly after: number;
  readonly started: number;
  readonly stopped: number;
  /** Stops with something left on the instance. */
  readonly forced: number;
  readonly failed: number;
  /** Changes of owner of rooms, counted by their epochs. */
  readonly moves: number;
}

const SEATS = 4;
const MINUTE_MS = 60_000;
const STEP_MS = 1_000;
const FOLLOW_MS = 240_000;
/** HAProxy's controller looks at the registry every 2 s. */
const STATS_MS = 20_000;

/** What the run needs to differ from a cluster in life: load that falls within a minute is no outage here. */
const policyOf = ({ perInstance, min, max, windowMin }: SurgePlan) => ({
  version: 1,
  mode: 'act',
  min,
  max,
  tick_s: 1,
  boot_s: 2,
  // All of it runs on one machine: more instances have no more processors.
  instance: { players: perInstance, cpu: 64, loop_delay_ms: 10_000 },
  scale_in: { window_min: windowMin, after_failed_boot_min: 0 },
  guard: { drop: 0.01, hold_min: 1 },
  panic: { hold_min: 0 },
  driver: { type: 'process' },
});

export class Surge {
  private shown = '';
  private acked = 0;
  private readonly violations: Violation[] = [];

  private constructor(
    private readonly plan: SurgePlan,
    private readonly cluster: ClusterUnderTest,
    private readonly load: Load,
    private readonly tell: (line: string) => void,
  ) {}

  /** One whole run on a cluster of its own. */
  static async run(plan: SurgePlan, tell: (line: string) => void): Promise<SurgeSummary> {
    const folder = await mkdtemp(join(tmpdir(), 'hokm-surge-'));
    const policy = join(folder, 'policy.json');
    await writeFile(policy, JSON.stringify(policyOf(plan)));
    let cluster: ClusterUnderTest | undefined;
    let load: Load | undefined;
    try {
      cluster = await ClusterUnderTest.start(join(folder, 'cluster'), plan.min, undefined, {
        HOKM_POLICY: policy,
      });
      const { base } = cluster;
      load = new Load({ base, rooms: plan.low / SEATS, seatDelayMs: plan.seatDelayMs, onAck: () => undefined });
      return await new Surge(plan, cluster, load, tell).run();
    } finally {
      load?.close();
      await cluster?.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }

  private async run(): Promise<SurgeSummary> {
    const { plan, load, tell } = this;
    const { low, peak } = plan;
    await load.start();
    const before = await this.follows('before', low);
    await this.fitIntoMinute();
    await this.ramp(peak);
    const at_peak = await this.follows('at the peak', peak);
    await this.ramp(low);
    const after = await this.follows('afterwards', low);
    await load.rest();
    const records = (await new Store(this.cluster.redis).decisions(2_000)).reverse();
    this.tellSteps(records);
    for (const room of load.rooms.values()) await this.check(room);
    const done = records.flatMap(({ actions }) => actions);
    const count = (kind: string, text = /./) =>
      done.filter((each) => each.kind === kind && text.test(each.text)).length;
    const summary = {
      acked: this.acked,
      lost: this.found('lost'),
      doubled: this.found('doubled'),
      violations: this.violations.length - this.found('lost') - this.found('doubled'),
      moves: await this.moves(),
      rooms: load.opened.length,
      before,
      at_peak,
      after,
      started: count('start'),
      stopped: count('stop'),
      forced: count('stop', /with what is left/),
      failed: done.filter(({ outcome }) => outcome === 'failed').length,
    };
    tell(
      `${before} → ${at_peak} → ${after} instances, ${summary.started} started, ${summary.stopped} stopped (${summary.forced} with ` +
        `something left), ${summary.moves} moves of ${summary.rooms} rooms; ${summary.acked} acknowledged moves: ` +
        `${summary.lost} lost, ${summary.doubled} doubled, ${summary.violations} other violations`,
    );
    return summary;
  }

  /** The autoscaler keeps a point a minute, and forecasts from whole ones: a short surge shall lie within one. */
  private async fitIntoMinute(): Promise<void> {
    const neededMs = 2_500 * this.plan.rampS;
    const left = async () => MINUTE_MS - ((await new Registry(this.cluster.redis, 0).time()) % MINUTE_MS);
    if (neededMs < MINUTE_MS)
      await until('there is room in a minute', async () => (await left()) > neededMs, MINUTE_MS);
  }

  /** Players come or go, evenly. */
  private async ramp(players: number): Promise<void> {
    const { load, plan } = this;
    const from = load.rooms.size;
    const to = players / SEATS;
    const steps = Math.max(1, Math.round((plan.rampS * 1_000) / STEP_MS));
    const since = performance.now();
    for (let step = 1; step <= steps; step++) {
      const missing = Math.round(from + ((to - from) * step) / steps) - load.rooms.size;
      if (missing > 0) await load.add(missing);
      if (missing < 0) await load.leave(-missing, (room) => this.check(room));
      await this.show();
      await until('the next step', () => performance.now() >= since + step * STEP_MS, 2 * STEP_MS).catch(
        () => undefined,
      );
    }
  }

  /** Waits until there are as many ready instances as so many players need, none drains, and HAProxy uses just these. */
  private async follows(when: string, players: number): Promise<number> {
    const { plan, tell } = this;
    const least = Math.max(plan.min, Math.ceil(players / plan.perInstance));
    const most = Math.max(plan.min, Math.ceil((players * 1.3) / plan.perInstance) + 1);
    let ready = 0;
    const enough = async () => {
      await this.show();
      const instances = await this.instances();
      ready = instances.filter(({ status }) => status === 'ready').length;
      return ready === instances.length && ready >= least && ready <= most;
    };
    await until(`${least} to ${most} instances ${when}`, enough, FOLLOW_MS);
    await until('the statistics page shows them', () => this.pageShows(), STATS_MS);
    tell(`${when}: ${players} players on ${ready} instances, as the statistics page shows`);
    return ready;
  }

  private async instances() {
    return (await new Registry(this.cluster.redis, 0).list()).instances;
  }

  /** Whether the servers that get players on HAProxy's page are the ready instances. */
  private async pageShows(): Promise<boolean> {
    const { stats_url, stats_user, stats_password } = this.cluster.facts();
    const authorization = `Basic ${Buffer.from(`${stats_user}:${stats_password}`).toString('base64')}`;
    const csv = await (await fetch(`${stats_url};csv`, { headers: { authorization } })).text();
    const rows = csv.split('\n').map((line) => line.split(','));
    const status = rows[0]?.indexOf('status') ?? -1;
    const up = rows.filter((row) => /^game-/.test(row[1] ?? '') && row[status]?.startsWith('UP')).map((row) => row[1]);
    const ready = (await this.instances()).filter(({ status }) => status === 'ready').map(({ id }) => id);
    return JSON.stringify(up.sort()) === JSON.stringify([...ready].sort());
  }

  private async show(): Promise<void> {
    const instances = await this.instances();
    const count = (status: string) => instances.filter((instance) => instance.status === status).length;
    const text = `${this.load.rooms.size * SEATS} players, ${count('ready')} ready, ${count('draining')} draining`;
    if (text !== this.shown) this.tell(text);
    this.shown = text;
  }

  /** What was done, each with why. */
  private tellSteps(records: readonly DecisionRecord[]): void {
    for (const record of records.filter(({ actions }) => actions.length > 0)) {
      const why = explain(record)
        .split('\n')
        .find((line) => line.startsWith('Wanted:'));
      this.tell(`${inOneLine(record)}\n    ${why}`);
    }
  }

  /** Holds what the players of a room sent and saw against its log; they stand still. */
  private async check(room: PlayedRoom): Promise<void> {
    const evidence = await gather(this.cluster, room);
    const verdict = checkRoom(evidence);
    this.acked += verdict.acked;
    this.violations.push(...verdict.violations);
    for (const violation of verdict.violations.slice(0, 3)) this.tell(around(violation, evidence));
  }

  private found(kind: Violation['kind']): number {
    return this.violations.filter((violation) => violation.kind === kind).length;
  }

  /** The first owner of a room has epoch 1. */
  private async moves(): Promise<number> {
    const metas = await this.cluster.metas(this.load.opened);
    return [...metas.values()].reduce((sum, { epoch }) => sum + epoch - 1, 0);
  }
}
