/** Lets faults strike, one after the other and one during the other: drawn by lot, or some of those of another run. */
import { type Fault, faults, takeover } from './faults.js';
import type { World } from './world.js';

/** A fault as it struck. */
export interface Strike {
  readonly fault: Fault;
  /** Simulated ms, and commits by then. */
  readonly at: number;
  readonly commits: number;
  /** Which script Redis had just run, where it was that which the fault had waited for. */
  readonly script: string | undefined;
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
const BETWEEN = 20;
const PATIENCE_MS = 500;
/** After the last fault of the plan: then, if need be, an owner is killed until a room has got another one. */
const LAST_PATIENCE_MS = 10_000;
/** In which a fault strikes at the very moment that Redis has run it, before anybody knows. */
const MOMENTS = ['commitRoom', 'commitRoom', 'claimRoom', 'transferRoom', 'snapshotRoom', 'heartbeat', undefined];

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
    this.waitFor(isMoment, patience, (script) => {
      this.strikeByLot(script);
      if (this.passed === undefined) this.next();
      else this.follow();
    });
  }

  private drawMoment(struck: number) {
    const { commits, random, plan } = this.world;
    return {
      from: commits + random.between(1, BETWEEN),
      moment: MOMENTS[random.between(0, MOMENTS.length - 1)],
      patience: struck <= plan.faults ? random.next() * PATIENCE_MS + 100 : LAST_PATIENCE_MS,
    };
  }

  /** Calls `then` once: at that moment, with the script that it is, or when patience ends, ms. */
  private waitFor(isMoment: (script: string) => boolean, patience: number, then: (script?: string) => void): void {
    const { world } = this;
    const strike = (script?: string) => {
      world.onScript = () => undefined;
      impatience.cancel();
      if (!this.over) then(script);
    };
    const impatience = world.timeline.after(patience, () => strike());
    world.onScript = (name) => {
      if (isMoment(name)) strike(name);
    };
  }

  private strikeByLot(script: string | undefined): void {
    const { world, strikes, part } = this;
    const { plan } = world;
    if (strikes.length >= plan.faults && (world.takeovers > 0 || world.commits < plan.commits)) return;
    const wanted = strikes.length >= plan.faults ? takeover : this.draw();
    const planned = part?.whole[strikes.length];
    if (planned && planned.at <= world.timeline.now && !part?.kept.has(strikes.length + 1)) {
      this.passed = strikes.length;
      this.pass(planned);
    } else this.strike(wanted, script);
  }

  /** The next of the whole at its time there, and at the next moment of its kind. */
  private follow(): void {
    const { world, part, passed = 0 } = this;
    const planned = part?.whole[passed];
    if (!planned) return;
    const { fault, at, script } = planned;
    const { timeline, random } = world;
    const strike = (found?: string) => {
      random.state = planned.chance[0];
      if (part?.kept.has(passed + 1)) this.strike(fault, found);
      this.pass(planned);
      this.follow();
    };
    timeline.after(at - timeline.now, () => {
      if (this.over) return;
      if (script === undefined) strike();
      else this.waitFor((name) => name === script, PATIENCE_MS, strike);
    });
  }

  /** Chance goes on as it did after this one. */
  private pass({ chance }: Strike): void {
    this.world.random.state = chance[1];
    this.passed = (this.passed ?? 0) + 1;
    this.drawMoment(this.passed);
  }

  private strike(fault: Fault, script: string | undefined): void {
    const { world } = this;
    const { commits, random, timeline } = world;
    const before = random.state;
    const did = fault.fits(world) ? fault.strike(world) : undefined;
    if (did === undefined) return;
    this.strikes.push({ fault, at: timeline.now, commits, script, did, chance: [before, random.state] });
  }

  private draw(): Fault {
    return faults[this.world.random.between(0, faults.length - 1)] as Fault;
  }
}
