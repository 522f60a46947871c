import { expect, test } from '@jest/globals';
import { ClusterClock } from '../../src/runtime/clock.js';
import { ManualClock } from '../support/manual-clock.js';

const LEASE_MS = 5_000;
const BEAT_MS = 1_000;

/** Cluster time beside a clock of Redis that the test sets, read once a second. */
async function started(roundTripMs = 2) {
  const ticks = new ManualClock();
  const redis = { ahead: 1_700_000_000_000 };
  const clock = new ClusterClock(ticks, 12_345);
  const read = async () => {
    const sentAt = ticks.monotonic();
    const said = ticks.monotonic() + roundTripMs / 2 + redis.ahead;
    await ticks.advance(roundTripMs);
    clock.synchronise(said, sentAt);
  };
  await read();
  const pass = async (ms: number) => {
    for (const end = ticks.monotonic() + ms; ticks.monotonic() < end; ) {
      await ticks.advance(BEAT_MS);
      await read();
    }
  };
  return { ticks, clock, redis, read, pass, error: () => clock.now() - (ticks.monotonic() + redis.ahead) };
}

test('the first reading sets cluster time, whatever the wall clock said and however far Redis is', async () => {
  for (const roundTripMs of [2, 1_000]) {
    const { error } = await started(roundTripMs);
    expect(Math.abs(error())).toBeLessThanOrEqual(1);
  }
});

test.each([
  ['forward by an hour', 3_600_000],
  ['back by 45 s', -45_000],
])('a step of Redis clock %s moves cluster time by less than a lease in ten minutes', async (_, stepMs) => {
  const { ticks, clock, redis, pass } = await started();
  redis.ahead += stepMs;
  const [before, startedAt] = [clock.now(), ticks.monotonic()];
  let last = before;
  for (let minute = 0; minute < 10; minute++) {
    await pass(60_000);
    expect(clock.now()).toBeGreaterThan(last);
    last = clock.now();
  }
  const moved = clock.now() - before - (ticks.monotonic() - startedAt);
  expect(Math.abs(moved)).toBeLessThan(LEASE_MS);
  expect(Math.sign(moved)).toBe(Math.sign(stepMs));
});

test('a clock that is off by a second is followed within minutes', async () => {
  const { redis, pass, error } = await started();
  redis.ahead += 1_000;
  await pass(240_000);
  expect(Math.abs(error())).toBeLessThanOrEqual(25);
});

test('a long time without a reading does not count for more than a lease of it', async () => {
  const { ticks, clock, redis, read } = await started();
  redis.ahead += 3_600_000;
  await ticks.advance(3_600_000);
  const before = clock.now() - ticks.monotonic();
  await read();
  expect(clock.now() - ticks.monotonic() - before).toBeLessThanOrEqual(25);
});
