/** Two faults at a time: the second begins within a second of the first. */
import type { Arena, Fault } from './fault.js';

const APART_MS = 1_000;

/** Where the pair has a row of its own; in any order. Others may stop for as long as both together. */
const BOUNDS: Readonly<Record<string, number>> = { 'failover+rolling': 13_000, 'failover+sigkill': 13_000 };
/** What was acknowledged by one copy is gone when that copy and the owner are. */
const LOSES_TAIL = ['failover+sigkill'];

/** @throws Error when both need a Redis of their own kind. */
export function pair(first: Fault, second: Fault): Fault {
  const kinds = new Set([first.redis, second.redis].filter((redis) => redis !== 'own'));
  if (kinds.size > 1) throw new Error(`${first.name} and ${second.name} need different kinds of Redis.`);
  const needs = new Set([first, second].flatMap((fault) => fault.needs ?? []));
  if (needs.size > 1) throw new Error(`${first.name} and ${second.name} need different things of the machine.`);
  const [redis = 'own'] = kinds;
  const [need] = needs;
  const key = [first.name, second.name].sort().join('+');
  return {
    name: `${first.name}+${second.name}`,
    redis,
    boundMs: BOUNDS[key] ?? first.boundMs + second.boundMs,
    losesTail: LOSES_TAIL.includes(key),
    ...(need === undefined ? {} : { needs: need }),
    instances: Math.max(first.instances ?? 0, second.instances ?? 0),
    settings: { ...first.settings, ...second.settings },
    async run(arena) {
      // What a fault promises beyond its moves, it promises alone.
      const both: Arena = { ...arena, complain: arena.tell };
      const later = () => arena.pause(arena.random.between(0, APART_MS)).then(() => second.run(both));
      return (await Promise.all([first.run(both), later()])).flat();
    },
  };
}
