/** Tests of the parts prove themselves: with a guard taken out they go red. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { changeCompiled, mutants as chaos, copyPackage } from '../chaos/mutants.js';
import { mutants as simulation } from '../simulation/mutants.js';
import { end, spawnOwned, temporaryFolder } from '../support/programs.js';
import { type Mutant, mutants } from './mutants.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let child: ReturnType<typeof spawnOwned> | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
  await copyPackage(folder.path);
});
afterEach(async () => {
  if (child) await end(child, 'SIGTERM');
  await folder.remove();
});

/** Runs the one test in the copy; how many failed and passed, and what was said. */
async function run({ file, test: name }: Mutant): Promise<{ failed: string; passed: string; said: string }> {
  const jest = join(folder.path, 'node_modules/jest/bin/jest.js');
  const args = ['--experimental-vm-modules', jest, `dist/test/${file}.test.js`, '--ci', '-t', `^${name}`];
  child = spawnOwned(process.execPath, args, { cwd: folder.path, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.on('data', (text) => (said += text));
  await once(child, 'close');
  const count = (what: string) => new RegExp(`^Tests:.* (\\d+) ${what}`, 'm').exec(said)?.[1] ?? '0';
  return { failed: count('failed'), passed: count('passed'), said };
}

test.each(mutants.map((mutant): [string, Mutant] => [mutant.guard, mutant]))('taken out: %s', async (_, mutant) => {
  const before = await run(mutant);
  expect(before).toMatchObject({ failed: '0', passed: '1' });
  await changeCompiled(folder.path, mutant.change);
  const after = await run(mutant);
  expect(after).toMatchObject({ failed: '1', passed: '0' });
  // A promise of the test was not kept: no part of it was only broken.
  expect(after.said).toContain('expect(');
});

test('the table names every guard, and where it goes red', async () => {
  const text = await readFile(new URL('test/simulation/README.md', packageRoot), 'utf8');
  const rows = [...text.matchAll(/^\| (.+) \| ([a-z, ]+) \| .+ \|$/gm)].map(([, guard, where]) => `${guard}: ${where}`);
  const lists = { simulation, chaos: chaos.filter(({ red }) => red), room: mutants };
  const places = new Map<string, Set<string>>();
  for (const [where, list] of Object.entries(lists)) {
    for (const { guard } of list) places.set(guard, (places.get(guard) ?? new Set()).add(where));
  }
  const named = [...places].map(([guard, at]) => `${guard}: ${[...at].join(', ')}`);
  expect(rows.slice(1).toSorted()).toEqual(named.toSorted());
});
