/** A room that cannot be played is noted where operators look, whatever becomes of the first attempts. */
import { expect, test } from '@jest/globals';
import { FailedRooms, type FailedRoomsDeps } from '../../src/cluster/failed-rooms.js';
import type { Epoch, RoomCode } from '../../src/protocol/ids.js';
import { MemoryRoomStore } from '../../src/room/memory-store.js';
import type { RoomStore } from '../../src/room/store.js';
import { instance, log, newHead } from '../room/rooms.js';
import { ManualClock } from '../support/manual-clock.js';

const A = instance('instance-a');
const WHY = 'it does not add up';

/** A room of this instance is set aside, by a store and a Redis of which `faults` says what fails first. */
async function setAside(faults: { readonly answer?: boolean; readonly note?: boolean }) {
  const clock = new ManualClock();
  const rooms = new MemoryRoomStore(() => clock.now());
  const head = newHead('FA1LED00');
  await rooms.create(head, 60_000);
  await rooms.claim(head.code, { owner: null, epoch: 0 as Epoch }, A, 'a:1');
  const left = { answer: faults.answer ? 1 : 0, note: faults.note ? 1 : 0 };
  const store: Pick<RoomStore, 'setAside'> = {
    setAside: async (...asked) => {
      const reply = await rooms.setAside(...asked);
      return left.answer-- > 0 ? { outcome: 'unknown', error: new Error('no answer') } : reply;
    },
  };
  const noted = new Set<RoomCode>();
  const named = new Set<RoomCode>([head.code]);
  const redis = {
    keyspace: { failedRooms: 'failed' },
    zadd: async (_: string, __: number, code: RoomCode) => {
      if (left.note-- > 0) throw new Error('no answer');
      noted.add(code);
    },
    pexpire: async () => 1,
  };
  const index = { remove: async (_: string, code: RoomCode) => void named.delete(code) };
  const parts = { id: A, redis, store, index, version: '1.2.3', clock, log };
  const failedRooms = new FailedRooms(parts as unknown as FailedRoomsDeps);
  const done = failedRooms.setAside(head.code, { owner: A, epoch: 1 as Epoch }, WHY);
  await clock.advance(5_000);
  await done;
  return { meta: await rooms.meta(head.code), noted: [...noted], named: [...named], code: head.code };
}

test.each([
  ['whose answer is lost', { answer: true }],
  ['that cannot be noted at first', { note: true }],
])('a room %s is noted as well', async (_, faults) => {
  const { meta, noted, named, code } = await setAside(faults);
  expect(meta).toMatchObject({ owner: null, failed: { why: WHY } });
  expect(noted).toEqual([code]);
  expect(named).toEqual([]);
});
