/** The page's words: complete in both languages, and all of them used. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { en } from '../../src/web/text/en.js';
import { fa } from '../../src/web/text/fa.js';
import { formatNumber, latinDigits, persianLetters, spacedCode } from '../../src/web/text/numbers.js';

const folder = new URL('src/web/', packageRoot);
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !/^text.(en|fa)\.ts$/.test(name))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));
const english: Readonly<Record<string, string>> = en;
const persian: Readonly<Record<string, string>> = fa;
const holes = (words: string) => [...words.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test('every key has words in both languages, with the same holes', () => {
  expect(Object.keys(persian).sort()).toEqual(Object.keys(english).sort());
  for (const [key, words] of Object.entries(english)) {
    expect([key, words.trim(), persian[key]?.trim()]).toEqual([key, words, persian[key]]);
    expect([key, holes(persian[key] ?? '')]).toEqual([key, holes(words)]);
  }
});

test('Persian is Persian: no Latin digits, and only names in Latin letters', () => {
  const allowed = /SHA-256|https|QR|7KQ2-M9XZ|English|\{\w+\}/g;
  const foreign = Object.entries(persian).filter(([, words]) => /[A-Za-z0-9]/.test(words.replace(allowed, '')));
  expect(foreign).toEqual([]);
  // The letters of Arabic keyboards look the same and are not.
  expect(Object.entries(persian).filter(([, words]) => /[يك]/.test(words))).toEqual([]);
});

test('every key is used', () => {
  const all = sources.map(({ text }) => text).join('\n');
  const families = ['suit_', 'rank_', 'phrase_', 'closed_', 'refused_'];
  const named = (key: string) => new RegExp(`['"\`]${key}['"\`]`).test(all);
  const isUsed = (key: string) =>
    named(key) || families.some((family) => key.startsWith(family)) || named(key.replace(/_one$/, ''));
  const modes = /^(saras|naras|tak_naras)(_hint)?$/;
  expect(Object.keys(english).filter((key) => !isUsed(key) && !modes.test(key))).toEqual([]);
});

test('no words stand in the markup itself', () => {
  const literal = />\s*([^<>{}()=;:?&|]*\p{L}{2,}[^<>{}()=;]*)<\//gu;
  const found = sources
    .filter(({ name }) => name.endsWith('.tsx'))
    .flatMap(({ name, text }) => [...text.matchAll(literal)].map((match) => `${name}: ${match[1]?.trim()}`));
  // The game's own name, in both scripts.
  expect(found).toEqual(['home/hero.tsx: Hokm', 'home/hero.tsx: حکم']);
});

test('digits: shown by one formatter, understood in every spelling', () => {
  expect(formatNumber(1_234_567_890, 'fa')).toBe('۱۲۳۴۵۶۷۸۹۰');
  expect(formatNumber(1_234, 'en')).toBe('1234');
  expect(latinDigits('۷KQ۲-٩٠M')).toBe('7KQ2-90M');
  expect(persianLetters('علي كريم')).toBe('علی کریم');
  expect(spacedCode('7KQ2M9XZ')).toBe('7KQ2-M9XZ');
  const formatting = sources.filter(({ text }) => /toLocaleString|NumberFormat/.test(text)).map(({ name }) => name);
  expect(formatting).toEqual(['text/numbers.ts']);
});
