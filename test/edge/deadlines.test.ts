import { expect, test } from '@jest/globals';
import { Deadlines } from '../../src/edge/deadlines.js';
import { ManualClock } from '../support/manual-clock.js';

const TIME_MS = 5_000;
const LATE_MS = 100;

test('each has all its time and hardly more; who starts at about the same time shares a timer', async () => {
  const clock = new ManualClock();
  const over: [item: number, at: number][] = [];
  const deadlines = new Deadlines<number>(clock, TIME_MS, (item) => over.push([item, clock.monotonic()]));
  const STARTS = [0, 30, 60, 90, 120, 150, 1_000];
  for (const [item, start] of STARTS.entries()) {
    await clock.advance(start - clock.monotonic());
    deadlines.start(item);
  }
  expect(clock.timers).toBe(3);
  await clock.advance(2 * TIME_MS);
  expect(over.map(([item]) => item)).toEqual([...STARTS.keys()]);
  for (const [item, at] of over) {
    expect(at - (STARTS[item] ?? 0)).toBeGreaterThanOrEqual(TIME_MS);
    expect(at - (STARTS[item] ?? 0)).toBeLessThanOrEqual(TIME_MS + LATE_MS);
  }
  expect(clock.timers).toBe(0);
});
