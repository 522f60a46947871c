/** Rooms move between instances whose cluster times differ: Redis' clock has stepped between their starts. */
import { expect, test } from '@jest/globals';
import { Migration, type MigrationDeps } from '../../src/cluster/migration.js';
import type { ClusterMessage, MessageOf } from '../../src/protocol/cluster.js';
import type { Epoch, InstanceId, RoomCode } from '../../src/protocol/ids.js';
import { ManualClock, settled } from '../support/manual-clock.js';

const FROM = 'game-from' as InstanceId;
const NOW = 1_700_000_000_000;

/** A target whose clock is `aheadMs` ahead of the sender's, and what it has answered. */
function target(aheadMs: number) {
  const clock = new ManualClock(NOW + aheadMs);
  const answers: boolean[] = [];
  let receive: (message: MessageOf<'game_migration_data'>) => void = () => undefined;
  const bus = {
    channels: { instance: (id: string) => id },
    on: (_: string, handler: typeof receive) => {
      receive = handler;
    },
    publish: (_: string, message: ClusterMessage) => {
      if (message.type === 'game_migration_answer') answers.push(message.accepted);
    },
  };
  const self = { id: 'game-to', hasSpace: true, rules: ['hokm@1'], status: 'ready' };
  const seen = { adopted: 0, pinned: 0, isHere: false };
  const adopt = async () => {
    seen.adopted += 1;
    seen.isHere = true;
    return true;
  };
  const ownership = { adopt, here: () => (seen.isHere ? {} : undefined) };
  const pins = {
    assigned: () => {
      seen.pinned += 1;
    },
  };
  const parts = { bus, self, clock, pins, ownership };
  const migration = new Migration(parts as unknown as MigrationDeps);
  const sent = () => clock.now() - aheadMs;
  const offer = () =>
    migration.offered({
      type: 'game_migration_request',
      to: 'game-to' as InstanceId,
      from: FROM,
      rules: 'hokm@1',
      request: 'consent',
      sent_at: sent(),
    });
  const hand = (sentAt: number, epoch: number) =>
    receive({
      type: 'game_migration_data',
      room: 'ROOM0000' as RoomCode,
      from: FROM,
      epoch: epoch as Epoch,
      head: {},
      snapshot: {},
      sent_at: sentAt,
      request: 'data',
    });
  return { clock, answers, seen, sent, offer, hand };
}

test.each([0, 3_600_000, -3_600_000])(
  'state is taken while it is fresh, and not when it is old, by a clock that is %i ms ahead',
  async (aheadMs) => {
    const { clock, answers, sent, offer, hand } = target(aheadMs);
    offer();
    await clock.advance(500);
    hand(sent(), 1);
    await settled();
    const old = sent();
    await clock.advance(5_000);
    hand(old, 2);
    await settled();
    expect(answers).toEqual([true, true, false]);
  },
);

test('a room that was taken, and may have moved on, is not taken again when the same arrives late', async () => {
  const { answers, seen, sent, offer, hand } = target(0);
  offer();
  hand(sent(), 2);
  await settled();
  hand(sent(), 2);
  await settled();
  expect([answers, seen.adopted]).toEqual([[true, true, true], 1]);
  hand(sent(), 4);
  await settled();
  expect(seen.adopted).toBe(2);
});

test('a room that has moved on is not pinned here again when its data arrive late once more', async () => {
  const { answers, seen, sent, offer, hand } = target(0);
  offer();
  hand(sent(), 2);
  await settled();
  expect(seen.pinned).toBe(1);
  seen.isHere = false;
  hand(sent(), 2);
  await settled();
  expect([answers, seen.pinned]).toEqual([[true, true, true], 1]);
});
