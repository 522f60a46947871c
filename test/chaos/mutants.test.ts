/** The campaign proves itself: with a guard taken out it goes red. */
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { isFullRun } from '../support/full.js';
import { end, spawnOwned, temporaryFolder } from '../support/programs.js';
import { whyNoCompiler } from './compiler.js';
import { change, copyPackage, type Mutant, mutants } from './mutants.js';

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

const possible = mutants
  .filter(({ slow }) => isFullRun || !slow)
  .filter(({ needsCompiler }) => !needsCompiler || whyNoCompiler() === undefined);

test.each(possible.map((mutant): [string, string, Mutant] => [mutant.guard, mutant.fault, mutant]))(
  'taken out: %s; %s',
  async (_, __, { changes, fault, red }) => {
    for (const one of changes) await change(folder.path, one);
    const args = ['--faults', fault, '--runs', '2', '--rooms', '8', '--instances', '2', '--seat-delay', '40'];
    // By the bootstrap, which builds what was changed.
    const program = [join(folder.path, 'deploy/local/bootstrap.mjs'), 'chaos'];
    child = spawnOwned(process.execPath, [...program, ...args, '--one-cluster'], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += text));
    const [code] = await once(child, 'exit');
    expect({ code, said: red === (code === 1) ? '' : said }).toEqual({ code: red ? 1 : 0, said: '' });
  },
  300_000,
);
