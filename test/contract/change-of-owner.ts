/** What a RoomStore must do when a room changes its owner, or is stored whole again. */
import { describe, expect, test } from '@jest/globals';
import type { Epoch, RoomCode } from '../../src/protocol/ids.js';
import { type LogEntry, START } from '../../src/room/history.js';
import type { RoomStore } from '../../src/room/store.js';
import { instance, newHead } from '../room/rooms.js';
import { A, B, end, LONG_MS, SHORT_MS, type StoredRooms, snapshotAt, some } from './stored-rooms.js';

/** The tests, inside the description of the store. */
export function changeOfOwner(store: () => RoomStore, rooms: StoredRooms): void {
  const { newCode, metaOf, claim, owned, commit, texts, forgotten, unchanged } = rooms;

  test('a claim that says where the log ends is refused when it ends elsewhere', async () => {
    const { code, fence } = await owned();
    const made = some(START, 2);
    await commit(code, fence, START, made);
    const seen = { owner: A, epoch: fence.epoch };
    await unchanged(code, async () => {
      const gap = { outcome: 'gap', ...end(made) };
      expect(await store().claim(code, { ...seen, at: START }, B, 'b:1')).toEqual(gap);
      const otherDigest = { ...end(made), digest: START.digest };
      expect(await store().claim(code, { ...seen, at: otherDigest }, B, 'b:1')).toEqual(gap);
      const fenced = { outcome: 'fenced', owner: A, epoch: 1, ...end(made) };
      expect(await store().claim(code, { owner: null, epoch: fence.epoch, at: end(made) }, B, 'b:1')).toEqual(fenced);
    });
    expect(await store().claim(code, { ...seen, at: end(made) }, B, 'b:1')).toMatchObject({ outcome: 'ok' });
  });

  test('a claim writes what the log lacks, where it ends as the claimant says', async () => {
    const { code, fence } = await owned();
    const made = some(START, 4);
    await commit(code, fence, START, made.slice(0, 1));
    const seen = { owner: A, epoch: fence.epoch };
    await unchanged(code, async () => {
      const elsewhere = { ...seen, at: START, missing: made };
      expect(await store().claim(code, elsewhere, B, 'b:1')).toMatchObject({ outcome: 'gap' });
      const fenced = { ...seen, owner: B, at: end(made.slice(0, 1)), missing: made.slice(1) };
      expect(await store().claim(code, fenced, B, 'b:1')).toMatchObject({ outcome: 'fenced' });
    });
    const lacking = { ...seen, at: end(made.slice(0, 1)), missing: made.slice(1) };
    expect(await store().claim(code, lacking, B, 'b:1')).toMatchObject({ outcome: 'ok', room: { meta: end(made) } });
    expect(await metaOf(code)).toMatchObject({ owner: B, epoch: 2, ...end(made) });
    expect((await texts(code)).map(([seq]) => seq)).toEqual([1, 2, 3, 4]);
    const next = { owner: B, epoch: 2 as Epoch };
    expect(await commit(code, next, end(made), some(end(made), 1, 2))).toEqual({ outcome: 'ok' });
    // Nothing missing: the claim alone.
    const none = { owner: B, epoch: 2 as Epoch, at: end([...made, ...some(end(made), 1, 2)]), missing: [] };
    expect(await store().claim(code, none, A, 'a:1')).toMatchObject({ outcome: 'ok', room: { meta: { epoch: 3 } } });
    // The new epoch is above that of every entry, also of those that come with the claim.
    const later = some(none.at, 1, 7);
    const above = { owner: A, epoch: 3 as Epoch, at: none.at, missing: later };
    expect(await store().claim(code, above, B, 'b:1')).toMatchObject({ outcome: 'ok', room: { meta: { epoch: 8 } } });
  });

  test('transfer makes another instance the owner with the next epoch; sent again it says the same', async () => {
    const { code, fence } = await owned();
    const made = some(START, 1);
    await commit(code, fence, START, made);
    const transfer = (to = B) => store().transfer(code, fence, end(made), to, `${to}:1`);
    expect(await transfer()).toEqual({ outcome: 'ok', epoch: 2 });
    expect(await metaOf(code)).toMatchObject({ owner: B, address: `${B}:1`, epoch: 2, ...end(made) });
    expect(await transfer()).toEqual({ outcome: 'ok', epoch: 2 });
    const fenced = { outcome: 'fenced', owner: B, epoch: 2, ...end(made) };
    expect(await transfer(instance('instance-c'))).toEqual(fenced);
    expect(await commit(code, fence, end(made), some(end(made), 1))).toEqual(fenced);
    expect(await store().transfer(newCode(), fence, START, B, 'b:1')).toEqual({ outcome: 'gone' });

    const next = { owner: B, epoch: 2 as Epoch };
    const more = some(end(made), 1, 2);
    expect(await commit(code, next, end(made), more)).toEqual({ outcome: 'ok' });
    await unchanged(code, async () => {
      expect(await transfer()).toEqual({ ...fenced, ...end(more) });
    });
  });

  test('a transfer is refused where the log ends elsewhere: a copy that lacks the last moves keeps its owner', async () => {
    const { code, fence } = await owned();
    const made = some(START, 3);
    await commit(code, fence, START, made.slice(0, 2));
    const stored = { outcome: 'gap', ...end(made.slice(0, 2)) };
    await unchanged(code, async () => {
      expect(await store().transfer(code, fence, end(made), B, 'b:1')).toEqual(stored);
      expect(await store().transfer(code, fence, START, B, 'b:1')).toEqual(stored);
      const otherDigest = { ...end(made.slice(0, 2)), digest: end(made).digest };
      expect(await store().transfer(code, fence, otherDigest, B, 'b:1')).toEqual(stored);
      const late = { owner: A, epoch: 0 as Epoch };
      expect(await store().transfer(code, late, end(made.slice(0, 2)), B, 'b:1')).toMatchObject({ outcome: 'fenced' });
    });
    await commit(code, fence, end(made.slice(0, 2)), made.slice(2));
    expect(await store().transfer(code, fence, end(made), B, 'b:1')).toEqual({ outcome: 'ok', epoch: 2 });
  });

  test('release gives the room up; it can be claimed again with all that is in it', async () => {
    const { code, fence } = await owned();
    const made = some(START, 3);
    await commit(code, fence, START, made);
    await store().snapshot(code, fence, snapshotAt(end(made.slice(0, 2))), 0);
    expect(await store().release(code, fence, end(made), LONG_MS)).toEqual({ outcome: 'ok' });
    expect(await metaOf(code)).toMatchObject({ owner: null, address: null, epoch: 1, ...end(made) });
    expect((await commit(code, fence, end(made), some(end(made), 1))).outcome).toBe('fenced');
    // Sent again it says the same.
    expect(await store().release(code, fence, end(made), LONG_MS)).toEqual({ outcome: 'ok' });
    const late = { owner: A, epoch: 0 as Epoch };
    expect((await store().release(code, late, end(made), LONG_MS)).outcome).toBe('fenced');
    const again = await claim(code, B);
    expect(again.room).toMatchObject({ meta: { epoch: 2 }, snapshot: end(made.slice(0, 2)), tail: [{ seq: 3 }] });
  });

  test('a release is refused where the log ends elsewhere', async () => {
    const { code, fence } = await owned();
    const made = some(START, 2);
    await commit(code, fence, START, made);
    await unchanged(code, async () => {
      expect(await store().release(code, fence, START, LONG_MS)).toEqual({ outcome: 'gap', ...end(made) });
      const otherDigest = { ...end(made), digest: START.digest };
      expect(await store().release(code, fence, otherDigest, LONG_MS)).toEqual({ outcome: 'gap', ...end(made) });
    });
    expect(await store().release(code, fence, end(made), LONG_MS)).toEqual({ outcome: 'ok' });
    await unchanged(code, async () => {
      const fenced = { outcome: 'fenced', owner: null, epoch: 1, ...end(made) };
      expect(await store().release(code, fence, START, LONG_MS)).toEqual(fenced);
    });
  });

  test('confirm tells how a room is stored, and changes nothing of it', async () => {
    const { code, fence } = await owned();
    const made = some(START, 2);
    await commit(code, fence, START, made);
    await unchanged(code, async () => {
      expect(await store().confirm(code)).toEqual({ outcome: 'ok', ...fence, ...end(made) });
    });
    await store().release(code, fence, end(made), LONG_MS);
    expect(await store().confirm(code)).toEqual({ outcome: 'ok', owner: null, epoch: 1, ...end(made) });
    expect(await store().confirm(newCode())).toEqual({ outcome: 'gone' });
  });

  describe('a room that its owner has whole', () => {
    const wholeRoom = (code: RoomCode, epoch: number, before: readonly LogEntry[], behind: readonly LogEntry[]) => ({
      head: newHead(code),
      fence: { owner: A, epoch: epoch as Epoch },
      address: 'a:1',
      snapshot: snapshotAt(end(before)),
      entries: behind,
    });
    const made = some(START, 8);
    const [before, behind] = [made.slice(0, 6), made.slice(6)];

    test('is stored where there is none, is kept, and goes on', async () => {
      const code = newCode();
      expect(await store().restore(null, wholeRoom(code, 4, before, behind))).toEqual({ outcome: 'ok' });
      expect(await metaOf(code)).toMatchObject({ owner: A, address: 'a:1', epoch: 4, ...end(made) });
      expect((await metaOf(code)).head).toEqual(newHead(code));
      const fence = { owner: A, epoch: 4 as Epoch };
      const more = some(end(made), 1, 4);
      expect(await commit(code, fence, end(made), more)).toEqual({ outcome: 'ok' });
      expect((await texts(code)).map(([seq]) => seq)).toEqual([7, 8, 9]);
      const { room } = await claim(code, B);
      expect(room.meta.epoch).toBe(5);
      expect(room.snapshot).toEqual(snapshotAt(end(before)));
      expect(room.tail.map(({ seq }) => seq)).toEqual([7, 8, 9]);
      // Without anything behind the snapshot too.
      const other = newCode();
      expect(await store().restore(null, wholeRoom(other, 1, made, []))).toEqual({ outcome: 'ok' });
      expect(await metaOf(other)).toMatchObject(end(made));
    });

    test('takes the place of what is as it was seen and lower, with everything that was there', async () => {
      const { code, fence } = await owned();
      const old = some(START, 3);
      await commit(code, fence, START, old);
      await store().snapshot(code, fence, snapshotAt(end(old.slice(0, 1))), 0);
      const seen = { ...fence, ...end(old) };
      expect(await store().restore(seen, wholeRoom(code, 1, before, behind))).toEqual({ outcome: 'ok' });
      expect(await metaOf(code)).toMatchObject({ owner: A, epoch: 1, ...end(made) });
      expect((await texts(code)).map(([seq]) => seq)).toEqual([7, 8]);
      expect((await claim(code)).room).toMatchObject({ snapshot: end(before), meta: { epoch: 2 } });
    });

    test('is refused where something else is than was seen, or nothing lower', async () => {
      const { code, fence } = await owned();
      const old = some(START, 3);
      await commit(code, fence, START, old);
      const seen = { ...fence, ...end(old) };
      const refused = { outcome: 'fenced', ...seen };
      await unchanged(code, async () => {
        const restore = (as: typeof seen | null, epoch = 2, from = before, more = behind) =>
          store().restore(as, wholeRoom(code, epoch, from, more));
        expect(await restore(null)).toEqual(refused);
        expect(await restore({ ...seen, owner: B })).toEqual(refused);
        expect(await restore({ ...seen, epoch: 2 as Epoch })).toEqual(refused);
        expect(await restore({ ...seen, ...START })).toEqual(refused);
        expect(await restore({ ...seen, digest: START.digest })).toEqual(refused);
        expect(await restore(seen, 0)).toEqual(refused);
        expect(await restore(seen, 1, old, [])).toEqual(refused);
        expect(await restore(seen, 1, old.slice(0, 1), [])).toEqual(refused);
      });
      expect(await store().restore(seen, wholeRoom(newCode(), 2, before, behind))).toEqual({ outcome: 'gone' });
    });

    test('of two owners that both think so one stays, and the one with the lower epoch never', async () => {
      const code = newCode();
      const [low, high] = [wholeRoom(code, 3, before, behind), wholeRoom(code, 4, before, [])];
      expect(await store().restore(null, low)).toEqual({ outcome: 'ok' });
      const stored = { ...low.fence, ...end(made) };
      expect(await store().restore(null, high)).toEqual({ outcome: 'fenced', ...stored });
      expect(await store().restore(stored, high)).toEqual({ outcome: 'ok' });
      const now = { ...high.fence, ...end(before) };
      expect(await store().restore(now, low)).toEqual({ outcome: 'fenced', ...now });
    });

    test('loses its time to live with what was there', async () => {
      const code = newCode();
      await store().create(newHead(code), SHORT_MS);
      const seen = { owner: null, epoch: 0 as Epoch, ...START };
      await store().restore(seen, wholeRoom(code, 1, before, behind));
      const other = newCode();
      await store().create(newHead(other), SHORT_MS);
      await forgotten(other);
      expect(await metaOf(code)).toMatchObject(end(made));
    });
  });
}
