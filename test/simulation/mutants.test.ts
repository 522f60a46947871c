/** The simulation proves itself: with a guard taken out it goes red. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { transform } from 'esbuild';
import { change, copyPackage } from '../chaos/mutants.js';
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

/** The changed source, compiled alone. */
async function compileAgain(file: string): Promise<void> {
  if (!file.endsWith('.ts')) return;
  const { code } = await transform(await readFile(join(folder.path, file), 'utf8'), { loader: 'ts', target: 'es2023' });
  await writeFile(join(folder.path, 'dist', file.replace(/ts$/, 'js')), code);
}

test.each(mutants.map((mutant): [string, Mutant] => [mutant.guard, mutant]))(
  'taken out: %s',
  async (_, { changes }) => {
    for (const one of changes) {
      await change(folder.path, one);
      await compileAgain(one.file);
    }
    const program = join(folder.path, 'dist/test/simulation/main.js');
    child = spawnOwned(process.execPath, [program, '--seeds', SEEDS, '--first'], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += text));
    const [code] = await once(child, 'exit');
    expect({ code, found: /VIOLATION/.test(said), said: code === 1 ? '' : said }).toEqual({
      code: 1,
      found: true,
      said: '',
    });
  },
  300_000,
);
