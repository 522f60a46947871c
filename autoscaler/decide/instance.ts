/** An instance as the autoscaler sees it. */
import { z } from 'zod';
import type { InstanceId } from '../../src/protocol/ids.js';

/**
 * unknown: its heartbeat is late, or its lease has run out and nobody has taken over yet; the figures are its last.
 * unreachable: it says that it is ready, and no HAProxy gets through to it: nobody new comes to it.
 */
export const STATES = ['starting', 'ready', 'draining', 'unknown', 'unreachable'] as const;

/** Whether an instance in this state is there for nobody, though its players may be back any moment. */
export const isSilent = (state: (typeof STATES)[number]): boolean => state === 'unknown' || state === 'unreachable';

/** Kept from run to run, so that a silent instance keeps its load. */
export const instanceSchema = z.object({
  id: z.string().transform((id) => id as InstanceId),
  number: z.number(),
  state: z.enum(STATES),
  host: z.string(),
  port: z.number(),
  players: z.number(),
  connections: z.number(),
  rooms: z.number(),
  /** Rooms it takes. */
  capacity: z.number(),
  /** Share of one core. */
  cpu: z.number(),
  memoryMb: z.number(),
  /** Share of its host's memory in use. */
  hostMemory: z.number(),
  loopDelayMs: z.number(),
  /** Cluster time, ms. */
  startedAt: z.number(),
  heartbeatAt: z.number(),
  rules: z.array(z.string()),
  /** For its price. */
  type: z.string(),
});

export type Instance = z.output<typeof instanceSchema>;
