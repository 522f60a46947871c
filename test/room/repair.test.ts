/** A store that went back in time, and what the owner of a room makes of it. */
import { describe, expect, test } from '@jest/globals';
import type { Epoch } from '../../src/protocol/ids.js';
import { START } from '../../src/room/history.js';
import { MemoryRoomStore } from '../../src/room/memory-store.js';
import { settled } from '../support/manual-clock.js';
import { entries, instance, openRoom } from './rooms.js';
import { type Fault, failAfter, failBefore, held, works } from './scripted-store.js';
import { ADD, Stage } from './stage.js';

const A = instance('instance-a');
const B = instance('instance-b');
const epoch = (number: number) => number as Epoch;

/** A room in which Ana has joined (1) and added a bot (2); its owner has claimed it at epoch 2. */
async function played(): Promise<{ stage: Stage; ana: Awaited<ReturnType<Stage['players']>>[number] }> {
  const stage = await Stage.open();
  stage.opened = await openRoom(stage.store, stage.clock, stage.head, 'instance-a');
  await settled();
  const [ana] = await stage.players('Ana');
  ana?.command(ADD(1));
  await settled();
  if (!ana) throw new Error('Ana has joined');
  return { stage, ana };
}

describe('a claim that a failover took back', () => {
  test('and that is made again without an answer, lands late: the owner keeps the room and its tail', async () => {
    const { stage, ana } = await played();
    await stage.store.rollBack(stage.code, 1, { owner: instance('instance-z'), epoch: epoch(1) });
    let land: () => Promise<unknown> = async () => undefined;
    const late: Fault = async (run) => {
      land = run;
      return { outcome: 'unknown', error: new Error('late') };
    };
    const afterTheLate: Fault = async (run) => {
      await land();
      return run();
    };
    stage.store.script.claim.push(late, afterTheLate);
    const id = ana.command(ADD(2));
    await stage.clock.advance(500);
    expect(ana.answer(id)).toBe(3);
    expect(stage.opened.ends).toEqual([]);
    expect(await stage.seqs()).toEqual([1, 2, 3]);
    // Its own claim was only found: it has been made again, so that the copies have it.
    expect(stage.mailbox.fence).toEqual({ owner: A, epoch: 4 });
  });

  test('is made again together with the end of the log: no other instance finds the one without the other', async () => {
    const { stage, ana } = await played();
    await stage.store.rollBack(stage.code, 1, { owner: instance('instance-z'), epoch: epoch(1) });
    // Once the room is claimed nothing more gets through.
    stage.store.script.commit.push(works, ...Array.from({ length: 20 }, () => failBefore));
    ana.command(ADD(2));
    await stage.clock.advance(500);
    expect(stage.mailbox.fence).toEqual({ owner: A, epoch: 3 });
    expect(await stage.seqs()).toEqual([1, 2, 3]);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: A, epoch: 3, seq: 3 });
  });

  test('and that another made meanwhile, with the same epoch, is made again by whoever has more of the log', async () => {
    const { stage, ana } = await played();
    await stage.store.rollBack(stage.code, 1, { owner: B, epoch: epoch(2) });
    const id = ana.command(ADD(2));
    await stage.clock.advance(500);
    expect(ana.answer(id)).toBe(3);
    expect(stage.mailbox.fence).toEqual({ owner: A, epoch: 3 });
    expect(await stage.seqs()).toEqual([1, 2, 3]);
  });

  test('stays the other’s, at the same epoch, where the owner has nothing that the other lacks', async () => {
    const { stage, ana } = await played();
    await stage.store.rollBack(stage.code, 2, { owner: B, epoch: epoch(2) });
    ana.command(ADD(2));
    await stage.clock.advance(500);
    expect(stage.opened.ends).toEqual(['lost']);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: B, epoch: 2 });
  });

  test('stays the other’s, at the same epoch, where the other has written something else', async () => {
    const { stage, ana } = await played();
    await stage.store.rollBack(stage.code, 1, { owner: B, epoch: epoch(2) });
    const at = await stage.store.meta(stage.code);
    if (!at) throw new Error('the room is there');
    const fork = entries(at, 2, [{ type: 'host_changed', seat: null }]);
    await stage.store.inner.commit(stage.code, { owner: B, epoch: epoch(2) }, at, fork);
    ana.command(ADD(2));
    await stage.clock.advance(500);
    expect(stage.opened.ends).toEqual(['lost']);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: B, epoch: 2, seq: 2 });
  });
});

describe('a store that is older than all that is kept of the log', () => {
  test('gets the room whole, with what was just to be written, and everything is done once', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    const id = ana.command(ADD(1));
    await settled();
    await stage.store.snapshot(stage.code, stage.mailbox.fence, await stage.kept(), 0);
    stage.opened = await openRoom(stage.store, stage.clock, stage.head, 'instance-a');
    await settled();
    // A backup: the room as it was made, with an owner of the past.
    stage.store.inner = new MemoryRoomStore(() => stage.clock.now());
    await stage.store.inner.create(stage.head, 60_000);
    const free = { owner: null, epoch: epoch(0) };
    await stage.store.inner.claim(stage.code, free, instance('instance-z'), 'z:1');
    const next = ana.command(ADD(2));
    await stage.clock.advance(500);
    expect(ana.answer(next)).toBe(3);
    const { meta, snapshot, tail } = await stage.stored();
    expect(meta).toMatchObject({ seq: 3, epoch: 3 });
    expect(snapshot?.seq).toBe(2);
    expect(tail.map(({ seq }) => seq)).toEqual([3]);
    // Whoever loads it knows both commands.
    stage.opened = await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
    await settled();
    ana.hello();
    ana.command(ADD(1), id);
    ana.command(ADD(2), next);
    await settled();
    expect([ana.answers(id).at(-1), ana.answers(next).at(-1)]).toEqual([2, 3]);
  });

  test('gets it once, also when the answer is lost', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    stage.store.inner = new MemoryRoomStore(() => stage.clock.now());
    stage.store.script.restore.push(failAfter, failBefore);
    const id = ana.command(ADD(1));
    await stage.clock.advance(500);
    expect(ana.answer(id)).toBe(2);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: A, seq: 2 });
    expect(await stage.seqs()).toEqual([2]);
  });

  test('leaves it to an owner with a higher epoch', async () => {
    const stage = await Stage.open();
    await stage.players('Ana');
    const elsewhere = await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
    stage.store.inner = new MemoryRoomStore(() => stage.clock.now());
    await stage.clock.advance(100);
    stage.mailbox.prove(stage.clock.monotonic());
    await stage.clock.advance(100);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: A, epoch: 1, seq: 1 });
    elsewhere.mailbox.prove(stage.clock.monotonic());
    await stage.clock.advance(500);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: B, epoch: 3 });
    expect(elsewhere.ends).toEqual([]);
  });
});

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

describe('a room that another has taken', () => {
  test('is stored again with the end of its log when a failover loses both', async () => {
    const regained: string[] = [];
    const stage = await Stage.open({}, { onRegained: (code) => regained.push(code) });
    const [ana] = await stage.players('Ana');
    ana.command(ADD(1));
    await settled();
    const taken = await stage.store.inner.claim(stage.code, stage.mailbox.fence, B, 'b:1');
    expect(taken.outcome).toBe('ok');
    // The copies do not have that yet.
    stage.store.script.confirm.push(failBefore, failBefore);
    ana.command(ADD(2));
    await settled();
    expect(stage.opened.ends).toEqual(['lost']);
    expect(ana.closed).toBe('MOVED');
    await stage.store.rollBack(stage.code, 1, { owner: A, epoch: epoch(1) });
    await stage.clock.advance(1_000);
    expect(regained).toEqual([stage.code]);
    expect(await stage.seqs()).toEqual([1, 2]);
  });

  test('is forgotten once the copies have that', async () => {
    const regained: string[] = [];
    const stage = await Stage.open({}, { onRegained: (code) => regained.push(code) });
    await stage.store.inner.claim(stage.code, stage.mailbox.fence, B, 'b:1');
    const gate = held();
    stage.store.script.confirm.push(failBefore, gate.fault);
    stage.mailbox.prove(stage.clock.monotonic() + 1);
    await stage.clock.advance(2_000);
    gate.open();
    await stage.clock.advance(60_000);
    expect(regained).toEqual([]);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: B, epoch: 2 });
    expect(stage.clock.timers).toBe(0);
  });
});

describe('a room that is given up', () => {
  test('is given up again, with pauses, until that is known', async () => {
    const stage = await Stage.open();
    await stage.players('Ana');
    stage.store.script.release.push(...Array.from({ length: 6 }, () => failBefore));
    const released = stage.mailbox.release(60_000);
    await stage.clock.advance(100);
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: A });
    await stage.clock.advance(5_000);
    await released;
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: null, seq: 1 });
  });

  test('and that another takes meanwhile, is given up with the end of its log when a failover loses both', async () => {
    const { stage } = await played();
    const takenBefore: Fault = async (run) => {
      await stage.store.inner.claim(stage.code, stage.mailbox.fence, B, 'b:1');
      return run();
    };
    stage.store.script.release.push(takenBefore);
    // The copies do not have the claim yet.
    stage.store.script.confirm.push(failBefore, failBefore);
    const released = stage.mailbox.release(60_000);
    await settled();
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: B, epoch: 3 });
    await stage.store.rollBack(stage.code, 1, { owner: A, epoch: epoch(2) });
    await stage.clock.advance(1_000);
    await released;
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: null, seq: 2 });
    expect(await stage.seqs()).toEqual([1, 2]);
  });

  test('is given up with the end of its log that a failover had lost', async () => {
    const { stage } = await played();
    const gate = held(failBefore);
    stage.store.script.release.push(gate.fault);
    const released = stage.mailbox.release(60_000);
    await stage.clock.advance(100);
    await stage.store.rollBack(stage.code, 1);
    gate.open();
    await stage.clock.advance(1_000);
    await released;
    expect(await stage.store.meta(stage.code)).toMatchObject({ owner: null, seq: 2 });
    expect(await stage.seqs()).toEqual([1, 2]);
  });
});
