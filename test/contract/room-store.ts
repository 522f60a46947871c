/** What every RoomStore must do; run on the map and on a real Redis. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Epoch, Seq } from '../../src/protocol/ids.js';
import { type Position, START } from '../../src/room/history.js';
import type { RoomStore } from '../../src/room/store.js';
import { entries, instance, newHead } from '../room/rooms.js';
import { until } from '../support/programs.js';
import { changeOfOwner } from './change-of-owner.js';
import {
  A,
  B,
  end,
  LONG_MS,
  left,
  SHORT_MS,
  type StoreUnderTest,
  snapshotAt,
  some,
  storedRooms,
} from './stored-rooms.js';

export function roomStoreContract(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(`RoomStore: ${name}`, () => {
    let under: StoreUnderTest;
    let store: RoomStore;
    const rooms = storedRooms(() => under);
    const { newCode, metaOf, claim, owned, commit, texts, forgotten, unchanged } = rooms;

    beforeAll(async () => {
      under = await start();
      store = under.store;
    });
    afterAll(() => under.stop());

    changeOfOwner(() => store, rooms);

    test('a room is set aside by its owner alone, says why, and is claimed without the mark', async () => {
      const { code, fence } = await owned();
      const failure = { why: 'it does not add up', at: 7, version: '1.2.3' };
      const other = { ...fence, owner: B };
      expect(await store.setAside(code, other, failure, LONG_MS)).toMatchObject({ outcome: 'fenced', owner: A });
      expect(await store.setAside(code, fence, failure, LONG_MS)).toEqual({ outcome: 'ok' });
      expect(await metaOf(code)).toMatchObject({ owner: null, address: null, failed: failure });
      expect(await store.setAside(code, fence, failure, LONG_MS)).toEqual({ outcome: 'ok' });
      const second = { ...failure, at: 8 };
      expect(await store.setAside(code, fence, second, LONG_MS)).toMatchObject({ outcome: 'fenced', owner: null });
      const { room } = await claim(code, B);
      expect(room.meta.failed).toBeUndefined();
      expect((await metaOf(code)).failed).toBeUndefined();
    });

    test('a room that was set aside is forgotten after its time', async () => {
      const { code, fence } = await owned();
      await store.setAside(code, fence, { why: 'broken', at: 7, version: '1.2.3' }, SHORT_MS);
      await forgotten(code);
    });

    test('create stores a room that nobody owns, once', async () => {
      const head = newHead(newCode(), {}, { target_points: 3 });
      expect(await store.create(head, LONG_MS)).toBe(true);
      const meta = await metaOf(head.code);
      expect(meta).toEqual({ ...START, owner: null, address: null, epoch: 0, head, aliveAt: meta.aliveAt });
      expect(meta.aliveAt).toBeGreaterThan(0);
      await unchanged(head.code, async () => {
        expect(await store.create({ ...head, options: {} }, LONG_MS)).toBe(false);
      });
      expect(await store.meta(newCode())).toBeNull();
    });

    test('a room that nobody claims is forgotten, one that is claimed is not', async () => {
      const claimed = newCode();
      const unclaimed = newCode();
      await store.create(newHead(claimed), SHORT_MS);
      await claim(claimed);
      await store.create(newHead(unclaimed), SHORT_MS);
      await forgotten(unclaimed);
      expect((await metaOf(claimed)).owner).toBe(A);
      expect(await store.create(newHead(unclaimed), LONG_MS)).toBe(true);
    });

    test('claim takes owner and epoch as they were seen, and raises the epoch', async () => {
      const { code, fence } = await owned();
      expect(fence.epoch).toBe(1);
      const seen = await metaOf(code);
      expect(seen).toMatchObject({ owner: A, address: `${A}:1`, epoch: 1 });
      expect((await claim(code, B)).fence.epoch).toBe(2);
      await unchanged(code, async () => {
        expect(await store.claim(code, seen, A, 'a:1')).toEqual({ outcome: 'fenced', owner: B, epoch: 2, ...START });
        const staleEpoch = { owner: B, epoch: 1 as Epoch };
        expect(await store.claim(code, staleEpoch, A, 'a:1')).toMatchObject({ outcome: 'fenced', owner: B });
        const wrongOwner = { owner: null, epoch: 2 as Epoch };
        expect(await store.claim(code, wrongOwner, A, 'a:1')).toMatchObject({ outcome: 'fenced', owner: B });
      });
      expect(await store.claim(newCode(), seen, A, 'a:1')).toEqual({ outcome: 'gone' });
    });

    test('of claimants at once exactly one wins', async () => {
      const code = newCode();
      await store.create(newHead(code), LONG_MS);
      const seen = await metaOf(code);
      const names = Array.from({ length: 8 }, (_, at) => instance(`instance-${at}`));
      const replies = await Promise.all(names.map((by) => store.claim(code, seen, by, `${by}:1`)));
      const winners = names.filter((_, at) => replies[at]?.outcome === 'ok');
      expect(winners).toHaveLength(1);
      for (const reply of replies) {
        if (reply.outcome !== 'ok') expect(reply).toEqual({ outcome: 'fenced', owner: winners[0], epoch: 1, ...START });
      }
      expect(await metaOf(code)).toMatchObject({ owner: winners[0], epoch: 1 });
    });

    test('a new epoch is above that of the last entry, and above what the claimant knows of', async () => {
      const { code, fence } = await owned();
      await commit(code, fence, START, some(START, 2, 9));
      expect((await claim(code, B)).fence.epoch).toBe(10);
      const reply = await store.claim(code, await metaOf(code), A, 'a:1', 41 as Epoch);
      expect(reply).toMatchObject({ outcome: 'ok', room: { meta: { epoch: 42, owner: A } } });
    });

    test('commit appends all its entries, in order, and moves the position', async () => {
      const { code, fence } = await owned();
      const first = some(START, 1);
      const more = some(end(first), 3);
      expect(await commit(code, fence, START, first)).toEqual({ outcome: 'ok' });
      expect(await commit(code, fence, end(first), more)).toEqual({ outcome: 'ok' });
      expect(await texts(code)).toEqual([...first, ...more].map(({ seq, text }) => [seq, text]));
      expect(await metaOf(code)).toMatchObject(end(more));
    });

    test('commit keeps text as it is, whatever is in it', async () => {
      const { code, fence } = await owned();
      const name = 'سارا "\\\u2028 🂡 %s {} [1]';
      const made = entries(START, 1, [{ type: 'seat_taken', seat: 0 as never, name, token_hash: 'h' }]);
      expect(await commit(code, fence, START, made)).toEqual({ outcome: 'ok' });
      expect(await texts(code)).toEqual([[1, made[0]?.text]]);
    });

    test('check tells what a commit would find, and writes nothing', async () => {
      const { code, fence } = await owned();
      const made = some(START, 2);
      await commit(code, fence, START, made);
      under.elapse(SHORT_MS);
      await unchanged(code, async () => {
        expect(await store.check(code, fence, end(made))).toEqual({ outcome: 'ok' });
        expect(await store.check(code, fence, START)).toEqual({ outcome: 'gap', ...end(made) });
        const otherwise = { ...end(made), digest: START.digest };
        expect(await store.check(code, fence, otherwise)).toEqual({ outcome: 'gap', ...end(made) });
        const { owner, epoch } = fence;
        const refused = { outcome: 'fenced', owner, epoch, ...end(made) };
        expect(await store.check(code, { owner: B, epoch }, end(made))).toEqual(refused);
        expect(await store.check(code, { owner, epoch: 2 as Epoch }, end(made))).toEqual(refused);
      });
      expect(await store.check(newCode(), fence, START)).toEqual({ outcome: 'gone' });
    });

    test('commit without entries tells whether the log ends there', async () => {
      const { code, fence } = await owned();
      const made = some(START, 2);
      await commit(code, fence, START, made);
      await store.snapshot(code, fence, snapshotAt(end(made)), 0);
      expect(await commit(code, fence, end(made), [])).toEqual({ outcome: 'ok' });
      expect(await commit(code, fence, START, [])).toEqual({ outcome: 'gap', ...end(made) });
      expect(await metaOf(code)).toMatchObject(end(made));
    });

    test('a refused commit writes nothing', async () => {
      const { code, fence } = await owned();
      const made = some(START, 3);
      await commit(code, fence, START, made);
      const next = some(end(made), 3);
      await unchanged(code, async () => {
        const gap = { outcome: 'gap', ...end(made) };
        expect(await commit(code, fence, START, some(START, 1))).toEqual(gap);
        expect(await commit(code, fence, end(next), some(end(next), 1))).toEqual(gap);
        const otherDigest = { ...end(made), digest: end(next).digest };
        expect(await commit(code, fence, otherDigest, some(otherDigest, 1))).toEqual(gap);
        const fenced = { outcome: 'fenced', owner: A, epoch: 1, ...end(made) };
        expect(await commit(code, { owner: B, epoch: fence.epoch }, end(made), next)).toEqual(fenced);
        expect(await commit(code, { owner: A, epoch: 0 as Epoch }, end(made), next)).toEqual(fenced);
        expect(await commit(code, { owner: A, epoch: 2 as Epoch }, end(made), next)).toEqual(fenced);
      });
      expect(await commit(newCode(), fence, START, made)).toEqual({ outcome: 'gone' });
    });

    test('a former owner is fenced although position and epochs before fit', async () => {
      const { code, fence } = await owned();
      await claim(code, B);
      await unchanged(code, async () => {
        const fenced = { outcome: 'fenced', owner: B, epoch: 2, ...START };
        expect(await commit(code, fence, START, some(START, 1))).toEqual(fenced);
      });
    });

    test('of two commits after the same position one is ok and the other meets the gap that names the first', async () => {
      const { code, fence } = await owned();
      const one = entries(START, 1, left(1));
      const two = entries(START, 1, left(2));
      const replies = await Promise.all([commit(code, fence, START, one), commit(code, fence, START, two)]);
      const won = replies.findIndex((reply) => reply.outcome === 'ok');
      expect(replies[1 - won]).toEqual({ outcome: 'gap', ...end(won === 0 ? one : two) });
      expect(await texts(code)).toHaveLength(1);
    });

    test('a commit sent again after it landed meets a gap with its own position', async () => {
      const { code, fence } = await owned();
      const made = some(START, 3);
      expect(await commit(code, fence, START, made)).toEqual({ outcome: 'ok' });
      await unchanged(code, async () => {
        expect(await commit(code, fence, START, made)).toEqual({ outcome: 'gap', ...end(made) });
      });
    });

    test('a claim gives the whole log without a snapshot, and snapshot and tail with one', async () => {
      const { code, fence } = await owned();
      const made = some(START, 6);
      await commit(code, fence, START, made);
      const whole = await claim(code, B);
      expect(whole.room).toMatchObject({ snapshot: null, meta: { ...end(made), owner: B, epoch: 2 } });
      expect(whole.room.tail).toEqual(made.map(({ seq, text }) => ({ seq, text })));

      const snapshot = snapshotAt(end(made.slice(0, 4)));
      expect(await store.snapshot(code, whole.fence, snapshot, 2)).toEqual({ outcome: 'ok' });
      const { room } = await claim(code);
      expect(room.snapshot).toEqual(snapshot);
      expect(room.tail.map(({ seq }) => seq)).toEqual([5, 6]);
    });

    test.each([
      [0, [5, 6]],
      [2, [3, 4, 5, 6]],
      [100, [1, 2, 3, 4, 5, 6]],
    ])('a snapshot at 4 of 6 that keeps %i entries leaves the log %j', async (keep, seqs) => {
      const { code, fence } = await owned();
      const made = some(START, 6);
      await commit(code, fence, START, made);
      await store.snapshot(code, fence, snapshotAt(end(made.slice(0, 4))), keep);
      expect((await texts(code)).map(([seq]) => seq)).toEqual(seqs);
      const more = some(end(made), 1);
      expect(await commit(code, fence, end(made), more)).toEqual({ outcome: 'ok' });
    });

    test('the log goes on, and so do the epochs, behind a snapshot that left no entry', async () => {
      const { code, fence } = await owned();
      const made = some(START, 3);
      await commit(code, fence, START, made);
      await store.snapshot(code, fence, snapshotAt(end(made)), 0);
      expect(await texts(code)).toEqual([]);
      const { room, fence: next } = await claim(code, B);
      expect(room).toMatchObject({ tail: [], snapshot: end(made), meta: { epoch: 2 } });
      expect(await commit(code, next, end(made), some(end(made), 2, 2))).toEqual({ outcome: 'ok' });
      expect((await texts(code)).map(([seq]) => seq)).toEqual([4, 5]);
    });

    test('a snapshot is refused to a former owner, ahead of the log, and of a room that is gone', async () => {
      const { code, fence } = await owned();
      const made = some(START, 4);
      await commit(code, fence, START, made);
      const ahead = snapshotAt(end(some(end(made), 1)));
      await unchanged(code, async () => {
        expect((await store.snapshot(code, fence, ahead, 0)).outcome).toBe('fenced');
        const late = { owner: A, epoch: 0 as Epoch };
        expect((await store.snapshot(code, late, snapshotAt(end(made)), 0)).outcome).toBe('fenced');
      });
      const { fence: next, room } = await claim(code, B);
      expect(room.snapshot).toBeNull();
      await unchanged(code, async () => {
        expect((await store.snapshot(code, fence, snapshotAt(end(made)), 0)).outcome).toBe('fenced');
      });
      expect((await store.snapshot(newCode(), next, snapshotAt(START), 0)).outcome).toBe('gone');
    });

    test('an older snapshot that arrives late does not take the place of a newer one', async () => {
      const { code, fence } = await owned();
      const made = some(START, 6);
      await commit(code, fence, START, made);
      await store.snapshot(code, fence, snapshotAt(end(made)), 0);
      expect(await store.snapshot(code, fence, snapshotAt(end(made.slice(0, 2))), 0)).toEqual({ outcome: 'ok' });
      expect((await claim(code, B)).room).toMatchObject({ snapshot: end(made), tail: [] });
    });

    test('a released room is forgotten, one that is claimed again is not', async () => {
      const [kept, dropped] = [await owned(), await owned()];
      for (const { code, fence } of [kept, dropped]) {
        const made = some(START, 2);
        await commit(code, fence, START, made);
        await store.snapshot(code, fence, snapshotAt(end(made)), 1);
      }
      const at = end(some(START, 2));
      await store.release(kept.code, kept.fence, at, SHORT_MS);
      await claim(kept.code, B);
      await store.release(dropped.code, dropped.fence, at, SHORT_MS);
      await forgotten(dropped.code);
      expect(await texts(dropped.code)).toEqual([]);
      expect((await claim(kept.code)).room).toMatchObject({ snapshot: { seq: 2 }, meta: { seq: 2 } });
      expect((await texts(kept.code)).map(([seq]) => seq)).toEqual([2]);
    });

    test('read gives at most so many entries after a seq', async () => {
      const { code, fence } = await owned();
      await commit(code, fence, START, some(START, 12));
      const seqs = async (after: number, limit: number) =>
        (await store.read(code, after as Seq, limit)).map(({ seq }) => seq);
      expect(await seqs(0, 3)).toEqual([1, 2, 3]);
      expect(await seqs(9, 100)).toEqual([10, 11, 12]);
      expect(await seqs(12, 100)).toEqual([]);
      expect(await store.read(newCode(), 0 as Seq, 10)).toEqual([]);
    });

    test('commits, transfers and releases tell when the room was alive', async () => {
      const { code, fence } = await owned();
      const other = await owned();
      let scout: Position = START;
      /** Waits until the store's clock has gone on, acts, and expects the room to be stamped with the new time. */
      const stamps = async (act: () => Promise<unknown>) => {
        const before = (await metaOf(code)).aliveAt;
        await until("the store's clock goes on", async () => {
          under.elapse(5);
          const made = some(scout, 1);
          await commit(other.code, other.fence, scout, made);
          scout = end(made);
          return (await metaOf(other.code)).aliveAt > before;
        });
        await act();
        expect((await metaOf(code)).aliveAt).toBeGreaterThan(before);
      };
      const made = some(START, 1);
      const next = { owner: B, epoch: 2 as Epoch };
      await stamps(() => commit(code, fence, START, made));
      await stamps(() => store.transfer(code, fence, end(made), B, 'b:1'));
      await stamps(() => store.release(code, next, end(made), LONG_MS));
      const snapshot = snapshotAt(end(some(START, 2)));
      const seen = { ...next, owner: null, ...end(made) };
      await stamps(() =>
        store.restore(seen, { head: newHead(code), fence: next, address: 'b:1', snapshot, entries: [] }),
      );
    });
  });
}
