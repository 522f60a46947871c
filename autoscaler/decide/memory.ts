/** What one decision remembers for the next: small, kept in Redis, so that daemon, cron job and successor share it. */
import { z } from 'zod';

const minuteSchema = z.object({
  /** Since the epoch. */
  minute: z.number(),
  /** Most instances wanted in this minute by the rules of scale-in. */
  wanted: z.number(),
  /** Load that was forecast, as the least likely high and the least likely low. */
  up: z.number(),
  low: z.number(),
  players: z.number(),
});

export const memorySchema = z.object({
  /** The last minutes, oldest first, one entry each. */
  recent: z.array(minuteSchema).default([]),
  /** Since when there was a decision every few minutes, ms; the window of scale-in must be seen whole. */
  since: z.number().default(0),
  /** Of the last decision, ms. */
  at: z.number().default(0),
  panicUntil: z.number().default(0),
  /** An outage: no scale-in until then, or until so many players are back. */
  guard: z.object({ until: z.number(), players: z.number() }).nullable().default(null),
  /** Since when too many instances are hot, ms; 0: they are not. */
  hotSince: z.number().default(0),
});

export type Memory = z.output<typeof memorySchema>;
export type Minute = Memory['recent'][number];

export const EMPTY: Memory = memorySchema.parse({});
