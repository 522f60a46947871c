/** What a storm of log lines writes. */
import { expect, test } from '@jest/globals';
import { LINES_A_WINDOW, LineBudget, WINDOW_MS } from '../../src/runtime/line-budget.js';
import { runProgram } from '../support/programs.js';

test('lines of one kind have a budget in a window, others have theirs, and what was left out is told once', () => {
  let now = 0;
  const budget = new LineBudget(() => now);
  const taken = (line: string, times: number) =>
    Array.from({ length: times }, () => budget.take(line)).filter(Boolean).length;
  expect([taken('a', 1_000), taken('b', 3)]).toEqual([LINES_A_WINDOW, 3]);
  expect(budget.ended()).toEqual([]);
  now += WINDOW_MS;
  expect(budget.ended()).toEqual([{ line: 'a', times: 1_000 - LINES_A_WINDOW }]);
  expect(budget.ended()).toEqual([]);
  expect(taken('a', 10)).toBe(10);
});

test('lines that differ each time are bounded as well', () => {
  const budget = new LineBudget(() => 0);
  const taken = Array.from({ length: 10_000 }, (_, at) => budget.take(`line ${at}`)).filter(Boolean).length;
  expect(taken).toBeLessThan(1_000);
});

test('a process that logs one error for ever fills no disk', async () => {
  const { stderr, code } = await runProgram('dist/test/runtime/storm.js', []);
  const lines = stderr.trimEnd().split('\n');
  expect([code, lines.length]).toEqual([0, 2 * LINES_A_WINDOW + 1]);
  expect(lines.at(-1)).toContain('another');
});
