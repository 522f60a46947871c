/** Lint and format are part of the tests, so that no commit passes without them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { packageRoot } from '../src/runtime/package-root.js';

const root = fileURLToPath(packageRoot);
const read = (path: string) => readFileSync(new URL(path, packageRoot), 'utf8');

/** Runs Biome in `folder`; gives its exit code and its whole output. */
function biome(folder: string, ...args: readonly string[]): readonly [number | null, string] {
  const program = fileURLToPath(new URL('node_modules/@biomejs/biome/bin/biome', packageRoot));
  const flags = ['ci', '--error-on-warnings', '--colors=off'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...flags, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return [status, `${stdout}\n${stderr}`];
}

test('lint and format find nothing', () => {
  const [status, output] = biome(root, '.');
  expect([status, status === 0 ? '' : output]).toEqual([0, '']);
});

test('a promise that nobody waits for is an error', () => {
  // A folder of its own: other tests read the sources meanwhile.
  const folder = mkdtempSync(join(tmpdir(), 'hokm-lint-'));
  try {
    writeFileSync(join(folder, 'biome.json'), read('biome.json'));
    writeFileSync(join(folder, 'floating.ts'), 'const later = async () => 1;\nlater();\n');
    const found = biome(folder, '--vcs-enabled=false', 'floating.ts');
    expect(found).toEqual([1, expect.stringContaining('lint/nursery/noFloatingPromises')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the workflow runs the whole check on the oldest supported Node and on the later ones', () => {
  const { jobs } = parse(read('.github/workflows/check.yml')) as {
    jobs: { check: { strategy: { matrix: { node: number[] } }; steps: { run?: string }[] } };
  };
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  const { strategy, steps } = jobs.check;
  expect(strategy.matrix.node).toEqual([20, 22, 24]);
  expect(engines.node).toMatch(new RegExp(`^>=${strategy.matrix.node[0]}\\.`));
  expect(steps.map(({ run }) => run)).toContain('.ci/run');
  expect(read('.ci/run')).toMatch(/^exec npm test$/m);
});
