/** Runs the cluster of one seed, from its beginning to the verdict. The same seed gives the same story, to the last event. */
import { check } from './check.js';
import { type Fault, faults, takeover } from './faults.js';
import { planOf } from './plan.js';
import { World } from './world.js';

export interface Outcome {
  readonly seed: number;
  /** Each with what is wrong, and where; empty when all held. */
  readonly violations: readonly string[];
  readonly commits: number;
  readonly acked: number;
  readonly takeovers: number;
  readonly faults: number;
  /** Simulated ms, and events in them. */
  readonly ms: number;
  readonly events: number;
  /** The faults as they struck. */
  readonly story: readonly string[];
  /** Of everything that is in the logs: equal for equal runs. */
  readonly fingerprint: string;
}

/** Commits between two faults at most, and simulated ms without the commit that a fault waits for. */
const BETWEEN = 20;
const PATIENCE_MS = 500;
/** After the last fault of the plan: then, if need be, an owner is killed until a room has got another one. */
const LAST_PATIENCE_MS = 10_000;
/** A cluster that does not come to rest within this is stuck, simulated ms. */
const LIMIT_MS = 180_000;
const REST_MS = 60_000;
/** In which a fault strikes at the very moment that Redis has run it, before anybody knows. */
const MOMENTS = ['commitRoom', 'commitRoom', 'claimRoom', 'transferRoom', 'snapshotRoom', 'heartbeat', undefined];

export async function simulate(seed: number): Promise<Outcome> {
  const plan = planOf(seed);
  const world = new World(seed, plan);
  const director = new Director(world);
  director.next();
  const enough = () =>
    world.commits >= plan.commits && director.struck >= plan.faults && world.takeovers > 0 && world.calm;
  if (!(await world.timeline.runUntil(enough, LIMIT_MS))) world.complaints.push('the cluster is stuck');
  director.over = true;
  world.heal();
  if (!(await world.timeline.runUntil(() => world.atRest, REST_MS))) world.complaints.push('the rooms find no rest');
  const { acked, violations, fingerprint } = check(world);
  world.end();
  return {
    seed,
    violations: [...world.complaints, ...violations],
    commits: world.commits,
    acked,
    takeovers: world.takeovers,
    faults: director.struck,
    ms: Math.round(world.timeline.now),
    events: world.timeline.count,
    story: director.story,
    fingerprint,
  };
}

/** Lets faults strike, one after the other and one during the other. */
class Director {
  struck = 0;
  over = false;
  readonly story: string[] = [];

  constructor(private readonly world: World) {}

  /** Draws the next fault and its moment. */
  next(): void {
    const { world } = this;
    const { random, timeline, plan } = world;
    const from = world.commits + random.between(1, BETWEEN);
    const moment = MOMENTS[random.between(0, MOMENTS.length - 1)];
    const strike = () => {
      world.onScript = () => undefined;
      impatience.cancel();
      if (this.over) return;
      this.strike();
      this.next();
    };
    const patience = this.struck <= plan.faults ? random.next() * PATIENCE_MS + 100 : LAST_PATIENCE_MS;
    const impatience = timeline.after(patience, strike);
    world.onScript = (name) => {
      if (this.struck < plan.faults && world.commits >= from && (moment === undefined || name === moment)) strike();
    };
  }

  private strike(): void {
    const { world } = this;
    const { plan, timeline } = world;
    if (this.struck >= plan.faults && (world.takeovers > 0 || world.commits < plan.commits)) return;
    const wanted = this.struck >= plan.faults ? takeover : this.draw();
    if (!wanted.fits(world)) return;
    const did = wanted.strike(world);
    if (did === undefined) return;
    this.struck += 1;
    this.story.push(`${timeline.now.toFixed(1)} ms, ${world.commits} commits: ${wanted.name}, ${did}`);
  }

  private draw(): Fault {
    return faults[this.world.random.between(0, faults.length - 1)] as Fault;
  }
}
