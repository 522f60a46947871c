/** The documents in the repository say what is there: links, invariants with their tests, keys, glossary, decisions. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from '@jest/globals';
import { keyspaceOf } from '../../src/redis/keys.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { paths } from './sources.js';

const read = (path: string) => readFileSync(new URL(path, packageRoot), 'utf8');
const pages = ['README.md', '.github/CONTRIBUTING.md', '.github/SECURITY.md', ...paths].filter((path) =>
  path.endsWith('.md'),
);
const page = read('src/README.md');

/** The cells of a page's table rows under the heading, without the head of the table. */
function rowsUnder(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Paths from the root that the text links to. */
const linksIn = (text: string, from: string): string[] =>
  [...text.matchAll(/\]\((?![a-z]+:)([^)#\s]+)[^)]*\)/g)].map(([, to = '']) => posix.join(posix.dirname(from), to));

test('every link between documents, and to files, leads to something', () => {
  expect(pages.length).toBeGreaterThan(20);
  const made = ['src/client/API.md'];
  const broken = pages.flatMap((path) =>
    linksIn(read(path), path)
      .filter((target) => !made.includes(target) && !existsSync(new URL(target, packageRoot)))
      .map((target) => `${path} → ${target}`),
  );
  expect(broken).toEqual([]);
});

test('every invariant names its tests, and each of them names the invariant', () => {
  const invariants = rowsUnder('Invariants');
  expect(invariants.map(([id]) => id)).toEqual(Array.from({ length: 12 }, (_, index) => `I${index + 1}`));
  for (const [id = '', , tests = ''] of invariants) {
    const files = linksIn(tests, 'src/README.md');
    expect([id, files.length]).toEqual([id, expect.any(Number)]);
    expect(files.length).toBeGreaterThanOrEqual(2);
    const silent = files.filter((file) => !new RegExp(`^// Holds .*\\b${id}\\b`).test(read(file)));
    expect([id, silent]).toEqual([id, []]);
  }
});

test('the table of keys has every key of the keyspace, and no other', () => {
  const { autoscaler, channels, ...keys } = keyspaceOf('hokm');
  const args: Readonly<Record<string, string>> = {
    seat: 'SHA256',
    tablesOf: 'ADDRESS',
    roomMeta: 'CODE',
    roomLog: 'CODE',
    roomSnapshot: 'CODE',
    publicRoom: 'CODE',
    minutes: 'DAY',
    packed: 'DAY',
  };
  const spell = (all: object) =>
    Object.entries(all)
      .filter(([name]) => name !== 'prefix' && name !== 'hashTag')
      .map(([name, key]) => `\`${typeof key === 'function' ? key(args[name] ?? 'ID') : key}\``);
  const told = rowsUnder('Redis keys').map(([key]) => key ?? '');
  expect(told.toSorted()).toEqual([...spell(keys), ...spell(autoscaler)].toSorted());
  for (const channel of spell(channels)) expect(page).toContain(channel);
});

test('diagrams are read by Mermaid: each arrow joins two participants, and no text has a sign that ends it', () => {
  const diagrams = pages.flatMap((path) => [...read(path).matchAll(/```mermaid\n([\s\S]*?)```/g)]);
  expect(diagrams.length).toBeGreaterThanOrEqual(5);
  for (const [, diagram = ''] of diagrams) {
    const [head, ...lines] = diagram.trimEnd().split('\n');
    expect(head).toBe('sequenceDiagram');
    const names = [...diagram.matchAll(/^ {2}participant (\w) as \S/gm)].map(([, name]) => name).join('');
    const one = `[${names}]`;
    const line = new RegExp(`^  (participant \\w as|${one}-?->>${one}:|Note over ${one}(,${one})?:) [^;#]+$`);
    expect(lines.filter((text) => !line.test(text))).toEqual([]);
  }
});

test('the glossary has at most 40 words, each once', () => {
  const words = rowsUnder('Glossary').map(([word]) => word);
  expect(words.length).toBeGreaterThan(30);
  expect(words.length).toBeLessThanOrEqual(40);
  expect(new Set(words).size).toBe(words.length);
});

test('every decision is short, says context, decision and consequences, and is in the list', () => {
  const files = readdirSync(new URL('src/decisions/', packageRoot)).filter((name) => /^\d{4}-/.test(name));
  expect(files.length).toBeGreaterThanOrEqual(10);
  for (const name of files) {
    const text = read(`src/decisions/${name}`);
    expect([name, text.match(/^## .+$/gm)]).toEqual([name, ['## Context', '## Decision', '## Consequences']]);
    expect(text.split('\n').length).toBeLessThanOrEqual(26);
  }
  const listed = linksIn(read('src/decisions/README.md'), 'src/decisions/README.md');
  expect(listed.toSorted()).toEqual(files.map((name) => `src/decisions/${name}`).toSorted());
});
