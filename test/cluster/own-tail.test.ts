/** A room that was lost, whose players come back to the instance that keeps the end of its log. */
import { expect, test } from '@jest/globals';
import { Ownership, type OwnershipDeps } from '../../src/cluster/ownership.js';
import type { RoomIndex } from '../../src/cluster/room-index.js';
import type { Epoch } from '../../src/protocol/ids.js';
import { seedOf } from '../game/matches.js';
import { IDLE_MS, instance, log, ManualLease, newHead, Player } from '../room/rooms.js';
import { failBefore, ScriptedStore } from '../room/scripted-store.js';
import { ManualClock, settled } from '../support/manual-clock.js';

const A = instance('instance-a');
const B = instance('instance-b');

test('is not loaded again from a store that a failover has set back before the end of its log is stored again', async () => {
  const clock = new ManualClock();
  const store = new ScriptedStore(clock);
  const head = newHead('R00M0000');
  await store.create(head, 60_000);
  const done = async () => undefined;
  const ends: string[] = [];
  const deps: OwnershipDeps = {
    id: A,
    address: () => 'a:1',
    store,
    index: { add: done, remove: done, lastSeen: async () => 0 } as unknown as RoomIndex,
    failedRooms: { mayTry: () => true, setAside: done },
    takeover: { judge: async () => 'alive', judgedGone: () => false },
    log,
    settled: done,
    lostLately: async () => false,
    storedTtlMs: 60_000,
    mailbox: {
      clock,
      lease: new ManualLease(),
      whenRestored: () => undefined,
      newSeed: () => seedOf('a'),
      idleMs: IDLE_MS,
      logKeep: 1_000,
      closedTtlMs: 60_000,
      onSeatTaken: () => undefined,
      onSeatLeft: () => undefined,
    },
    askForRoom: done,
    onClaimed: () => undefined,
    onEnd: (_, reason) => ends.push(reason),
  };
  const ownership = new Ownership(deps);
  const first = await ownership.open(head.code);
  if (first.at !== 'here') throw new Error('the room is here');
  const ana = new Player(() => first.mailbox, 'Ana');
  ana.hello();
  await settled();
  const id = ana.command({ type: 'add_bot', seat: 1 });
  await settled();
  expect(ana.answer(id)).toBe(2);

  // Another takes the room by mistake; its claim is on no copy, and the primary dies.
  await store.inner.claim(head.code, first.mailbox.fence, B, 'b:1');
  store.script.confirm.push(failBefore, failBefore);
  first.mailbox.prove(clock.monotonic() + 1);
  await settled();
  expect(ends).toEqual(['lost']);
  await store.rollBack(head.code, 1, { owner: A, epoch: 1 as Epoch });

  const again = ownership.open(head.code);
  await clock.advance(2_000);
  const location = await again;
  if (location.at !== 'here') throw new Error('the room is here');
  expect((await store.log(head.code)).map(({ seq }) => seq)).toEqual([1, 2]);
  expect(location.mailbox.position.seq).toBe(2);
});
