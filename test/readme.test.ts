/** The README's table of variables is the one that the code has. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../src/runtime/package-root.js';

const read = (path: string) => readFileSync(new URL(path, packageRoot), 'utf8');

test('every variable is in the README, and nothing else', () => {
  const inCode = new Set(read('src/config.ts').match(/^ {2,4}(?:REDIS|HOKM|HAPROXY|LOG|NO|TERM)[A-Z_]*(?=:)/gm));
  const table = read('README.md').split('## Configuration')[1]?.split('\n## ')[0] ?? '';
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const inReadme = new Set(rows.flatMap((line) => (line.split('|')[1] ?? '').match(/[A-Z][A-Z_]+/g) ?? []));
  expect([...inReadme].sort()).toEqual([...new Set([...inCode].map((name) => name.trim()))].sort());
});

test('every script that the README names is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...read('README.md').matchAll(/npm run ([a-z0-9:-]+)/g)].map(([, name]) => name ?? '');
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});
