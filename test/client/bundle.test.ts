/** What browsers are given: the page, the client library, the game as clients run it. Nothing of Node, no server, no parser. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { packageRoot } from '../../src/runtime/package-root.js';

const ALLOWED =
  /^(src\/web\/|src\/client\/(?!node\.ts|terminal)|src\/(game|protocol)\/|node_modules\/(preact|lean-qr)\/)/;
/** A path that leads out of the repository comes from packages that are linked. */
const inside = (path: string) => path.replace(/^.*?(?=node_modules\/)/, '');

test('the page is made of what browsers may have', () => {
  const { inputs } = JSON.parse(readFileSync(new URL('dist/web/meta.json', packageRoot), 'utf8')) as {
    inputs: Record<string, { imports: { path: string; external?: boolean }[] }>;
  };
  const files = Object.keys(inputs).filter((path) => path.endsWith('.css') === false);
  expect(files).toContain('src/client/table.ts');
  expect(files.map(inside).filter((path) => !ALLOWED.test(path))).toEqual([]);
  const external = Object.values(inputs).flatMap(({ imports }) => imports.filter((wanted) => wanted.external));
  expect(external).toEqual([]);
});

test('the client library alone needs no package at all', async () => {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(packageRoot),
    entryPoints: ['src/client/browser.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  });
  const files = Object.keys(metafile.inputs);
  expect(files.filter((path) => !/^src\/(client|game|protocol)\//.test(path))).toEqual([]);
});
