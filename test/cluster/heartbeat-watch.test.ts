import { expect, test } from '@jest/globals';
import { HeartbeatWatch } from '../../src/cluster/heartbeat-watch.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import { ManualClock } from '../support/manual-clock.js';

const [A, B] = ['game-a' as InstanceId, 'game-b' as InstanceId];
const GAP_MS = 2_000;
const LOOK_MS = 500;

function started() {
  const clock = new ManualClock();
  const watch = new HeartbeatWatch(clock, GAP_MS);
  let heartbeat = 0;
  /** Looks at the registry for so long, in which `id` beats every time. */
  const look = async (ms: number, beating: readonly InstanceId[], silent: readonly InstanceId[] = []) => {
    for (let passed = 0; passed < ms; passed += LOOK_MS) {
      await clock.advance(LOOK_MS);
      heartbeat += 1;
      watch.observe(
        beating.map((id) => ({ id, last_heartbeat: heartbeat })),
        silent,
      );
    }
  };
  return { clock, watch, look };
}

test('who beats is not silent, whatever time the heartbeats are in', async () => {
  const { clock, watch, look } = started();
  await look(5_000, [A, B]);
  // Redis' clock has stepped back by an hour.
  watch.observe([{ id: A, last_heartbeat: -3_600_000 }], [B]);
  await clock.advance(300);
  expect(watch.silentFor(A)).toBe(300);
});

test('who does not beat any more is silent since the last change, also when the entry is gone', async () => {
  const { watch, look } = started();
  await look(5_000, [A, B]);
  await look(3_000, [A], [B]);
  expect([watch.silentFor(A), watch.silentFor(B)]).toEqual([0, 3_000]);
});

test('entries that go all at once are those of the living: Redis clock has stepped forward', async () => {
  const { clock, watch, look } = started();
  await look(10_000, [A, B]);
  await clock.advance(LOOK_MS);
  watch.observe([], [A, B]);
  expect([watch.silentFor(A), watch.silentFor(B)]).toEqual([LOOK_MS, LOOK_MS]);
});

test('who was never seen to beat is silent since the watch began', async () => {
  const { watch, look } = started();
  expect(watch.silentFor(B)).toBe(0);
  await look(500, [A], [B]);
  await look(5_000, [A], [B]);
  expect(watch.silentFor(B)).toBe(5_000);
});

test('after a gap nobody has been silent: who has beaten in it is not known', async () => {
  const { clock, watch, look } = started();
  await look(5_000, [A], [B]);
  await clock.advance(GAP_MS);
  await look(500, [A], [B]);
  expect(watch.silentFor(B)).toBe(0);
  await look(1_000, [A], [B]);
  expect(watch.silentFor(B)).toBe(1_000);
});

test('one entry can be looked at in between', async () => {
  const { clock, watch, look } = started();
  await look(1_000, [A]);
  await clock.advance(400);
  watch.note({ id: A, last_heartbeat: 99 });
  await clock.advance(100);
  expect(watch.silentFor(A)).toBe(100);
});
