import { expect, test } from '@jest/globals';
import { ServerClock } from '../../src/client/server-clock.js';

const HOUR = 3_600_000;

/** A device whose clock a test sets. */
class Watch {
  time = 1_000_000;
  readonly clock = new ServerClock({ now: () => this.time });

  /** Asks, and is answered after `tripMs` by a cluster whose time is `time` at half of it. */
  ask(cluster: number, tripMs: number): number {
    this.clock.asked();
    this.time += tripMs;
    return this.clock.answered(cluster);
  }
}

test('a device an hour ahead shows moments of the cluster where they are', () => {
  const watch = new Watch();
  watch.clock.told(watch.time - HOUR);
  expect(watch.clock.onDevice(watch.time - HOUR + 5_000)).toBe(watch.time + 5_000);
});

test.each([HOUR, -HOUR, 2_000])('a clock that is set by %d ms is noticed by the next answer', (by) => {
  const watch = new Watch();
  watch.clock.told(watch.time);
  const cluster = watch.time;
  watch.time += by;
  expect(watch.ask(cluster + 50, 100)).toBe(by);
  expect(watch.clock.onDevice(cluster + 100)).toBe(watch.time);
  expect(watch.ask(cluster + 150, 100)).toBe(0);
});

test('an answer that was under way for long, or while the clock was set, changes nothing', () => {
  const watch = new Watch();
  watch.clock.told(watch.time);
  const cluster = watch.time;
  expect(watch.ask(cluster + 100, 1_900)).toBe(0);
  expect(watch.ask(cluster + 1_900, 5_000)).toBe(0);
  expect(watch.ask(cluster, -HOUR)).toBe(0);
});

test('an answer that was not asked for, or tells no time, changes nothing', () => {
  const watch = new Watch();
  watch.clock.told(watch.time);
  expect(watch.clock.answered(0)).toBe(0);
  watch.clock.asked();
  expect(watch.clock.answered(Number.NaN)).toBe(0);
});
