/** The table of log lines in src/runtime/README.md is the one that the code writes. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { logCalls } from './log-calls.js';
import { CODE, sources, under } from './sources.js';

const calls = sources.filter(({ path }) => under(...CODE)(path)).flatMap(logCalls);

/** Files with calls whose text is not a literal: such an event cannot be searched for. The list only becomes shorter. */
const WITHOUT_EVENT: readonly string[] = [
  'autoscaler/act.ts',
  'autoscaler/daemon.ts',
  'haproxy/controller.ts',
  'src/edge/player-socket.ts',
];

const unique = (words: readonly string[]) => [...new Set(words)].toSorted();

function row(event: string): string {
  const same = calls.filter((call) => call.event === event);
  const fields = unique(same.flatMap((call) => call.fields)).map((field) => (field === '…' ? field : `\`${field}\``));
  return `| ${event} | ${unique(same.map(({ level }) => level)).join(', ')} | ${fields.join(', ')} |`;
}

test('every log line is in the table with its level and its fields, and the table has no other', () => {
  const page = readFileSync(new URL('src/runtime/README.md', packageRoot), 'utf8');
  const table = page.split('\n').filter((line) => /^\| .+ \| (?:trace|debug|info|warn|error|fatal)\b/.test(line));
  const events = unique(calls.flatMap(({ event }) => event ?? []));
  expect(events.length).toBeGreaterThan(50);
  expect(table).toEqual(events.map(row));
});

test('every log line has an event that can be searched for, but for those that are listed', () => {
  expect(unique(calls.filter(({ event }) => event === undefined).map(({ path }) => path))).toEqual(WITHOUT_EVENT);
});
