import { expect, test } from '@jest/globals';
import type { RoomCode } from '../../src/protocol/ids.js';
import type { FaultOutcome } from './fault-outcome.js';
import { none } from './faults/none.js';
import { sigterm } from './faults/sigterm.js';
import { slowReader } from './faults/slow-reader.js';
import { summarise, table } from './report.js';

/** Every room of the fault stood still for so long. */
function outcome(fault: FaultOutcome['fault'], stop: number): FaultOutcome {
  const samples = [{ room: 'R00M0000' as RoomCode, stop, phases: undefined }];
  return { fault, runs: 1, strikes: [], acks: [], samples, worst: [stop] };
}

test('faults beyond their bound are named at the end; what is promised to take no time is as quick as the baseline', () => {
  const outcomes = [outcome(none, 12), outcome(slowReader, 17), outcome(sigterm, 300)];
  const played = { seed: 1, acked: 9, tail: 0, violations: [], complaints: [], skipped: {}, outcomes };
  const summary = summarise(played);
  expect(Object.values(summary.faults).map(({ within }) => within)).toEqual([true, true, false]);
  expect(table(summary, outcomes).split('\n').at(-1)).toBe('Beyond their bound: sigterm (p99 300 ms, bound 250 ms).');
  expect(table(summarise({ ...played, outcomes: outcomes.slice(0, 2) }), outcomes)).not.toContain('Beyond');
});
