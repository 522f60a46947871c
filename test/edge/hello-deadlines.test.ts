import { expect, test } from '@jest/globals';
import { HelloDeadlines } from '../../src/edge/hello-deadlines.js';
import { HELLO_TIMEOUT_MS } from '../../src/edge/limits.js';
import { ManualClock } from '../support/manual-clock.js';

test('each socket has its own time, but for those that have said hello; one timer does for all', async () => {
  const clock = new ManualClock();
  const hellos = new HelloDeadlines(clock);
  const closed: [socket: number, at: number][] = [];
  const sockets = Array.from({ length: 5 }, (_, at) => ({
    close: () => closed.push([at, clock.monotonic()]),
  }));
  for (const socket of sockets) {
    hellos.start(socket);
    await clock.advance(100);
  }
  expect(clock.timers).toBe(1);
  for (const polite of [0, 2]) hellos.stop(sockets[polite] as (typeof sockets)[number]);
  await clock.advance(2 * HELLO_TIMEOUT_MS);
  expect(closed).toEqual([1, 3, 4].map((at) => [at, HELLO_TIMEOUT_MS + at * 100]));
  expect(clock.timers).toBe(0);
  const late = { close: () => closed.push([5, clock.monotonic()]) };
  hellos.start(late);
  await clock.advance(HELLO_TIMEOUT_MS);
  expect(closed).toHaveLength(4);
});
