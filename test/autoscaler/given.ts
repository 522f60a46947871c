/** Makers of what the pure parts are given, with what a test does not care about filled in. */
import type { CountInput } from '../../autoscaler/decide/count.js';
import type { DecideInput } from '../../autoscaler/decide/decide.js';
import type { Instance } from '../../autoscaler/decide/instance.js';
import { EMPTY, type Memory } from '../../autoscaler/decide/memory.js';
import { HANDS_OFF, NOTHING_YET } from '../../autoscaler/decide/state.js';
import { type Policy, policySchema } from '../../autoscaler/policy/schema.js';
import type { InstanceId } from '../../src/protocol/ids.js';

export const MINUTE = 60_000;
export const NOW = Date.parse('2026-03-02T12:00:00Z');

export function policy(overrides: Record<string, unknown> = {}): Policy {
  return policySchema.parse({ version: 1, min: 1, max: 20, boot_s: 120, ...overrides });
}

/** A memory that has seen enough to scale in. */
export function settled(overrides: Partial<Memory> = {}): Memory {
  return { ...EMPTY, since: NOW - 60 * MINUTE, at: NOW - MINUTE, ...overrides };
}

export function count(overrides: Partial<CountInput> = {}): CountInput {
  const given = overrides.policy ?? policy();
  const load = overrides.load ?? 4.2;
  return {
    now: NOW,
    policy: given,
    bootMs: 120_000,
    tickMs: MINUTE,
    load,
    players: load * 100,
    counts: { active: 5, starting: 0, draining: 0, unknown: 0 },
    outlook: { up: load, again: 0, low: 0 },
    floor: { min: given.min },
    memory: settled(),
    ...overrides,
  };
}

let number = 0;
export function instance(id: string, overrides: Partial<Instance> = {}): Instance {
  number += 1;
  return {
    id: id as InstanceId,
    number,
    state: 'ready',
    host: `host-${id}`,
    port: 4000,
    players: 50,
    connections: 50,
    rooms: 12,
    capacity: 5_000,
    cpu: 0.2,
    memoryMb: 100,
    hostMemory: 0.2,
    loopDelayMs: 20,
    startedAt: NOW - 3_600_000,
    heartbeatAt: NOW - 500,
    rules: ['hokm@1'],
    type: 'local',
    ...overrides,
  };
}

export function decideInput(instances: readonly Instance[], overrides: Partial<DecideInput> = {}): DecideInput {
  const given = overrides.policy ?? policy();
  return {
    now: NOW,
    tickMs: 15_000,
    policy: given,
    look: { instances, blank: false },
    state: { ...NOTHING_YET, memory: settled({ at: NOW - 15_000 }), seen: [...instances] },
    hand: HANDS_OFF,
    outlook: { up: 0, again: 0, low: 0 },
    floor: { min: given.min },
    failedBoots: new Set(),
    fencing: 7,
    startsOnce: true,
    leaseMs: 5_000,
    ...overrides,
  };
}
