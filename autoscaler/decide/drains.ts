/**
 * The drain of one instance as a machine of states that Redis keeps: whoever runs next takes it up where it stands, and
 * every effect may be repeated. PURE.
 *
 *     marked ──tell──▶ told ──empty, or late: stop──▶ stopping ──gone──▶ (forgotten)
 *        └──────────── undrain ◀──┘
 */
import { z } from 'zod';
import type { Policy } from '../policy/schema.js';
import { type Instance, isSilent } from './instance.js';

export const drainSchema = z.object({
  id: z.string(),
  step: z.enum(['marked', 'told', 'stopping']),
  /** Cluster time, ms. */
  since: z.number(),
  /** Of the last message or order to it; 0: none yet. */
  saidAt: z.number().default(0),
  /** The lock's number when it was said: under another one it is said again, the run may have died before. */
  fencing: z.number().default(0),
  deadline: z.number(),
  /** adopted: somebody else began it, and it does not end. */
  reason: z.enum(['scale-in', 'by hand', 'adopted']),
  /** At the start, for the report. */
  players: z.number(),
  rooms: z.number(),
  forced: z.boolean().default(false),
});
export type Drain = z.output<typeof drainSchema>;

export type DrainEffect =
  /** Put scale_down_prepare into its inbox. */
  | { readonly kind: 'tell'; readonly id: string }
  /** Ask the driver to end it. */
  | { readonly kind: 'stop'; readonly id: string; readonly forced: boolean };

/** An instance that was told and does not say "draining" is told again after this. */
const TELL_AGAIN_MS = 5_000;
/** A stop that has no effect is asked for again after this: above the 27 s that one may take. */
const STOP_AGAIN_MS = 35_000;

export function startDrain(
  instance: Instance,
  movable: boolean,
  policy: Policy,
  now: number,
  reason: Drain['reason'],
): Drain {
  const { movable_deadline_s, stuck_deadline_min } = policy.scale_in;
  const deadline = now + (movable ? movable_deadline_s * 1000 : stuck_deadline_min * 60_000);
  const { id, players, rooms } = instance;
  return { id, step: 'marked', since: now, saidAt: 0, fencing: 0, deadline, reason, players, rooms, forced: false };
}

/**
 * The next state and what is to be done for it; undefined when the drain is over.
 * @param instance as seen now; undefined when the registry knows it no more.
 * @param fencing of the lock that this run holds
 */
export function advanceDrain(
  drain: Drain,
  instance: Instance | undefined,
  now: number,
  fencing: number,
): { readonly next: Drain | undefined; readonly effect: DrainEffect | undefined } {
  const nothing = { next: drain, effect: undefined };
  const tell = () => ({
    next: { ...drain, step: 'told' as const, saidAt: now, fencing },
    effect: { kind: 'tell' as const, id: drain.id },
  });
  const stop = (forced: boolean) => ({
    next: { ...drain, step: 'stopping' as const, saidAt: now, fencing, forced },
    effect: { kind: 'stop' as const, id: drain.id, forced },
  });
  if (!instance) return { next: undefined, effect: undefined };
  switch (drain.step) {
    case 'marked':
      return tell();
    case 'told': {
      const empty = instance.state === 'draining' && instance.rooms === 0 && instance.players === 0;
      if (empty || now >= drain.deadline) return stop(!empty);
      const heard = instance.state === 'draining' || isSilent(instance.state);
      const again = drain.fencing !== fencing || (!heard && now - drain.saidAt >= TELL_AGAIN_MS);
      return again ? tell() : nothing;
    }
    case 'stopping':
      return drain.fencing !== fencing || now - drain.saidAt >= STOP_AGAIN_MS ? stop(drain.forced) : nothing;
  }
}
