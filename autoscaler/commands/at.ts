/** `plan --at`: the decision for another time, from the kept history, or from what is usual then. */
import { bootMs } from '../decide/boots.js';
import { decide } from '../decide/decide.js';
import { EMPTY } from '../decide/memory.js';
import { loadOf } from '../forecast/feed.js';
import { OutlookForecaster } from '../forecast/outlook.js';
import { observe } from '../observe.js';
import { floorAt } from '../policy/schedule.js';
import type { Policy } from '../policy/schema.js';
import { type DecisionRecord, toRecord } from '../record.js';
import { Told } from '../told.js';
import type { Cluster } from './cluster.js';

const MINUTE_MS = 60_000;
const FURTHEST_MS = 7 * 86_400_000;

/** @throws Told when the time is no time, or nothing is known of it */
export async function planAt(cluster: Cluster, policy: Policy, text: string): Promise<DecisionRecord> {
  const { config, history } = cluster;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Told(`--at "${text}": expected a time, as 2026-12-31T20:00:00Z`);
  const observation = await observe({ ...cluster, heartbeatMs: config.HOKM_HEARTBEAT_MS });
  const { now, state, hand, look } = observation;
  if (at - now > FURTHEST_MS) throw new Told(`--at "${text}": is more than a week ahead`);
  const points = await history.load(Math.min(at, now));
  const boot = bootMs(state.boots, policy.boot_s);
  const tickMs = policy.tick_s * 1000;
  const forecast = new OutlookForecaster(policy, boot, tickMs);
  for (const point of points) {
    if (point.minute <= at / MINUTE_MS) forecast.push(point.minute, loadOf(point, policy), point.mark === undefined);
  }
  const minute = Math.floor(at / MINUTE_MS);
  const kept = points.findLast((point) => point.minute <= minute && minute - point.minute <= 2);
  const load = kept ? loadOf(kept, policy) : forecast.forecaster.usual(minute);
  if (!kept && load === 0) throw new Told(`--at "${text}": nothing is known of that time`);
  if (!kept) forecast.push(minute, load, false);
  // The fleet of now, as loaded as it would be then.
  const share = look.instances.length === 0 ? 0 : (load * policy.instance.players) / look.instances.length;
  const instances = look.instances.map((instance) => ({ ...instance, players: share, connections: share, cpu: 0 }));
  const decision = decide({
    now: at,
    tickMs,
    policy,
    look: { instances, blank: false },
    state: { ...state, memory: { ...EMPTY, since: 1, at: at - tickMs }, staleUntil: 0 },
    hand,
    outlook: forecast.outlook(),
    floor: floorAt(policy.schedules, policy.min, at, boot + tickMs + MINUTE_MS),
    failedBoots: new Set(),
    fencing: 0,
    startsOnce: false,
    leaseMs: config.HOKM_LEASE_MS,
  });
  const { hold } = hand;
  return toRecord(decision, {
    id: 'd-at',
    by: 'plan',
    fencing: null,
    mode: 'plan',
    policy,
    forecast: [...forecast.spoken()],
    hold: hold && hold.until > at ? hold.count : null,
  });
}
