/** A store that has lost the claim of an owner who lives, as a restored backup has, and a former owner that wakes on it. */
import { describe, expect, test } from '@jest/globals';
import type { Epoch } from '../../src/protocol/ids.js';
import { START } from '../../src/room/history.js';
import { MemoryRoomStore } from '../../src/room/memory-store.js';
import { settled } from '../support/manual-clock.js';
import { entries, instance, openRoom } from './rooms.js';
import { held } from './scripted-store.js';
import { ADD, Stage } from './stage.js';

const A = instance('instance-a');
const B = instance('instance-b');
const epoch = (number: number) => number as Epoch;

describe('a store that has lost the claim of an owner who lives, as a restored backup has', () => {
  /**
   * A room in which Sara has joined, whose owner A had a gap in its lease, in which B has claimed it and Sara has added a bot;
   * then the store is emptied. A does not know of B.
   */
  async function forgotten() {
    const stage = await Stage.open();
    let restored: (() => void) | undefined;
    const restoring = new Promise<void>((resolve) => {
      restored = resolve;
    });
    stage.opened = await openRoom(stage.store, stage.clock, stage.head, 'instance-a', {
      whenRestored: () => (restored ? restoring : undefined),
    });
    const former = stage.opened;
    await settled();
    const [sara] = await stage.players('Sara');
    former.lease.stale();
    const present = await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
    stage.opened = present;
    sara.hello();
    const acked = sara.command(ADD(2));
    await settled();
    expect(sara.answer(acked)).toBe(2);
    stage.store.inner = new MemoryRoomStore(() => stage.clock.now());
    const othersAreBack = () => {
      restored?.();
      restored = undefined;
    };
    return { stage, former, present, sara, othersAreBack };
  }

  test('gets the room whole from it, over what a former owner has written since', async () => {
    const { stage, former, present, sara, othersAreBack } = await forgotten();
    othersAreBack();
    former.lease.renewed();
    stage.opened = former;
    sara.command(ADD(1));
    sara.command(ADD(3));
    await stage.clock.advance(100);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: A, epoch: 2, seq: 3 });
    stage.opened = present;
    const next = sara.command(ADD(3));
    await stage.clock.advance(500);
    expect(sara.answer(next)).toBe(3);
    expect(present.ends).toEqual([]);
    const at = await stage.store.meta(stage.code);
    expect(at).toMatchObject({ owner: B, epoch: 3, seq: 3, digest: present.mailbox.position.digest });
    former.mailbox.prove(stage.clock.monotonic());
    await stage.clock.advance(500);
    expect(former.ends).toEqual(['lost']);
  });

  test('is left the time for that by a former owner: it stores what it has, and says and writes nothing before', async () => {
    const { stage, former, present, sara, othersAreBack } = await forgotten();
    former.lease.renewed();
    stage.opened = former;
    const early = sara.command(ADD(1));
    await stage.clock.advance(1_000);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: A, epoch: 2, seq: 1 });
    expect(sara.answers(early)).toEqual([]);
    present.mailbox.prove(stage.clock.monotonic());
    await stage.clock.advance(500);
    othersAreBack();
    await stage.clock.advance(500);
    expect(sara.answers(early)).toEqual([]);
    expect([former.ends, present.ends]).toEqual([['lost'], []]);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: B, epoch: 4, seq: 2 });
  });

  test('is left the time for that before a former owner gives the room away', async () => {
    const { stage, former, present, othersAreBack } = await forgotten();
    former.lease.renewed();
    const sealed = former.mailbox.seal();
    await stage.clock.advance(1_000);
    present.mailbox.prove(stage.clock.monotonic());
    await stage.clock.advance(500);
    othersAreBack();
    await stage.clock.advance(500);
    expect(await sealed).toBeUndefined();
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: B, epoch: 4, seq: 2 });
  });

  test('gets the entry that its owner has just written too, where it is emptied again while that owner waits', async () => {
    let othersAreBack: () => void = () => undefined;
    const restoring = new Promise<void>((resolve) => {
      othersAreBack = resolve;
    });
    let lost = false;
    const stage = await Stage.open({}, { whenRestored: () => (lost ? restoring : undefined) });
    const { store, clock, code, mailbox } = stage;
    const [sara] = await stage.players('Sara');
    const answer = held();
    store.script.commit.push(answer.fault);
    const id = sara.command(ADD(1));
    await settled();
    stage.opened.lease.stale();
    stage.opened.lease.renewed();
    lost = true;
    answer.open();
    await settled();
    expect(sara.answers(id)).toEqual([]);
    store.inner = new MemoryRoomStore(() => clock.now());
    othersAreBack();
    lost = false;
    await clock.advance(500);
    expect(sara.answer(id)).toBe(2);
    const { seq, digest } = mailbox.position;
    expect(await store.meta(code)).toMatchObject({ owner: A, seq, digest });
    await openRoom(store, clock, stage.head, 'instance-b');
  });

  test('gets the room whole from it also where a former owner has claimed it above its lost claim, at the same epoch', async () => {
    const stage = await Stage.open();
    const whenRestored = () => new Promise<void>(() => undefined);
    stage.opened = await openRoom(stage.store, stage.clock, stage.head, 'instance-b', { whenRestored });
    await settled();
    const [sara] = await stage.players('Sara');
    const acked = sara.command(ADD(2));
    await settled();
    stage.store.inner = new MemoryRoomStore(() => stage.clock.now());
    const { inner } = stage.store;
    await inner.create(stage.head, 60_000);
    await inner.claim(stage.code, { owner: null, epoch: epoch(0) }, A, 'a:1', epoch(1));
    const fork = entries(START, 2, [{ type: 'host_changed', seat: null }]);
    await inner.commit(stage.code, { owner: A, epoch: epoch(2) }, START, fork);
    const next = sara.command(ADD(3));
    await stage.clock.advance(500);
    expect([sara.answer(acked), sara.answer(next), stage.opened.ends]).toEqual([2, 3, []]);
    const { seq, digest } = stage.mailbox.position;
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: B, epoch: 3, seq, digest });
  });

  test('is left the time for that also by a commit that was sent before the former owner fell asleep and arrives only then', async () => {
    const stage = await Stage.open();
    const former = stage.opened;
    const [sara] = await stage.players('Sara');
    let arrive: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    stage.store.script.commit.push(async (run) => {
      await arrival;
      return run();
    });
    const early = sara.command(ADD(1));
    await settled();
    former.lease.stale();
    const present = await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
    stage.opened = present;
    sara.hello();
    const acked = sara.command(ADD(2));
    await settled();
    expect(sara.answer(acked)).toBe(2);
    await stage.store.rollBack(stage.code, 1, { owner: A, epoch: epoch(1) });
    arrive();
    await stage.clock.advance(100);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: A, epoch: 1, seq: 2 });
    present.mailbox.prove(stage.clock.monotonic());
    await stage.clock.advance(500);
    former.lease.renewed();
    await stage.clock.advance(500);
    expect(sara.answers(early)).toEqual([]);
    expect([former.ends, present.ends]).toEqual([['lost'], []]);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: B, epoch: 2, seq: 2 });
  });

  test('makes a former owner wait no longer where nobody else has the room', async () => {
    const { stage, former, sara, othersAreBack } = await forgotten();
    former.lease.renewed();
    stage.opened = former;
    const id = sara.command(ADD(1));
    await stage.clock.advance(1_000);
    othersAreBack();
    await settled();
    expect(sara.answer(id)).toBe(2);
  });
});
