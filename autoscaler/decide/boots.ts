/** Boots under way: which became an instance, how long they took, which never will. PURE. */
import { z } from 'zod';
import type { Instance } from './instance.js';

const pendingSchema = z.object({
  /** Of the order to the driver: given again with the same key it starts no second one. */
  key: z.string(),
  at: z.number(),
  /** The driver has taken the order. Not yet: the run that meant to give it may have died before. */
  ordered: z.boolean().default(false),
  /** What the driver calls it, if it said so. */
  handle: z.string().nullable().default(null),
});

export const bootsSchema = z.object({
  pending: z.array(pendingSchema).default([]),
  /** Seconds, the last 20, oldest first. */
  measured: z.array(z.number()).default([]),
  failedAt: z.number().optional(),
});
export type Boots = z.output<typeof bootsSchema>;
export type PendingBoot = Boots['pending'][number];

const MEASURED = 20;
const ENOUGH = 3;
/** From the registration, which a process writes early, to its being ready. */
const READY_AFTER_MS = 500;
const GIVEN_UP_AFTER = 3;
const GIVEN_UP_MIN_MS = 60_000;

/** p95 of the boots measured, or what the policy expects while they are few, ms. */
export function bootMs(boots: Boots, expectedS: number): number {
  if (boots.measured.length < ENOUGH) return expectedS * 1000;
  const sorted = [...boots.measured].sort((a, b) => a - b);
  return (sorted[Math.ceil(0.95 * sorted.length) - 1] ?? expectedS) * 1000;
}

/**
 * Boots after a look at the fleet.
 * @param before ids that were known before this look: the others are new.
 * @param failed keys of the boots that the driver says have failed.
 */
export function followBoots(
  boots: Boots,
  instances: readonly Instance[],
  before: ReadonlySet<string>,
  failed: ReadonlySet<string>,
  now: number,
  expectedS: number,
): Boots {
  const limit = Math.max(GIVEN_UP_MIN_MS, GIVEN_UP_AFTER * bootMs(boots, expectedS));
  const fresh = instances
    .filter(({ id, state }) => !before.has(id) && (state === 'ready' || state === 'starting'))
    .sort((a, b) => a.startedAt - b.startedAt);
  const measured = [...boots.measured];
  let failedAt = boots.failedAt;
  const pending: PendingBoot[] = [];
  for (const boot of [...boots.pending].sort((a, b) => a.at - b.at)) {
    const at = fresh.findIndex(({ startedAt }) => startedAt >= boot.at - 1000);
    const [instance] = at < 0 ? [] : fresh.splice(at, 1);
    if (instance) measured.push(Math.max(100, instance.startedAt - boot.at + READY_AFTER_MS) / 1000);
    else if (failed.has(boot.key) || now - boot.at > limit) failedAt = now;
    else pending.push(boot);
  }
  return { pending, measured: measured.slice(-MEASURED), ...(failedAt === undefined ? {} : { failedAt }) };
}
