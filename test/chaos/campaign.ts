/** Runs one fault again and again on one cluster under load, then holds everything that happened against the log. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoomCode } from '../../src/protocol/ids.js';
import { until } from '../support/programs.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { checkRoom, type Violation } from './checker.js';
import type { ClusterUnderTest } from './cluster-under-test.js';
import { isByRequest } from './command-request.js';
import { CpuMeter } from './cpu.js';
import type { RoomEvidence } from './evidence.js';
import type { FaultOutcome } from './fault-outcome.js';
import type { Arena, Fault, Strike } from './faults/fault.js';
import type { HandoverRedis } from './handover-redis.js';
import { unfound } from './index-check.js';
import type { Load, PlayedRoom } from './load.js';
import { around } from './report.js';
import { gather } from './room-evidence.js';
import type { Seeded } from './seeded.js';
import type { SentinelRedis } from './sentinel.js';
import type { SlowDisk } from './slow-disk.js';
import type { SteppedRedis } from './stepped-redis.js';
import { type Sample, Stopwatch } from './stopwatch.js';

export interface CampaignParts {
  readonly cluster: ClusterUnderTest;
  readonly load: Load;
  readonly sentinel: SentinelRedis | undefined;
  readonly relay: TcpProxy | undefined;
  readonly handover: HandoverRedis | undefined;
  readonly stepped: SteppedRedis | undefined;
  readonly slowDisk: SlowDisk | undefined;
  readonly asleepMs: number;
  readonly redisPorts: readonly number[];
  readonly losesTail: boolean;
  readonly random: Seeded;
  readonly aborted: AbortSignal;
  readonly tell: (line: string) => void;
}

/** A moment at which a fault struck. */
export interface Checked {
  readonly acked: number;
  readonly violations: readonly Violation[];
  /** Acknowledged moves that a fault may take, of rooms that wait for no copies. */
  readonly tail: number;
}

export const BUCKET_MS = 100;
export const BEFORE_MS = 2_000;
/** Longer than any fault stays, with the time to go on after it. */
const PROGRESS_MS = 60_000;
/** All rooms play when each has had a move in this time, ms. */
const PLAYING_MS = 1_500;
const PLAYING_WAIT_MS = 60_000;
/** A replica on the same machine is not further behind, ms. */
const TAIL_MS = 1_000;
/** What clients were told of a tail that is gone differs from the log in these. */
const FROM_LOST_TAIL: ReadonlySet<Violation['kind']> = new Set([
  'frame',
  'digest',
  'epoch',
  'order',
  'view',
  'real time',
]);
/** A fault strikes somewhere in this stretch of play, ms. */
const MOMENT_MS = [500, 2_500] as const;

export class Campaign {
  readonly outcomes: FaultOutcome[] = [];
  readonly complaints: string[] = [];
  private readonly watches = new Set<Stopwatch>();
  /** By the bucket of time since the program started. */
  private readonly acks: number[] = [];
  /** Acknowledged commands by their type, and what came by HTTP. */
  private readonly done = new Map<string, number>();
  private readonly checked = { acked: 0, violations: [] as Violation[], tail: 0 };

  constructor(private readonly parts: CampaignParts) {}

  /** Every acknowledged move goes through here. */
  readonly onAck: Load['options']['onAck'] = (ack) => {
    for (const watch of this.watches) watch.ack(ack);
    const bucket = Math.floor(ack.at / BUCKET_MS);
    this.acks[bucket] = (this.acks[bucket] ?? 0) + 1;
  };

  /** One fault, `runs` times more, or as often as it goes in `forMs`. */
  async run(fault: Fault, runs: number, forMs?: number): Promise<FaultOutcome> {
    const outcome = this.outcomeOf(fault);
    const first = outcome.runs;
    const until = performance.now() + (forMs ?? 0);
    const goesOn = () =>
      forMs === undefined ? outcome.runs < first + runs : outcome.runs === first || performance.now() < until;
    while (goesOn()) {
      this.parts.aborted.throwIfAborted();
      const of = forMs === undefined ? `/${first + runs}` : '';
      await this.once(outcome, `${fault.name} ${outcome.runs + 1}${of}`);
      outcome.runs += 1;
    }
    return outcome;
  }

  /** The players of so many rooms leave, what they saw is checked, and others come. */
  async turnOver(rooms: number): Promise<void> {
    const { load } = this.parts;
    await load.leave(rooms, (room) => this.judge(room));
    await load.add(rooms);
  }

  /** Ends the play and checks every room that has not been checked yet. */
  async check(): Promise<Checked> {
    const { load, aborted, tell } = this.parts;
    aborted.throwIfAborted();
    await load.rest();
    for (const room of load.rooms.values()) await this.judge(room);
    const { acked, violations, tail } = this.checked;
    tell(`checked ${load.opened.length} rooms: ${acked} acknowledged moves, ${violations.length} violations`);
    const done = [...this.done].sort(([, a], [, b]) => b - a).map(([what, times]) => `${times} ${what}`);
    tell(`done: ${done.join(', ')}`);
    if (tail > 0) tell(`${tail} acknowledged moves of rooms without copies were in the tail that is gone`);
    return this.checked;
  }

  private async judge(room: PlayedRoom): Promise<void> {
    const { cluster, losesTail, tell } = this.parts;
    const evidence = await gather(cluster, room);
    const { acked, violations } = checkRoom(evidence);
    this.count(evidence);
    this.checked.acked += acked;
    const allowed = losesTail && room.durability !== 'replicated' ? violations.filter((one) => this.isOfTail(one)) : [];
    this.checked.tail += allowed.filter(({ kind }) => kind === 'lost').length;
    const forbidden = violations.filter((one) => !allowed.includes(one));
    this.checked.violations.push(...forbidden);
    for (const violation of forbidden.slice(0, 5)) tell(around(violation, evidence));
  }

  /** What the players did, so that a script that does nothing is seen. */
  private count({ clients, streams = [] }: RoomEvidence): void {
    const add = (what: string, times: number) => this.done.set(what, (this.done.get(what) ?? 0) + times);
    for (const { id, command, acks } of clients.flatMap(({ commands }) => commands)) {
      if (acks.length === 0) continue;
      add(command.type, 1);
      if (isByRequest(id)) add('by HTTP', 1);
    }
    for (const { entries } of streams) add('entries of event streams', entries.length);
  }

  /** Whether the loss of what a dead primary had not replicated yet explains the violation. */
  private isOfTail({ kind, ackedAt }: Violation): boolean {
    if (kind !== 'lost') return FROM_LOST_TAIL.has(kind);
    const { deaths = [] } = this.parts.sentinel ?? {};
    return ackedAt !== undefined && deaths.some((at) => ackedAt <= at && ackedAt > at - TAIL_MS);
  }

  private outcomeOf(fault: Fault): FaultOutcome {
    const known = this.outcomes.find((outcome) => outcome.fault === fault);
    if (known) return known;
    const outcome: FaultOutcome = { fault, runs: 0, strikes: [], acks: [], samples: [], worst: [] };
    this.outcomes.push(outcome);
    return outcome;
  }

  private async once(outcome: FaultOutcome, title: string): Promise<void> {
    const { cluster, load, random, aborted, tell } = this.parts;
    const { fault, strikes } = outcome;
    const firstStrike = strikes.length;
    await until('all rooms play', () => load.playing(PLAYING_MS), PLAYING_WAIT_MS).catch(() => {
      this.complain(`${title}: rooms do not play: ${load.describe(load.silent(PLAYING_MS))}`);
    });
    if (!fault.ownMoments) await sleep(random.between(...MOMENT_MS), undefined, { signal: aborted });
    const watches: Stopwatch[] = [];
    const since = performance.now();
    const arena: Arena = {
      ...this.parts,
      strike: (strike) => {
        const rooms = [...strike.affected];
        const at = strike.at ?? performance.now();
        strikes.push({ at, run: outcome.runs + 1, rooms: rooms.length });
        tell(`${title} strikes ${rooms.length} rooms`);
        return this.strike({ ...strike, at, affected: rooms }, watches, title);
      },
      pause: (ms) => sleep(ms, undefined, { signal: aborted }),
      complain: (text) => this.complain(`${title}: ${text}`),
      tell: (text) => tell(`${title}: ${text}`),
    };
    try {
      const gone = await fault.run(arena);
      await cluster.whole(gone);
      await this.checkIndex(title);
    } finally {
      for (const watch of watches) this.watches.delete(watch);
      const from = Math.floor(((strikes[firstStrike]?.at ?? since) - BEFORE_MS) / BUCKET_MS);
      const to = Math.ceil(performance.now() / BUCKET_MS);
      outcome.acks.push(Array.from({ length: to - from }, (_, at) => this.acks[from + at] ?? 0));
    }
    tell(`  sockets: ${load.befell(since)}`);
    load.noteViews();
    const samples = longest(watches);
    outcome.samples.push(...samples.map(({ sample }) => sample));
    outcome.worst.push(...samples.map(({ worst }) => worst));
    const stops = samples.map(({ sample }) => sample.stop).sort((a, b) => a - b);
    const middle = stops[Math.floor(stops.length / 2)] ?? 0;
    tell(`${title}: ${stops.length} rooms, stop ${middle.toFixed(0)} ms median, ${(stops.at(-1) ?? 0).toFixed(0)} max`);
  }

  private async strike(
    { affected, cuts, returning, at = performance.now(), inject }: Strike,
    watches: Stopwatch[],
    title: string,
  ): Promise<void> {
    const rooms = new Set(affected);
    const cpu = new CpuMeter(this.parts.cluster);
    const watch = new Stopwatch(at, rooms, cuts, returning);
    watches.push(watch);
    this.watches.add(watch);
    inject();
    await until('progress', () => this.parts.aborted.aborted || watch.waiting.length === 0, PROGRESS_MS).catch(() => {
      const { waiting } = watch;
      this.complain(`${title}: no progress in ${PROGRESS_MS / 1_000} s: ${this.parts.load.describe(waiting)}`);
      watch.giveUp(performance.now());
    });
    this.parts.aborted.throwIfAborted();
    this.parts.tell(`  until all rooms had gone on: ${cpu.read()}`);
  }

  private async checkIndex(title: string): Promise<void> {
    const { cluster, load } = this.parts;
    const missing = await unfound(cluster, [...load.rooms.keys()]);
    if (missing.length > 0) {
      this.complain(`${title}: ${missing.length} rooms would not be found: ${missing.slice(0, 3).join('; ')}`);
    }
  }

  private complain(text: string): void {
    this.complaints.push(text);
    this.parts.tell(text);
  }
}

/** One sample a room, also where a run strikes the room more than once: then the longest. */
function longest(watches: readonly Stopwatch[]): { sample: Sample; worst: number }[] {
  const byRoom = new Map<RoomCode, { sample: Sample; worst: number }>();
  for (const { samples, worst } of watches) {
    for (const [room, sample] of samples) {
      const before = byRoom.get(room);
      byRoom.set(room, {
        sample: before && before.sample.stop > sample.stop ? before.sample : sample,
        worst: Math.max(before?.worst ?? 0, worst.get(room) ?? 0),
      });
    }
  }
  return [...byRoom.values()];
}
