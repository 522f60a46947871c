/** A store that went back in time, and what the owner of a room makes of it. */
import { describe, expect, test } from '@jest/globals';
import type { Epoch } from '../../src/protocol/ids.js';
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
