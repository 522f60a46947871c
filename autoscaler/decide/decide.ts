/**
 * One whole decision: from what is seen to what is done, with the reason for every number. PURE: same input, same
 * decision; nothing here waits, sends or reads a clock.
 */
import type { Floor } from '../policy/schedule.js';
import type { Policy } from '../policy/schema.js';
import type { Action } from './actions.js';
import { bootMs, followBoots } from './boots.js';
import { type CountDecision, type Counts, decideCount, type Outlook, type Refusal } from './count.js';
import { type Demand, demand } from './demand.js';
import { advanceDrain, type Drain, startDrain } from './drains.js';
import { type Instance, isSilent } from './instance.js';
import type { Look } from './look.js';
import { planRebalance } from './rebalance.js';
import type { Hand, State } from './state.js';
import { chooseVictims, type Victim } from './victims.js';

/** A drain of another's making may take as long as ours, and this. */
const STRAY_MS = 35_000;

export interface DecideInput {
  /** Cluster time, ms. */
  readonly now: number;
  readonly tickMs: number;
  readonly policy: Policy;
  readonly look: Look;
  readonly state: State;
  readonly hand: Hand;
  readonly outlook: Outlook;
  readonly floor: Floor;
  /** A rolling restart is under way. */
  readonly deploying?: boolean;
  /** Keys of boots that the driver gave up since the last run. */
  readonly failedBoots: ReadonlySet<string>;
  /** Of the lock; 0 without one. */
  readonly fencing: number;
  /** Whether a start whose order may have been lost can be ordered again without harm. */
  readonly startsOnce: boolean;
  /** How long figures do not count after everything was gone at once: the lease, ms. */
  readonly leaseMs: number;
}

export interface Decision {
  readonly now: number;
  readonly demand: Demand;
  readonly counts: Counts;
  readonly count: CountDecision;
  readonly bootMs: number;
  readonly refusals: readonly Refusal[];
  readonly victims: readonly Victim[];
  readonly actions: readonly Action[];
  /** What is remembered once the actions are ordered. */
  readonly state: State;
}

export function decide(input: DecideInput): Decision {
  const { now, policy, look, state, hand, tickMs } = input;
  const { instances } = look;
  const known = new Set<string>(state.seen.map(({ id }) => id));
  const boots = followBoots(state.boots, instances, known, input.failedBoots, now, policy.boot_s);
  const boot = bootMs(boots, policy.boot_s);
  const drains = openDrains(input);
  const actions: Action[] = [];
  const strays = adopt(input, drains);
  const pending = [...boots.pending];
  if (input.startsOnce) {
    for (const { key, ordered } of pending) if (!ordered) actions.push({ kind: 'start', key });
  }

  const needs = demand(instances, policy, state.memory.hotSince, now);
  const counts = countStates(instances, drains, boots.pending.length);
  const staleUntil = look.blank ? now + input.leaseMs : state.staleUntil;
  const { hold } = hand;
  const count = decideCount({
    now,
    policy,
    bootMs: boot,
    tickMs,
    load: needs.load,
    players: needs.by.players === undefined ? 0 : needs.by.players * policy.instance.players,
    counts,
    outlook: input.outlook,
    floor: input.floor,
    memory: { ...state.memory, hotSince: needs.hotSince },
    hold: hold && hold.until > now ? hold.count : undefined,
    paused: { in: hand.pauseIn > now, out: hand.pauseOut > now },
    bootFailedAt: boots.failedAt,
    stale: staleUntil > now,
    deploying: input.deploying,
  });

  let missing = count.add;
  // A drain that is called off is an instance at once.
  for (const drain of youngestFirst(drains)) {
    if (missing === 0) break;
    if (drain.step === 'stopping' || drain.reason !== 'scale-in') continue;
    drains.splice(drains.indexOf(drain), 1);
    actions.push({ kind: 'undrain', id: drain.id });
    missing -= 1;
  }
  followDrains(input, drains, actions);
  for (; missing > 0; missing--) {
    const key = `boot-${now}-${missing}`;
    pending.push({ key, at: now, ordered: false, handle: null });
    actions.push({ kind: 'start', key });
  }
  let surplus = count.remove;
  for (const last of [...pending].reverse()) {
    if (surplus === 0) break;
    // One whose handle is not known yet cannot be called off; it will be drained once it is there.
    surplus -= 1;
    if (last.handle === null) continue;
    pending.splice(pending.indexOf(last), 1);
    actions.push({ kind: 'cancel_start', key: last.key, handle: last.handle });
  }
  const drained = new Set(drains.map(({ id }) => id));
  const staying = instances.filter(({ id }) => !drained.has(id));
  const victims = chooseVictims(staying, surplus, policy, now, keepPaidS(policy, boot));
  for (const victim of victims) {
    const instance = instances.find(({ id }) => id === victim.id);
    if (!instance) continue;
    const begun = startDrain(instance, victim.stuck === 0, policy, now, 'scale-in');
    const { next, effect } = advanceDrain(begun, instance, now, input.fencing);
    if (next) drains.push(next);
    if (effect) actions.push(effect);
  }
  // With more instances than are wanted, some are about to go: what is moved now would be moved again.
  const spread = counts.active + counts.starting <= count.target;
  const rebalancedAt = rebalance(input, drains, actions, count, spread);
  return {
    now,
    demand: needs,
    counts,
    count,
    bootMs: boot,
    refusals: count.refusals,
    victims,
    actions,
    state: {
      version: 1,
      memory: count.memory,
      boots: { ...boots, pending },
      drains,
      seen: [...instances],
      strays,
      rebalancedAt,
      staleUntil,
    },
  };
}

/** Those whose instance is still there; all, while everything is gone at once: nothing is over for that. */
function openDrains({ look, state }: DecideInput): Drain[] {
  return state.drains.filter(({ id }) => look.blank || look.instances.some((instance) => instance.id === id));
}

/** What is to be done for each of them now. */
function followDrains({ look, now, fencing }: DecideInput, drains: Drain[], actions: Action[]): void {
  if (look.blank) return;
  for (const [at, drain] of drains.entries()) {
    const instance = look.instances.find(({ id }) => id === drain.id);
    const { next, effect } = advanceDrain(drain, instance, now, fencing);
    if (next) drains[at] = next;
    if (effect) actions.push({ ...effect, ...(drain.reason === 'by hand' ? { byHand: true } : {}) });
  }
}

/**
 * A drain that nobody ends is ours after a while: its operator has gone, or a call to stay was lost.
 * @returns since when the others drain
 */
function adopt({ look, state, now, policy }: DecideInput, drains: Drain[]): Record<string, number> {
  const strays: Record<string, number> = {};
  for (const instance of look.instances) {
    if (instance.state !== 'draining' || drains.some(({ id }) => id === instance.id)) continue;
    const since = state.strays[instance.id] ?? now;
    if (now - since >= policy.scale_in.movable_deadline_s * 1000 + STRAY_MS) {
      drains.push(startDrain(instance, true, policy, now, 'adopted'));
    } else strays[instance.id] = since;
  }
  return strays;
}

function countStates(instances: readonly Instance[], drains: readonly Drain[], booting: number): Counts {
  const drained = new Set(drains.map(({ id }) => id));
  const count = (state: Instance['state']) =>
    instances.filter((instance) => instance.state === state && !drained.has(instance.id)).length;
  return {
    active: count('ready'),
    starting: booting + count('starting'),
    draining: drains.length + count('draining'),
    unknown: count('unknown') + count('unreachable'),
  };
}

/** Beyond a boot's worth of paid time it costs nothing to keep an instance; with a short quantum that never happens. */
function keepPaidS(policy: Policy, bootMs: number): number {
  const slack = 300 + bootMs / 1000;
  return policy.cost.quantum_s > 2 * slack ? slack : Number.POSITIVE_INFINITY;
}

/** The moves it orders, behind a pause; none while the fleet is about to change anyway. */
function rebalance(
  { policy, look, state, now }: DecideInput,
  drains: Drain[],
  actions: Action[],
  count: CountDecision,
  spread: boolean,
) {
  const rested = now - state.rebalancedAt >= policy.rebalance.pause_s * 1000;
  const silent = look.instances.some(({ state }) => isSilent(state));
  if (!rested || silent || drains.length > 0 || count.remove > 0 || count.guard) return state.rebalancedAt;
  const moves = planRebalance(look.instances, policy, spread);
  for (const move of moves) actions.push({ kind: 'move', ...move });
  return moves.length > 0 ? now : state.rebalancedAt;
}

function youngestFirst(drains: readonly Drain[]): Drain[] {
  return [...drains].sort((a, b) => b.since - a.since || (a.id < b.id ? -1 : 1));
}
