/** All that a run leaves to the next one. One document, written as a whole under the lock's number. */
import { z } from 'zod';
import { bootsSchema } from './boots.js';
import { drainSchema } from './drains.js';
import { instanceSchema } from './instance.js';
import { memorySchema } from './memory.js';

export const stateSchema = z.object({
  version: z.literal(1).default(1),
  memory: memorySchema.prefault({}),
  boots: bootsSchema.prefault({}),
  drains: z.array(drainSchema).default([]),
  /** As of the last look. */
  seen: z.array(instanceSchema).default([]),
  /** Instances that drain and are not ours to drain: since when, ms. */
  strays: z.record(z.string(), z.number()).default({}),
  rebalancedAt: z.number().default(0),
  /** Until then figures do not count: Redis was away. */
  staleUntil: z.number().default(0),
});
export type State = z.output<typeof stateSchema>;

export const NOTHING_YET: State = stateSchema.parse({});

/** Set by hand; each ends by itself. Cluster time, ms. */
export const handSchema = z.object({
  hold: z.object({ count: z.number().int(), until: z.number() }).optional(),
  pauseIn: z.number().default(0),
  pauseOut: z.number().default(0),
});
export type Hand = z.output<typeof handSchema>;

export const HANDS_OFF: Hand = handSchema.parse({});
