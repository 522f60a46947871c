/** A room that was lost, whose players come back to the instance that keeps the end of its log. */
import { expect, test } from '@jest/globals';
import { Ownership, type OwnershipDeps } from '../../src/cluster/ownership.js';
import type { RoomIndex } from '../../src/cluster/room-index.js';
import type { CommandId, Epoch } from '../../src/protocol/ids.js';
import { loadRoom } from '../../src/room/load.js';
import { toSnapshot } from '../../src/room/store.js';
import { seedOf } from '../game/matches.js';
import { game, IDLE_MS, instance, log, ManualLease, newHead, Player } from '../room/rooms.js';
import { failBefore, ScriptedStore } from '../room/scripted-store.js';
import { ManualClock, settled } from '../support/manual-clock.js';

const A = instance('instance-a');
const B = instance('instance-b');

/** Ana has joined (1) and added a bot (2) at this instance; its index of rooms is `named`. */
async function played() {
  const clock = new ManualClock();
  const store = new ScriptedStore(clock);
  const head = newHead('R00M0000');
  await store.create(head, 60_000);
  const done = async () => undefined;
  const ends: string[] = [];
  const named = new Set<string>();
  const index = {
    add: async (_: string, code: string) => void named.add(code),
    remove: async (_: string, code: string) => void named.delete(code),
    lastSeen: async () => 0,
  };
  const deps: OwnershipDeps = {
    id: A,
    address: () => 'a:1',
    store,
    index: index as unknown as RoomIndex,
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
  const { mailbox } = first;
  const ana = new Player(() => mailbox, 'Ana');
  ana.hello();
  await settled();
  const id = ana.command({ type: 'add_bot', seat: 1 });
  await settled();
  expect(ana.answer(id)).toBe(2);
  const seqs = async () => (await store.log(head.code)).map(({ seq }) => seq);
  /** Another takes the room by mistake; its claim is on no copy. */
  const lose = async () => {
    await store.inner.claim(head.code, mailbox.fence, B, 'b:1');
    store.script.confirm.push(failBefore, failBefore);
    mailbox.prove(clock.monotonic() + 1);
    await settled();
    expect(ends).toEqual(['lost']);
  };
  return { clock, store, head, ownership, mailbox, ana, named, ends, seqs, lose };
}

test('is not loaded again from a store that a failover has set back before the end of its log is stored again', async () => {
  const { clock, store, head, ownership, seqs, lose } = await played();
  await lose();
  await store.rollBack(head.code, 1, { owner: A, epoch: 1 as Epoch });

  const again = ownership.open(head.code);
  await clock.advance(2_000);
  const location = await again;
  if (location.at !== 'here') throw new Error('the room is here');
  expect(await seqs()).toEqual([1, 2]);
  expect(location.mailbox.position.seq).toBe(2);
});

/** B has loaded the room from a copy without its end (2), written nothing, and gives it to this instance. */
async function handedBack({ store, head, ownership, clock }: Awaited<ReturnType<typeof played>>): Promise<boolean> {
  await store.rollBack(head.code, 1, { owner: A, epoch: 1 as Epoch });
  const seen = { owner: A, epoch: 1 as Epoch };
  const claimed = await store.inner.claim(head.code, seen, B, 'b:1');
  if (claimed.outcome !== 'ok') throw new Error(claimed.outcome);
  const { meta } = claimed.room;
  const { state, windows, history } = loadRoom(game, claimed.room);
  const fence = { owner: B, epoch: meta.epoch };
  const given = await store.inner.transfer(head.code, fence, meta, A, 'a:1');
  if (given.outcome !== 'ok') throw new Error(given.outcome);
  const snapshot = toSnapshot(history.position, state, windows);
  const adopted = ownership.adopt({ head, epoch: given.epoch, snapshot, aliveAt: clock.now() });
  await clock.advance(2_000);
  return adopted;
}

test.each([
  ['has noticed that it lost the room', true],
  ['has not noticed that it lost the room', false],
])('is written again by the instance that %s when it is handed a state without it', async (_, noticed) => {
  const room = await played();
  if (noticed) await room.lose();
  expect(await handedBack(room)).toBe(true);
  const { store, head, ownership, ana, seqs } = room;
  expect(await seqs()).toEqual([1, 2, 3]);
  expect((await store.log(head.code)).map(({ entry }) => entry.by?.id)).toContain('1-Ana');
  expect(await store.meta(head.code)).toMatchObject({ owner: A, seq: 3 });
  const here = ownership.here(head.code);
  if (!here) throw new Error('the room is here');
  const again = new Player(() => here, 'Ana');
  again.token = ana.token;
  again.hello();
  await settled();
  const id = again.command({ type: 'add_bot', seat: 1 }, '1-Ana' as CommandId);
  await settled();
  expect(again.answer(id)).toBe(2);
});

test('can be claimed here again after keeping its end has failed by an error of its own', async () => {
  const { clock, store, head, ownership, mailbox, ends } = await played();
  const claimed = await store.inner.claim(head.code, mailbox.fence, B, 'b:1');
  if (claimed.outcome !== 'ok') throw new Error(claimed.outcome);
  store.script.confirm.push(() => Promise.reject(new Error('no reply of the store')));
  mailbox.prove(clock.monotonic() + 1);
  await settled();
  expect(ends).toEqual(['lost']);
  const { meta } = claimed.room;
  await store.inner.release(head.code, { owner: B, epoch: meta.epoch }, meta, 60_000);
  expect(await ownership.open(head.code)).toMatchObject({ at: 'here' });
});

test('keeps the room in the index when it is this instance’s again and cannot be taken up', async () => {
  const { clock, store, head, ownership, named, lose } = await played();
  await lose();
  await store.rollBack(head.code, 1, { owner: A, epoch: 1 as Epoch });
  store.script.claim.push(...Array.from({ length: 5 }, () => failBefore));
  await clock.advance(2_000);
  expect(await store.meta(head.code)).toMatchObject({ owner: A, seq: 2 });
  expect(ownership.here(head.code)).toBeUndefined();
  expect([...named]).toEqual([head.code]);
});

test('a room that is another’s for good leaves the index', async () => {
  const { clock, ownership, named, lose } = await played();
  await lose();
  await clock.advance(2_000);
  expect(ownership.size).toBe(0);
  expect([...named]).toEqual([]);
});

test('a room stays in the index when it is not known whether it has been given up', async () => {
  const { clock, store, head, mailbox, named } = await played();
  store.script.release.push(...Array.from({ length: 100 }, () => failBefore));
  const released = mailbox.release(60_000);
  await clock.advance(20_000);
  await released;
  expect(await store.meta(head.code)).toMatchObject({ owner: A });
  expect([...named]).toEqual([head.code]);
});

test('a room that has been given up leaves the index', async () => {
  const { clock, mailbox, named } = await played();
  const released = mailbox.release(60_000);
  await clock.advance(1_000);
  await released;
  expect([...named]).toEqual([]);
});
