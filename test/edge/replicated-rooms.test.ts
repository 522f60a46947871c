import { expect, test } from '@jest/globals';
import { newRoomCode } from '../../src/cluster/new-ids.js';
import { RoomsApi, type RoomsApiDeps } from '../../src/edge/rooms-api.js';
import { MemoryRoomStore } from '../../src/room/memory-store.js';
import { ManualClock } from '../support/manual-clock.js';

/** What creates rooms, where so many copies are configured. */
function api(copies: number, store?: RoomsApiDeps['store']): RoomsApi {
  const clock = new ManualClock();
  const deps: Partial<RoomsApiDeps> = {
    store: store ?? new MemoryRoomStore(() => clock.now()),
    clock,
    defaults: { durability: 'primary', turn_ms: 20_000, bot_ms: 700, hold_ms: 60_000 },
    unclaimedTtlMs: 60_000,
    hasSpace: () => true,
    storageLow: async () => false,
    newRoomCode,
    copies,
  };
  return new RoomsApi(deps as RoomsApiDeps);
}

test('a room that would wait for copies is refused where there are none', async () => {
  await expect(api(1).create({ durability: 'replicated' })).rejects.toMatchObject({ code: 'NO_COPIES' });
  for (const durability of ['primary', 'async', undefined]) expect(await api(1).create({ durability })).toHaveLength(8);
  expect(await api(2).create({ durability: 'replicated' })).toHaveLength(8);
});

test('a room of which it is not known whether it is stored gets no code: its creator is told to try again', async () => {
  const create = () => Promise.reject(new Error('no answer'));
  await expect(api(3, { create }).create({})).rejects.toMatchObject({ code: 'FROZEN' });
});
