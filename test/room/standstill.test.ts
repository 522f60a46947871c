import { expect, test } from '@jest/globals';
import { Standstill } from '../../src/room/standstill.js';
import { ManualClock } from '../support/manual-clock.js';

function table() {
  const clock = new ManualClock();
  const seen = { frozen: 0 };
  const standstill = new Standstill(clock, () => {
    seen.frozen += 1;
  });
  /** The store is asked and answers after `ms`; whether the table has stood still for it. */
  const ask = async (ms: number) => {
    standstill.asked(clock.monotonic());
    await clock.advance(ms);
    const { frozen } = standstill;
    standstill.answered();
    standstill.end();
    return frozen;
  };
  return { ask, seen };
}

test('a table stands still when a store nearby takes 400 ms', async () => {
  const { ask } = table();
  expect([await ask(1), await ask(399), await ask(400), await ask(1)]).toEqual([false, false, true, false]);
});

test('a table whose store is half a second away is played without standing still', async () => {
  const { ask, seen } = table();
  for (let move = 0; move < 20; move++) await ask(500);
  expect(seen.frozen).toBe(2);
  expect(await ask(999)).toBe(false);
  expect(await ask(1_000)).toBe(true);
});

test('one answer that was late changes nothing, and none makes a table wait for more than 2 s', async () => {
  const { ask } = table();
  await ask(8_000);
  expect(await ask(400)).toBe(true);
  await ask(8_000);
  await ask(8_000);
  expect(await ask(1_999)).toBe(false);
  expect(await ask(2_000)).toBe(true);
});
