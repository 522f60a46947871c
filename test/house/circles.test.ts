/** No file imports itself by way of others, types included. */
import { expect, test } from '@jest/globals';
import { sources } from './sources.js';

const imports: ReadonlyMap<string, readonly string[]> = new Map(
  sources.map(({ path, imports: found }) => [path, found.map(({ from }) => from)]),
);

/** The files of each circle, sorted: strongly connected parts of the graph, by Tarjan's algorithm. */
function circles(): string[][] {
  const found: string[][] = [];
  const indexes = new Map<string, number>();
  const stack: string[] = [];
  /** The lowest index that `path` leads back to among the files on the stack. */
  const visit = (path: string): number => {
    const own = indexes.size;
    indexes.set(path, own);
    const height = stack.push(path) - 1;
    let lowest = own;
    for (const next of imports.get(path) ?? []) {
      if (!imports.has(next)) continue;
      const known = indexes.get(next);
      if (known === undefined) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, known);
    }
    if (lowest === own) {
      const part = stack.splice(height);
      if (part.length > 1 || (imports.get(path) ?? []).includes(path)) found.push(part.toSorted());
    }
    return lowest;
  };
  for (const path of imports.keys()) if (!indexes.has(path)) visit(path);
  return found;
}

/** Circles that are still to be opened, each by the files in it. The list only becomes shorter. */
const KNOWN: readonly (readonly string[])[] = [
  ['src/room/decide.ts', 'src/room/step.ts'],
  [
    'test/simulation/backups.ts',
    'test/simulation/bystanders.ts',
    'test/simulation/check.ts',
    'test/simulation/haproxy.ts',
    'test/simulation/load-balancer.ts',
    'test/simulation/seating.ts',
    'test/simulation/tails.ts',
    'test/simulation/watchdog.ts',
    'test/simulation/ways.ts',
    'test/simulation/world.ts',
  ],
];

const lines = (all: readonly (readonly string[])[]) => all.map((files) => files.join(' ↔ ')).toSorted();

test('no imports go in a circle, types included, but for those that are listed', () => {
  expect(lines(circles())).toEqual(lines(KNOWN));
});
