/** Lets faults strike, one after the other and one during the other: drawn by lot, or some of those of another run. */
import type { Fault } from './fault.js';
import { failovers, faults, takeover } from './faults.js';
import type { World } from './world.js';

/** A fault as it struck. */
export interface Strike {
  readonly fault: Fault;
  /** Simulated ms, and commits by then. */
  readonly at: number;
  readonly commits: number;
  /** The moment that the fault had waited for, where it came. */
  readonly moment: string | undefined;
  readonly did: string;
  /** State of chance before it and after it. */
  readonly chance: readonly [before: number, after: number];
}

/**
 * Some of the faults of a whole run. Up to the first that is missing everything is as it was in that; after it, all that
 * the missing one has nothing to do with, as far as can be: faults strike at their time, with the same chance.
 */
export interface Part {
  readonly whole: readonly Strike[];
  /** Places in `whole`, from 1. */
  readonly kept: ReadonlySet<number>;
}

/** Commits between two faults at most, and simulated ms without the commit that a fault waits for. */
const BETWEEN = 10;
const PATIENCE_MS = 2_500;
/** After the last fault of the plan: then, if need be, an owner is killed until a room has got another one. */
const LAST_PATIENCE_MS = 10_000;
/** Where a request is when a fault strikes: about to leave, at Redis and not run, run and not answered, about to be known. */
const STAGES = ['sent', 'arrived', 'executed', 'answered'] as const;
/** What the request is, by name; undefined for no matter what. */
const NAMES = [
  'commitRoom',
  'commitRoom',
  'commitRoom',
  'claimRoom',
  'snapshotRoom',
  'heartbeat',
  'WAIT',
  undefined,
  undefined,
] as const;
/** The same after a fault by which rooms change their owner. */
const NAMES_OF_MOVES = [
  'transferRoom',
  'transferRoom',
  'game_migration_request',
  'game_migration_data',
  'game_migration_answer',
  'claimRoom',
  'snapshotRoom',
  'releaseRoom',
  'WAIT',
  'SADD',
  'SREM',
  undefined,
] as const;

export class Director {
  over = false;
  readonly strikes: Strike[] = [];
  /** Once a fault of the whole is missing: how many of the whole have had their time. */
  private passed: number | undefined;

  constructor(
    private readonly world: World,
    private readonly part?: Part,
  ) {}

  /** Whether everything has struck that was to. */
  get done(): boolean {
    const { plan, takeovers } = this.world;
    if (this.passed !== undefined) return this.passed === this.part?.whole.length;
    return this.strikes.length >= plan.faults && takeovers > 0;
  }

  /** Draws the next fault and its moment. */
  next(): void {
    const { world } = this;
    const { plan } = world;
    const struck = this.strikes.length;
    const { from, moment, patience } = this.drawMoment(struck);
    const isMoment = (name: string) =>
      struck < plan.faults && world.commits >= from && (moment === undefined || name === moment);
    this.waitFor(isMoment, patience, (found) => {
      this.strikeByLot(found);
      if (this.passed === undefined) this.next();
      else this.follow();
    });
  }

  private drawMoment(struck: number) {
    const { commits, random, plan } = this.world;
    const moving = this.strikes.at(-1)?.fault.unsettles === 'rooms';
    const names = moving ? NAMES_OF_MOVES : NAMES;
    const later = random.between(1, BETWEEN);
    const stage = STAGES[random.between(0, STAGES.length - 1)];
    const name = names[random.between(0, names.length - 1)];
    return {
      from: moving ? commits : commits + later,
      moment: name && `${stage} ${name}`,
      patience: struck <= plan.faults ? random.next() * PATIENCE_MS + 100 : LAST_PATIENCE_MS,
    };
  }

  /** Calls `then` once: at that moment, with its name, or when patience ends, ms. */
  private waitFor(isMoment: (moment: string) => boolean, patience: number, then: (moment?: string) => void): void {
    const { world } = this;
    const strike = (moment?: string) => {
      world.onMoment = () => undefined;
      impatience.cancel();
      if (!this.over) then(moment);
    };
    const impatience = world.timeline.after(patience, () => strike());
    world.onMoment = (moment) => {
      if (isMoment(moment)) strike(moment);
    };
  }

  private strikeByLot(moment: string | undefined): void {
    const { world, strikes, part } = this;
    const { plan } = world;
    if (strikes.length >= plan.faults && (world.takeovers > 0 || world.commits < plan.commits)) return;
    const wanted = strikes.length >= plan.faults ? takeover : this.draw();
    const planned = part?.whole[strikes.length];
    if (planned && planned.at <= world.timeline.now && !part?.kept.has(strikes.length + 1)) {
      this.passed = strikes.length;
      this.pass(planned);
    } else this.strike(wanted, moment);
  }

  /** The next of the whole at its time there, and at the next moment of its kind. */
  private follow(): void {
    const { world, part, passed = 0 } = this;
    const planned = part?.whole[passed];
    if (!planned) return;
    const { fault, at, moment } = planned;
    const { timeline, random } = world;
    const strike = (found?: string) => {
      random.state = planned.chance[0];
      if (part?.kept.has(passed + 1)) this.strike(fault, found);
      this.pass(planned);
      this.follow();
    };
    timeline.after(at - timeline.now, () => {
      if (this.over) return;
      if (moment === undefined) strike();
      else this.waitFor((name) => name === moment, PATIENCE_MS, strike);
    });
  }

  /** Chance goes on as it did after this one. */
  private pass({ chance }: Strike): void {
    this.world.random.state = chance[1];
    this.passed = (this.passed ?? 0) + 1;
    this.drawMoment(this.passed);
  }

  private strike(fault: Fault, moment: string | undefined): void {
    const { world } = this;
    const { commits, random, timeline } = world;
    const before = random.state;
    const did = fault.fits(world) ? fault.strike(world) : undefined;
    if (did === undefined) return;
    world.watchdog.excuse();
    world.coverage.count('fault', fault.name);
    world.coverage.count('moment', moment?.split(' ')[0] ?? 'any');
    this.strikes.push({ fault, at: timeline.now, commits, moment, did, chance: [before, random.state] });
  }

  /** While rooms move, or replicas lag, Redis mostly fails over next: nothing else loses as much. */
  private draw(): Fault {
    const { random } = this.world;
    const last = this.strikes.at(-1)?.fault;
    const anyOf = (from: readonly Fault[]) => from[random.between(0, from.length - 1)] as Fault;
    return last?.unsettles && random.next() < 0.5 ? anyOf(failovers) : anyOf(faults);
  }
}
