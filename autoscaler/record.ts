/** A decision as it is kept and shown: one JSON document a run, of a schema with a version. */

import { z } from 'zod';
import { isoTime } from '../src/runtime/clock.js';
import { inWords } from './decide/actions.js';
import { REFUSALS } from './decide/count.js';
import type { Decision } from './decide/decide.js';
import type { Policy } from './policy/schema.js';

export const DECISION_SCHEMA = 'hokm-autoscaler/decision@1';

const lookSchema = z.object({
  ahead_min: z.number(),
  candidate: z.string(),
  point: z.number(),
  up: z.number(),
  again: z.number(),
});

export const recordSchema = z.object({
  schema: z.literal(DECISION_SCHEMA),
  id: z.string(),
  at: z.string(),
  by: z.string(),
  /** null: decided without the lock, as `plan` does. */
  fencing: z.number().nullable(),
  mode: z.enum(['act', 'advisory', 'plan']),
  load: z.number(),
  load_by_metric: z.record(z.string(), z.number()),
  leading: z.string(),
  delay_factor: z.number(),
  hot: z.array(z.string()),
  players: z.number(),
  instances: z.object({ active: z.number(), starting: z.number(), draining: z.number(), unknown: z.number() }),
  boot_s: z.number(),
  forecast: z.array(lookSchema),
  up: z.number(),
  again: z.number(),
  floor: z.object({ min: z.number(), schedule: z.string().optional() }),
  min: z.number(),
  max: z.number(),
  wanted: z.number(),
  target: z.number(),
  /** Load in instances up to which this number is enough, and below which one fewer would be. */
  holds_to: z.number(),
  panic: z.boolean(),
  guard: z.boolean(),
  hold: z.number().nullable(),
  refusals: z.array(z.object({ code: z.string(), text: z.string() })),
  victims: z.array(
    z.object({ id: z.string(), score: z.number(), players: z.number(), rooms: z.number(), stuck: z.number() }),
  ),
  actions: z.array(
    z.object({
      kind: z.string(),
      text: z.string(),
      outcome: z.enum(['planned', 'done', 'dry-run', 'failed']),
      error: z.string().optional(),
    }),
  ),
});
export type DecisionRecord = z.output<typeof recordSchema>;
export type ActionRecord = DecisionRecord['actions'][number];

export interface About {
  readonly id: string;
  readonly by: string;
  readonly fencing: number | null;
  readonly mode: DecisionRecord['mode'];
  readonly policy: Policy;
  readonly forecast: DecisionRecord['forecast'];
  readonly hold: number | null;
  readonly actions?: readonly ActionRecord[];
}

export function toRecord(decision: Decision, about: About): DecisionRecord {
  const { count, demand } = decision;
  const { policy } = about;
  return {
    schema: DECISION_SCHEMA,
    id: about.id,
    at: isoTime(decision.now),
    by: about.by,
    fencing: about.fencing,
    mode: about.mode,
    load: round(demand.load),
    load_by_metric: Object.fromEntries(Object.entries(demand.by).map(([metric, value]) => [metric, round(value)])),
    leading: demand.leading,
    delay_factor: round(demand.delayFactor),
    hot: [...demand.hot],
    players: Math.round((demand.by.players ?? 0) * policy.instance.players),
    instances: { ...decision.counts },
    boot_s: round(decision.bootMs / 1000),
    forecast: about.forecast.map((look) => ({
      ...look,
      point: round(look.point),
      up: round(look.up),
      again: round(look.again),
    })),
    up: round(count.up),
    again: round(count.again),
    floor: { ...count.floor },
    min: policy.min,
    max: policy.max,
    wanted: count.wanted,
    target: count.target,
    holds_to: count.wanted - policy.spare,
    panic: count.panic,
    guard: count.guard,
    hold: about.hold,
    refusals: decision.refusals.map((code) => ({ code, text: REFUSALS[code] })),
    victims: decision.victims.map(({ id, score, players, rooms, stuck }) => ({
      id,
      score: round(score),
      players,
      rooms,
      stuck,
    })),
    actions: [
      ...(about.actions ??
        decision.actions.map((action) => ({ kind: action.kind, text: inWords(action), outcome: 'planned' as const }))),
    ],
  };
}

const round = (value: number): number => (Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 0);
