/** Which instances go: the empty ones, then those that are cheapest to move. PURE. */
import type { Policy } from '../policy/schema.js';
import type { Instance } from './instance.js';

export interface Victim {
  readonly id: string;
  readonly players: number;
  readonly rooms: number;
  /** Rooms that no other ready instance could play on. */
  readonly stuck: number;
  /** Until its rooms are elsewhere, at the rate that drains were seen to have. */
  readonly drainS: number;
  /** Left of the quantum that is paid already. */
  readonly paidS: number;
  readonly score: number;
}

/** Rooms that one instance gives away in a second. */
const ROOMS_A_SECOND = 16;
/** A player's reconnect weighs 1; a room that has to end weighs as much as so many. */
const STUCK_ROOM = 1000;
const A_SECOND = 0.1;

/**
 * The `count` cheapest of the ready instances, with their scores.
 * @param quantum an instance whose paid time runs for longer than `keepPaidS` is kept: stopping it saves nothing yet.
 */
export function chooseVictims(
  instances: readonly Instance[],
  count: number,
  policy: Policy,
  now: number,
  keepPaidS = Number.POSITIVE_INFINITY,
): readonly Victim[] {
  const ready = instances.filter(({ state }) => state === 'ready');
  return ready
    .map((instance) => rate(instance, ready, policy, now))
    .filter(({ paidS }) => paidS <= keepPaidS)
    .map((victim) => ({ victim, instance: ready.find(({ id }) => id === victim.id) }))
    .sort(
      (a, b) =>
        a.victim.score - b.victim.score ||
        a.victim.paidS - b.victim.paidS ||
        (a.instance?.startedAt ?? 0) - (b.instance?.startedAt ?? 0) ||
        (a.instance?.number ?? 0) - (b.instance?.number ?? 0) ||
        (a.victim.id < b.victim.id ? -1 : 1),
    )
    .slice(0, Math.max(0, count))
    .map(({ victim }) => victim);
}

function rate(instance: Instance, ready: readonly Instance[], policy: Policy, now: number): Victim {
  const others = ready.filter(({ id }) => id !== instance.id);
  const movable = others.some(({ rules }) => instance.rules.every((rule) => rules.includes(rule)));
  const stuck = movable ? 0 : instance.rooms;
  const drainS = instance.rooms / ROOMS_A_SECOND;
  const quantumMs = policy.cost.quantum_s * 1000;
  const used = Math.max(0, now - instance.startedAt) % quantumMs;
  return {
    id: instance.id,
    players: instance.players,
    rooms: instance.rooms,
    stuck,
    drainS,
    paidS: (quantumMs - used) / 1000,
    score: instance.players + STUCK_ROOM * stuck + A_SECOND * drainS,
  };
}
