/** What the runs of the simulation have exercised: counted by kind and name, with a list of what must not stay at zero. */
import type { ClusterMessage } from '../../src/protocol/cluster.js';

/** By kind, what a run of REQUIRED_SEEDS seeds must have exercised. Each kind is declared beside what counts it. */
export type Required = Readonly<Record<string, readonly string[]>>;

/** In so many seeds everything that is required is exercised at least once. */
export const REQUIRED_SEEDS = 2_000;

export class Coverage {
  private readonly kinds = new Map<string, Map<string, number>>();

  /** Notes that `name`, of this kind, was exercised. */
  count(kind: string, name: string, times = 1): void {
    const names = this.kinds.get(kind) ?? new Map<string, number>();
    this.kinds.set(kind, names);
    names.set(name, (names.get(name) ?? 0) + times);
  }

  /** Adds what another run has exercised. */
  add(other: Coverage): void {
    for (const [kind, names] of other.kinds) for (const [name, times] of names) this.count(kind, name, times);
  }

  of(kind: string, name: string): number {
    return this.kinds.get(kind)?.get(name) ?? 0;
  }

  /** What is required and was not exercised, as `kind: name`. */
  missing(required: Required): string[] {
    return Object.entries(required).flatMap(([kind, names]) =>
      names.filter((name) => this.of(kind, name) === 0).map((name) => `${kind}: ${name}`),
    );
  }

  /** A line for each kind and name, those that are required and at zero included. */
  table(required: Required): string[] {
    const kinds = new Set([...Object.keys(required), ...this.kinds.keys()]);
    return [...kinds].toSorted().flatMap((kind) => {
      const names = new Set([...(required[kind] ?? []), ...(this.kinds.get(kind)?.keys() ?? [])]);
      return [...names].toSorted().map((name) => {
        const needed = required[kind]?.includes(name) ? '' : '  (not required)';
        return `${String(this.of(kind, name)).padStart(10)}  ${kind.padEnd(10)}  ${name}${needed}`;
      });
    });
  }
}

/** What the script says by its reply: `ok`, or by which branch it refused. */
export function outcomeOf(reply: unknown): string {
  const [first] = Array.isArray(reply) ? (reply as unknown[]) : [reply];
  return first === null || first === undefined ? 'done' : String(first);
}

/** Of the bus. */
export const MESSAGES: ReadonlySet<string> = new Set([
  'registry_changed',
  'room_assignment_update',
  'room_pinned',
  'game_migration_request',
  'game_migration_answer',
  'game_migration_data',
  'player_reconnect_query',
  'player_reconnect_response',
  'scaling_event',
] satisfies ClusterMessage['type'][]);
