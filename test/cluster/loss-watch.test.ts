/** Whether Redis has lost something is known from the marks that heartbeats leave there. */

import { beforeEach, expect, test } from '@jest/globals';
import { LossWatch } from '../../src/cluster/loss-watch.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import { ManualClock } from '../support/manual-clock.js';

const LEASE_MS = 5_000;
const DOUBT_MS = LEASE_MS + 2_000;

/** What Redis has. */
class Marks {
  marks = new Map<InstanceId, number>();
  notedUntil = 0;

  constructor(private readonly clock: ManualClock) {}

  async mark(id: InstanceId): Promise<number> {
    return this.marks.get(id) ?? 0;
  }

  async noteLoss(forMs: number): Promise<void> {
    this.notedUntil = this.clock.monotonic() + forMs;
  }

  async lossNotedFor(): Promise<number> {
    return Math.max(0, this.notedUntil - this.clock.monotonic());
  }
}

let clock: ManualClock;
let redis: Marks;
beforeEach(() => {
  clock = new ManualClock();
  redis = new Marks(clock);
});

/** An instance that has just started. */
function newcomer(name: string) {
  const id = name as InstanceId;
  let losses = 0;
  const self = { id };
  const watch = new LossWatch({ self, registry: redis, clock, leaseMs: LEASE_MS, onLoss: () => (losses += 1) });
  /** A heartbeat; unanswered, it may have landed all the same. */
  const beat = (answered = true, lands = true) => {
    const mark = watch.nextMark();
    const before = redis.marks.get(id) ?? 0;
    if (lands) redis.marks.set(id, Math.max(before, mark));
    if (answered) watch.found(mark, before);
  };
  return { id, watch, beat, losses: () => losses };
}

/** One that started long ago. */
async function watchOf(name: string) {
  const old = newcomer(name);
  old.beat();
  await clock.advance(DOUBT_MS);
  return old;
}

test('heartbeats that follow one another, answered or not, are no loss', async () => {
  const { watch, beat, losses } = await watchOf('a');
  expect(await watch.look()).toBe(false);
  beat();
  beat(false, true);
  beat(false, false);
  beat();
  expect([await watch.look(), losses()]).toEqual([false, 0]);
});

test.each([
  ['was emptied', 0],
  ['went back', 1],
])(
  'a Redis that %s is doubted for a lease and two seconds, by the next heartbeat or by who looks first',
  async (_, mark) => {
    for (const looksFirst of [true, false]) {
      const { id, watch, beat, losses } = await watchOf(`one ${looksFirst}`);
      for (let at = 0; at < 3; at++) beat();
      redis.marks.set(id, mark);
      if (looksFirst) expect(await watch.look()).toBe(true);
      beat();
      expect([watch.doubtful, losses()]).toEqual([true, 1]);
      await clock.advance(DOUBT_MS - 1);
      expect(await watch.look()).toBe(true);
      await clock.advance(1);
      beat();
      expect([await watch.look(), losses()]).toEqual([false, 1]);
    }
  },
);

test('whoever has started since hears of it by a note', async () => {
  const old = await watchOf('old');
  redis.marks.clear();
  old.beat();
  await clock.advance(4_000);
  const young = newcomer('young');
  young.beat();
  expect([await young.watch.look(), await young.watch.look(), young.losses()]).toEqual([true, true, 1]);
  await clock.advance(DOUBT_MS - 4_000);
  expect(await old.watch.look()).toBe(false);
  await clock.advance(4_000);
  expect([await young.watch.look(), young.watch.doubtful, young.losses()]).toEqual([false, false, 1]);
});

test('whoever starts before anybody has noticed a loss doubts as long, from its first heartbeat on', async () => {
  const young = newcomer('young');
  // Redis is not there yet.
  await clock.advance(DOUBT_MS);
  expect([await young.watch.look(), young.watch.doubtful]).toEqual([true, true]);
  young.beat();
  await clock.advance(DOUBT_MS - 1);
  young.beat();
  expect([await young.watch.look(), young.watch.doubtful, young.losses()]).toEqual([true, true, 0]);
  await clock.advance(1);
  expect([await young.watch.look(), young.watch.doubtful]).toEqual([false, false]);
});

test('a note that a newcomer finds while it doubts is news to it', async () => {
  const old = await watchOf('old');
  const young = newcomer('young');
  young.beat();
  expect([await young.watch.look(), young.losses()]).toEqual([true, 0]);
  redis.marks.delete(old.id);
  old.beat();
  expect([await young.watch.look(), await young.watch.look(), young.losses()]).toEqual([true, true, 1]);
});

test('a second loss while there is doubt is another one', async () => {
  const { watch, beat, losses } = await watchOf('a');
  beat();
  redis.marks.clear();
  beat();
  beat();
  redis.marks.clear();
  await clock.advance(4_000);
  beat();
  await clock.advance(4_000);
  expect([watch.doubtful, losses()]).toEqual([true, 2]);
});
