/** Lint and format are part of the tests, so that no commit passes without them. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../src/runtime/package-root.js';

test('lint and format find nothing', () => {
  const biome = fileURLToPath(new URL('node_modules/@biomejs/biome/bin/biome', packageRoot));
  const args = [biome, 'ci', '--error-on-warnings', '--colors=off', '.'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: fileURLToPath(packageRoot),
    encoding: 'utf8',
  });
  expect([status, status === 0 ? '' : `${stdout}\n${stderr}`]).toEqual([0, '']);
});
