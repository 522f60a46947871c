/** The simulation tells what it has exercised, and what not. */
import { expect, test } from '@jest/globals';
import { Coverage, outcomeOf } from './coverage.js';

test('what is required and was never exercised is named', () => {
  const coverage = new Coverage();
  coverage.count('script', 'commitRoom');
  const required = { script: ['commitRoom', 'claimRoom'], message: ['room_pinned'] };
  expect(coverage.missing(required)).toEqual(['script: claimRoom', 'message: room_pinned']);
  const other = new Coverage();
  other.count('script', 'claimRoom');
  other.count('message', 'room_pinned');
  coverage.add(other);
  expect(coverage.missing(required)).toEqual([]);
});

test('the table has a line for everything, also for what is at zero', () => {
  const coverage = new Coverage();
  coverage.count('script', 'commitRoom');
  coverage.count('script', 'commitRoom');
  coverage.count('fault', 'kill');
  expect(coverage.table({ script: ['commitRoom', 'claimRoom'] }).map((line) => line.trim().split(/\s+/))).toEqual([
    ['1', 'fault', 'kill', '(not', 'required)'],
    ['0', 'script', 'claimRoom'],
    ['2', 'script', 'commitRoom'],
  ]);
});

test('a reply is counted by its branch', () => {
  expect([['ok', 3], ['gap', '1', 'x'], 1, null].map(outcomeOf)).toEqual(['ok', 'gap', '1', 'done']);
});
