/** The simulation proves itself: with a guard taken out it goes red. */
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { changeCompiled, copyPackage } from '../chaos/mutants.js';
import { isFullRun } from '../support/full.js';
import { end, spawnOwned, temporaryFolder } from '../support/programs.js';
import { type Mutant, mutants } from './mutants.js';

const SEEDS = '600';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let child: ReturnType<typeof spawnOwned> | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
  await copyPackage(folder.path);
});
afterEach(async () => {
  if (child) await end(child);
  await folder.remove();
});

const played = mutants.filter(({ slow }) => isFullRun || !slow);

test.each(played.map((mutant): [string, Mutant] => [mutant.guard, mutant]))(
  'taken out: %s',
  async (_, { changes, from = 1, found = /VIOLATION/ }) => {
    for (const one of changes) await changeCompiled(folder.path, one);
    const program = join(folder.path, 'dist/test/simulation/main.js');
    child = spawnOwned(process.execPath, [program, '--seeds', SEEDS, '--from', String(from), '--first'], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += text));
    const [code] = await once(child, 'exit');
    expect({ code, found: found.test(said), said: code === 1 ? '' : said }).toEqual({
      code: 1,
      found: true,
      said: '',
    });
  },
  900_000,
);
