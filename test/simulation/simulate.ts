/** Runs the cluster of one seed, from its beginning to the verdict. The same seed gives the same story, to the last event. */
import { Bystanders } from './bystanders.js';
import { check } from './check.js';
import type { Coverage } from './coverage.js';
import { Director, type Part, type Strike } from './director.js';
import { FOUND_MS, notFoundAgain } from './found-again.js';
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
  readonly strikes: readonly Strike[];
  readonly story: readonly string[];
  readonly coverage: Coverage;
  /** Of everything that is in the logs: equal for equal runs. */
  readonly fingerprint: string;
}

/** A cluster that does not come to rest within this is stuck, simulated ms. */
const LIMIT_MS = 180_000;
const REST_MS = 60_000;

/** @param part of what happens to the whole cluster of this seed; all of it by default. */
export async function simulate(seed: number, part?: Part): Promise<Outcome> {
  const plan = planOf(seed);
  const world = new World(seed, plan);
  const director = new Director(world, part);
  const bystanders = new Bystanders(world);
  director.next();
  const enough = () => world.commits >= plan.commits && director.done && world.tails.calm;
  if (!(await world.timeline.runUntil(enough, LIMIT_MS))) world.complaints.push('the cluster is stuck');
  director.over = true;
  world.watchdog.end();
  world.heal();
  bystanders.rest();
  const atRest = () => world.atRest && bystanders.atRest;
  if (!(await world.timeline.runUntil(atRest, REST_MS))) world.complaints.push('the rooms find no rest');
  await world.timeline.runUntil(() => false, FOUND_MS);
  world.complaints.push(...notFoundAgain(world));
  if (!(await world.timeline.runUntil(atRest, REST_MS))) world.complaints.push('the rooms find no rest again');
  const { acked, violations, fingerprint } = check(world, bystanders);
  world.end();
  return {
    seed,
    violations: [...world.complaints, ...violations],
    commits: world.commits,
    acked,
    takeovers: world.takeovers,
    faults: director.strikes.length,
    ms: Math.round(world.timeline.now),
    events: world.timeline.count,
    strikes: director.strikes,
    story: director.strikes.map(tell),
    coverage: world.coverage,
    fingerprint,
  };
}

/** Between two clusters: the process takes signals, and its parent's end, here. */
export const breath = () => new Promise((resolve) => setImmediate(resolve));

const tell = ({ at, commits, fault, did, moment }: Strike) =>
  `${at.toFixed(1)} ms, ${commits} commits${moment ? `, ${moment}` : ''}: ${fault.name}, ${did}`;
