/**
 * How many instances there shall be, and why not fewer. PURE: the backtest runs this very function, with a fleet that is
 * only counted; which instances it means is decided in victims.ts.
 */
import type { Floor } from '../policy/schedule.js';
import type { Policy } from '../policy/schema.js';
import type { Memory, Minute } from './memory.js';

export interface Counts {
  /** Ready, taking rooms. */
  readonly active: number;
  readonly starting: number;
  readonly draining: number;
  /** Silent, vanished, or not reached by HAProxy: their load is still counted, their room is not. */
  readonly unknown: number;
}

/** What the forecast says, as load in instances. */
export interface Outlook {
  /** Highest of the looks ahead that a boot started now would miss. */
  readonly up: number;
  /** What will probably be needed again before a stop has paid. */
  readonly again: number;
  /** Not undercut, 5 minutes from now, but with 1 %. */
  readonly low: number;
}

export interface CountInput {
  /** Cluster time, ms. */
  readonly now: number;
  readonly policy: Policy;
  readonly bootMs: number;
  /** Between two decisions, ms. */
  readonly tickMs: number;
  /** In instances. */
  readonly load: number;
  readonly players: number;
  readonly counts: Counts;
  readonly outlook: Outlook;
  readonly floor: Floor;
  readonly memory: Memory;
  /** A number set by hand. */
  readonly hold?: number | undefined;
  readonly paused?: { readonly in: boolean; readonly out: boolean } | undefined;
  /** A rolling restart is under way: it adds and drains by itself. */
  readonly deploying?: boolean | undefined;
  /** Of the last boot that failed, ms. */
  readonly bootFailedAt?: number | undefined;
  /** The figures are not to be trusted: Redis was away a moment ago. */
  readonly stale?: boolean | undefined;
}

export const REFUSALS = {
  unknown_instance:
    'an instance is silent, or HAProxy does not reach it: its players may come back to it, or all at once to the others',
  stale_metrics: 'Redis was away: figures count again after one full lease',
  outage_guard: 'players dropped faster than they ever leave by themselves: they will be back',
  panic: 'load reached the ready instances unforeseen a few minutes ago',
  boot_failed: 'a boot failed in the last minutes: what is stopped may not come back',
  restarted: 'not one whole window of decisions is known yet',
  paused: 'paused by hand',
  deploy: 'a rolling restart is under way',
  drain_budget: 'as many drains as the budget allows are under way',
  no_room: 'the rest could not hold the players to be moved',
  boots_fail: 'boots fail: one is tried at a time',
} as const;
export type Refusal = keyof typeof REFUSALS;

export interface CountDecision {
  /** The load with everything that is added to it, per rule, in instances. */
  readonly up: number;
  readonly again: number;
  readonly floor: Floor;
  /** By the rules of scale-out. */
  readonly wanted: number;
  /** Highest of the window: scale-in goes down to it. */
  readonly target: number;
  /** Instances to have more. */
  readonly add: number;
  /** Instances to have less. */
  readonly remove: number;
  /** Why fewer are added or removed than the numbers say. */
  readonly refusals: readonly Refusal[];
  readonly panic: boolean;
  readonly guard: boolean;
  readonly memory: Memory;
}

const MINUTE_MS = 60_000;
const GUARD_LOOK_MIN = 10;
export const LOW_AHEAD_MIN = 5;
/** Fewer players than this may all leave at once by chance. */
const GUARD_PLAYERS = 20;
/** What a stop and a start cost beyond the boot, in minutes of an instance: the drain. */
const DRAIN_MIN = 3;
/**
 * Of the time that a stop must save, so much is waited for the need to return: what the best rule for a future that is
 * not known waits on average (randomised ski rental, Karlin et al. 1990). The whole of it costs more than margins that
 * make as safe.
 */
const WAITED_SHARE = 1 / (Math.E - 1);
/** Decisions further apart than this leave a hole. */
const HOLE_TICKS = 3;
const ROUNDING = 1e-9;

/** Minutes from the last whole minute known until a boot is ready that starts at this decision or the next. */
export function upHorizonMin(bootMs: number, tickMs: number): number {
  const age = MINUTE_MS - Math.min(tickMs, MINUTE_MS);
  return Math.max(1, Math.ceil((age + tickMs + bootMs) / MINUTE_MS - ROUNDING));
}

/** Minutes that an instance stays idle before it is stopped: a share of what its stop saves, which is a boot and a drain. */
export function windowMin(policy: Policy, bootMs: number): number {
  const paysAfter = Math.ceil(bootMs / MINUTE_MS) + DRAIN_MIN + policy.cost.boot_cost_min;
  return policy.scale_in.window_min ?? Math.ceil(WAITED_SHARE * paysAfter);
}

export function decideCount(input: CountInput): CountDecision {
  const { policy, load, counts, outlook, floor, now, hold } = input;
  const { min, max } = policy;
  const clamp = (count: number) => Math.max(min, Math.min(max, count));
  const before = lookBack(input);
  const panicUntil = panicked(input, before.foretold)
    ? now + policy.panic.hold_min * MINUTE_MS
    : input.memory.panicUntil;
  const panic = panicUntil > now;
  const guard = guarded(input, before);

  let wanted = Math.ceil(Math.max(load, outlook.up) - ROUNDING) + policy.spare;
  if (panic) wanted = Math.max(wanted, Math.ceil(load * policy.panic.factor - ROUNDING));
  wanted = clamp(Math.max(wanted, floor.min));
  const again = clamp(Math.max(wanted, Math.ceil(outlook.again - ROUNDING)));
  const memory = remember(input, again, panicUntil, guard);
  const oldest = Math.floor(now / MINUTE_MS) - windowMin(policy, input.bootMs);
  let target = again;
  for (const entry of memory.recent) if (entry.minute > oldest) target = Math.max(target, entry.wanted);
  target = Math.min(max, target);
  if (hold !== undefined) wanted = target = clamp(hold);

  const refusals: Refusal[] = [];
  const present = counts.active + counts.starting;
  const add = additions(input, wanted - present, refusals);
  const remove = add > 0 ? 0 : removals(input, present - target, memory, panic && hold === undefined, refusals);
  return {
    up: outlook.up,
    again: outlook.again,
    floor,
    wanted,
    target,
    add,
    remove,
    refusals,
    panic,
    guard: guard !== null,
    memory,
  };
}

interface LookBack {
  /** Load forecast for this minute when a boot would have been ready by now. */
  readonly foretold: number;
  readonly low: number;
  readonly mostPlayers: number;
}

function lookBack({ memory, now, bootMs, tickMs }: CountInput): LookBack {
  const minute = Math.floor(now / MINUTE_MS);
  const ahead = upHorizonMin(bootMs, tickMs);
  let foretold = Number.POSITIVE_INFINITY;
  let low = 0;
  let mostPlayers = 0;
  for (const entry of memory.recent) {
    const age = minute - entry.minute;
    if (age >= ahead) foretold = entry.up;
    if (age >= LOW_AHEAD_MIN && age <= GUARD_LOOK_MIN) low = entry.low;
    if (age <= GUARD_LOOK_MIN) mostPlayers = Math.max(mostPlayers, entry.players);
  }
  return { foretold, low, mostPlayers };
}

function panicked({ policy, load, counts }: CountInput, foretold: number): boolean {
  return counts.active > 0 && load >= policy.panic.share * counts.active && load > foretold;
}

function guarded(input: CountInput, before: LookBack): Memory['guard'] {
  const { memory, now, players, load, policy } = input;
  const { drop, hold_min, back } = policy.guard;
  const { guard } = memory;
  if (guard && now < guard.until && players < back * guard.players) return guard;
  const dropped = players < drop * before.mostPlayers && load < before.low && before.mostPlayers >= GUARD_PLAYERS;
  if (!dropped) return null;
  // A guard that has run out is not renewed by the same drop: the lookback no longer holds what was before it.
  return { until: now + hold_min * MINUTE_MS, players: before.mostPlayers };
}

function remember(input: CountInput, wanted: number, panicUntil: number, guard: Memory['guard']): Memory {
  const { memory, now, outlook, players, policy, bootMs, tickMs } = input;
  const minute = Math.floor(now / MINUTE_MS);
  const contiguous = memory.at <= now && now - memory.at <= Math.max(HOLE_TICKS * tickMs, HOLE_TICKS * MINUTE_MS);
  const kept = Math.max(GUARD_LOOK_MIN, windowMin(policy, bootMs), upHorizonMin(bootMs, tickMs)) + 1;
  const recent: Minute[] = [];
  for (const entry of memory.recent) {
    if (entry.minute > minute - kept && entry.minute <= minute) recent.push(entry);
  }
  let entry: Minute = { minute, wanted, up: outlook.up, low: outlook.low, players };
  const last = recent.at(-1);
  if (last?.minute === minute) {
    recent.pop();
    entry = {
      minute,
      wanted: Math.max(last.wanted, wanted),
      up: Math.max(last.up, outlook.up),
      low: Math.min(last.low, outlook.low),
      players: Math.max(last.players, players),
    };
  }
  recent.push(entry);
  return { recent, since: contiguous ? memory.since : now, at: now, panicUntil, guard, hotSince: memory.hotSince };
}

function additions(input: CountInput, missing: number, refusals: Refusal[]): number {
  const { paused, stale, bootFailedAt, now, bootMs, counts } = input;
  if (missing <= 0) return 0;
  if (paused?.out) return refuse(refusals, 'paused');
  if (stale) return refuse(refusals, 'stale_metrics');
  if (bootFailedAt !== undefined && now - bootFailedAt < Math.max(MINUTE_MS, 2 * bootMs)) {
    refusals.push('boots_fail');
    return counts.starting > 0 ? 0 : 1;
  }
  return missing;
}

function removals(input: CountInput, surplus: number, memory: Memory, panic: boolean, refusals: Refusal[]): number {
  const { counts, policy, paused, stale, now, bootFailedAt, load, hold } = input;
  if (surplus <= 0) return 0;
  const { scale_in } = policy;
  if (counts.unknown > 0) refusals.push('unknown_instance');
  if (stale) refusals.push('stale_metrics');
  if (memory.guard) refusals.push('outage_guard');
  if (panic) refusals.push('panic');
  if (bootFailedAt !== undefined && now - bootFailedAt < scale_in.after_failed_boot_min * MINUTE_MS) {
    refusals.push('boot_failed');
  }
  if (hold === undefined && now - memory.since < windowMin(policy, input.bootMs) * MINUTE_MS)
    refusals.push('restarted');
  if (paused?.in) refusals.push('paused');
  if (input.deploying) refusals.push('deploy');
  if (refusals.length > 0) return 0;
  // Boots are cancelled without a drain; the rest must find room on what is ready now.
  const drains = Math.max(0, surplus - counts.starting);
  if (drains === 0) return surplus;
  const budget = Math.max(1, Math.floor(scale_in.drain_budget * counts.active)) - counts.draining;
  const room = Math.floor(counts.active - load + ROUNDING);
  if (budget < drains) refusals.push('drain_budget');
  if (room < Math.min(drains, budget)) refusals.push('no_room');
  return surplus - drains + Math.max(0, Math.min(drains, budget, room));
}

function refuse(refusals: Refusal[], reason: Refusal): 0 {
  refusals.push(reason);
  return 0;
}
