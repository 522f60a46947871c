/** The wire's documentation as data: its examples and its tables. */
import { readFileSync } from 'node:fs';
import { packageRoot } from '../../src/runtime/package-root.js';

export interface Example {
  /** Which list it belongs to: `client-in`, `client-out`, `command`, `event`, `http-in` or `http-out`. */
  readonly kind: string;
  /** The words after it: a type and the kind of answer, or method, path and status. */
  readonly words: readonly string[];
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export const page = readFileSync(new URL('src/protocol/README.md', packageRoot), 'utf8');

export const examples: readonly Example[] = [...page.matchAll(/^```json (.*)\n([\s\S]*?)^```$/gm)].map((match) => {
  const [kind = '', ...words] = (match[1] ?? '').split(' ');
  const text = match[2] ?? '';
  return { kind, words, text, value: JSON.parse(text) as Record<string, unknown> };
});

export const examplesOf = (kind: string): readonly Example[] => examples.filter((example) => example.kind === kind);

/** The rows of the table under a heading, cell by cell, without its head. */
export function tableUnder(heading: string): readonly (readonly string[])[] {
  const section = page.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}
