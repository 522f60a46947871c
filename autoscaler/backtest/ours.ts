/** Our own decision in the simulation: the function of the daemon, fed with the past of the trace. */
import { decideCount } from '../decide/count.js';
import { EMPTY } from '../decide/memory.js';
import { OutlookForecaster } from '../forecast/outlook.js';
import { floorAt } from '../policy/schedule.js';
import type { Policy } from '../policy/schema.js';
import type { Scaler } from './simulate.js';

const MINUTE_MS = 60_000;

export interface OursOptions {
  readonly policy: Policy;
  readonly startMs: number;
  readonly bootMin: number;
  readonly capacity: number;
  readonly trail?: Trail;
}

/** What was forecast at each minute for a boot ahead, in instances: for the picture. */
export interface Trail {
  readonly up: Float64Array;
  readonly low: Float64Array;
}

export function ours({ policy, startMs, bootMin, capacity, trail }: OursOptions): Scaler {
  const bootMs = bootMin * MINUTE_MS;
  const forecast = new OutlookForecaster(policy, bootMs, MINUTE_MS);
  const first = Math.floor(startMs / MINUTE_MS);
  let memory = EMPTY;
  return (minute, players, fleet) => {
    const load = players / capacity;
    const now = (first + minute) * MINUTE_MS;
    // Minutes of an outage would teach that evenings end like that.
    forecast.push(first + minute, load, memory.guard === null);
    const outlook = forecast.outlook();
    if (trail) {
      trail.up[minute] = outlook.up;
      trail.low[minute] = outlook.low;
    }
    const decision = decideCount({
      now,
      policy,
      bootMs,
      tickMs: MINUTE_MS,
      load,
      players,
      counts: { active: fleet.active, starting: fleet.starting, draining: fleet.draining, unknown: 0 },
      outlook,
      floor: floorAt(policy.schedules, policy.min, now, bootMs + MINUTE_MS),
      memory,
    });
    memory = decision.memory;
    return fleet.active + fleet.starting + decision.add - decision.remove;
  };
}
