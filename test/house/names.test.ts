/** One name for one thing: no name is exported by two files. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { sources } from './sources.js';

/** The same function for two platforms, behind one import. */
const ONE_THING: ReadonlySet<string> = new Set(['joinTable']);

const DECLARED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|const|enum|function\*?|interface|let|type) (\w+)/gm;

/** Name → the files that declare and export it. */
const declared = new Map<string, Set<string>>();
for (const { path, code } of sources) {
  for (const [, name = ''] of code.matchAll(DECLARED)) declared.set(name, (declared.get(name) ?? new Set()).add(path));
}
const doubled = [...declared].filter(([name, files]) => files.size > 1 && !ONE_THING.has(name));

/** Names that are still to be told apart, one a line. The list only becomes shorter. */
const known: ReadonlySet<string> = new Set(
  readFileSync(new URL('test/house/doubled-names.txt', packageRoot), 'utf8').trim().split('\n'),
);

test('no name is exported for two different things', () => {
  expect(declared.size).toBeGreaterThan(800);
  const fresh = doubled
    .filter(([name]) => !known.has(name))
    .map(([name, files]) => `${name}: ${[...files].join(', ')}`);
  expect(fresh).toEqual([]);
});

test('the list of doubled names holds none that is told apart by now', () => {
  const names = new Set(doubled.map(([name]) => name));
  expect([...known].filter((name) => !names.has(name))).toEqual([]);
});
