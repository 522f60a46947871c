/** A sealed room on its way to another instance, on a store that may lose what it was told. */
import { expect, test } from '@jest/globals';
import { loadHandedOver } from '../../src/room/load.js';
import { Mailbox } from '../../src/room/mailbox.js';
import { settled } from '../support/manual-clock.js';
import { game, IDLE_MS, instance, log, ManualLease } from './rooms.js';
import { failAfter, failBefore } from './scripted-store.js';
import { ADD, Stage } from './stage.js';

const A = instance('instance-a');
const B = instance('instance-b');

/** Ana has joined (1) and added a bot (2); the room is sealed, and about to be given to B. */
async function sealed() {
  const stage = await Stage.open();
  const [ana] = await stage.players('Ana');
  ana.command(ADD(1));
  await settled();
  const { code, store, clock, mailbox, head } = stage;
  const snapshot = await mailbox.seal();
  if (!snapshot) throw new Error('the room is over');
  const handover = mailbox.handOver(B, 'b:1', async () => undefined);
  const ends: string[] = [];
  /** Plays the room at B as it was handed over. */
  const adopt = (tail = handover.tail): Mailbox => {
    const deps = { store, clock, log, lease: new ManualLease(), newSeed: () => 'ab'.repeat(32), address: () => 'b:1' };
    const whenRestored = () => undefined;
    const times = { whenRestored, idleMs: IDLE_MS, logKeep: 1_000, closedTtlMs: 60_000 };
    const onEnd = (_: Mailbox, reason: string) => void ends.push(reason);
    const loaded = loadHandedOver(game, JSON.parse(JSON.stringify(snapshot)), tail);
    const fence = { owner: B, epoch: handover.epoch };
    return new Mailbox({ ...deps, ...times, onEnd }, game, head, fence, loaded, clock.now(), true);
  };
  /** The copy that takes over has this much of the log, and knows the owner that was before. */
  const failOver = (seq: number) => store.rollBack(code, seq, { owner: A, epoch: 1 as never });
  const meta = () => store.meta(code);
  return { stage, ana, store, clock, mailbox, handover, adopt, failOver, meta, ends };
}

/** What `asked` comes to while time passes. */
async function outcome<Value>(stage: Stage, asked: Promise<Value>): Promise<Value> {
  await stage.clock.advance(1_000);
  return asked;
}

test('a copy that lacks the end of the log gets it before it gets the new owner', async () => {
  const { stage, handover, failOver, meta } = await sealed();
  await failOver(1);
  expect(await outcome(stage, handover.give())).toBe('given');
  expect(await meta()).toMatchObject({ owner: B, epoch: 2, seq: 2 });
  expect(await stage.seqs()).toEqual([1, 2]);
});

test('a store that has lost the end of the log gets it before others are left their time, not after', async () => {
  let lost = false;
  const restoring = new Promise<void>(() => undefined);
  const stage = await Stage.open({}, { whenRestored: () => (lost ? restoring : undefined) });
  const [ana] = await stage.players('Ana');
  ana.command(ADD(1));
  await settled();
  if (!(await stage.mailbox.seal())) throw new Error('the room is over');
  lost = true;
  stage.opened.lease.renewed();
  await stage.store.rollBack(stage.code, 1, { owner: A, epoch: 1 as never });
  // Never answered here: it waits for the others.
  void stage.mailbox.handOver(B, 'b:1', async () => undefined).give();
  await stage.clock.advance(1_000);
  expect(await stage.seqs()).toEqual([1, 2]);
  expect(await stage.store.meta(stage.code)).toMatchObject({ owner: A, epoch: 1 });
});

test('a sealed room is not given away after a loss before others have had the time to store it', async () => {
  let othersAreBack: () => void = () => undefined;
  const restoring = new Promise<void>((resolve) => {
    othersAreBack = resolve;
  });
  let lost = false;
  const stage = await Stage.open({}, { whenRestored: () => (lost ? restoring : undefined) });
  await stage.players('Ana');
  if (!(await stage.mailbox.seal())) throw new Error('the room is over');
  lost = true;
  stage.opened.lease.renewed();
  const given = stage.mailbox.handOver(B, 'b:1', async () => undefined).give();
  await stage.clock.advance(1_000);
  expect(await stage.store.meta(stage.code)).toMatchObject({ owner: A, epoch: 1 });
  lost = false;
  othersAreBack();
  expect(await outcome(stage, given)).toBe('given');
  expect(await stage.store.meta(stage.code)).toMatchObject({ owner: B, epoch: 2 });
});

test('a transfer without an answer is sent again, and has landed once', async () => {
  const { stage, store, handover, meta } = await sealed();
  store.script.transfer.push(failAfter, failBefore);
  expect(await outcome(stage, handover.give())).toBe('given');
  expect(handover.epoch).toBe(2);
  expect(await meta()).toMatchObject({ owner: B, epoch: 2 });
});

test('who is handed a room keeps the end of its log, writes to it first, and repairs what a failover loses from then on', async () => {
  const { stage, mailbox, handover, adopt, failOver, meta } = await sealed();
  await handover.give();
  const there = adopt();
  expect(await outcome(stage, there.entered)).toBe(true);
  expect(await stage.seqs()).toEqual([1, 2, 3]);
  mailbox.moved();
  await failOver(0);
  there.prove(stage.clock.monotonic());
  await stage.clock.advance(1_000);
  expect(await stage.seqs()).toEqual([1, 2, 3]);
  expect(await meta()).toMatchObject({ owner: B, seq: 3 });
});

test('a tail that does not lead to the state is not kept; the store gets the room whole when it needs more', async () => {
  const { stage, handover, adopt, failOver, meta } = await sealed();
  await handover.give();
  const there = adopt({ ...handover.tail, texts: handover.tail.texts.slice(1) });
  expect(await outcome(stage, there.entered)).toBe(true);
  await failOver(1);
  there.prove(stage.clock.monotonic());
  await stage.clock.advance(1_000);
  expect(await meta()).toMatchObject({ owner: B, seq: 3 });
  expect((await stage.stored()).snapshot?.seq).toBe(3);
});

test('a transfer that a failover has lost is made again, with the tail and the same epoch', async () => {
  const { stage, handover, failOver, meta } = await sealed();
  await handover.give();
  await failOver(1);
  expect(await outcome(stage, handover.settle(false))).toBe('given');
  expect(handover.epoch).toBe(2);
  expect(await meta()).toMatchObject({ owner: B, epoch: 2, seq: 2 });
});

test('a target that has written nothing is left the time; its room is taken back above its epoch, and it is fenced', async () => {
  const { stage, mailbox, handover, adopt, meta, ana, ends } = await sealed();
  await handover.give();
  expect(await outcome(stage, handover.settle(false))).toBe('given');
  expect(await outcome(stage, handover.settle(true))).toBe('kept');
  expect(await meta()).toMatchObject({ owner: A, epoch: 3 });
  const late = adopt();
  expect(await outcome(stage, late.entered)).toBe(false);
  expect(ends).toEqual(['lost']);
  mailbox.unseal();
  const id = ana.command(ADD(2));
  await settled();
  expect(ana.answer(id)).toBe(3);
});

test('a table whose move was refused at once plays on, and is not said to stand still', async () => {
  const { stage, mailbox, handover, ana } = await sealed();
  await handover.give();
  expect(await handover.settle(true)).toBe('kept');
  mailbox.unseal();
  await stage.clock.advance(5_000);
  expect(mailbox.frozen).toBe(false);
  expect(ana.of('notice')).toEqual([]);
});

test('a room is not taken back from a target that has written to it, whatever became of its answer', async () => {
  const { stage, handover, adopt, meta } = await sealed();
  await handover.give();
  expect(await outcome(stage, adopt().entered)).toBe(true);
  expect(await outcome(stage, handover.settle(false))).toBe('moved');
  expect(await outcome(stage, handover.settle(true))).toBe('moved');
  expect(await meta()).toMatchObject({ owner: B, seq: 3 });
});

test('a claim that takes the room back is found when its answer is lost, and made again', async () => {
  const { stage, store, handover, meta } = await sealed();
  await handover.give();
  store.script.claim.push(failAfter);
  expect(await outcome(stage, handover.settle(true))).toBe('kept');
  expect(await meta()).toMatchObject({ owner: A, epoch: 4 });
});

test('a target that has claimed the room by itself is asked for what it has', async () => {
  const { stage, store, handover, meta } = await sealed();
  await handover.give();
  const seen = await meta();
  if (!seen) throw new Error('the room is there');
  await store.inner.claim(stage.code, seen, B, 'b:1');
  expect(await outcome(stage, handover.settle(false))).toBe('given');
  expect(handover.epoch).toBe(3);
});

test('a target that has claimed a copy without the end of the log does not get by with it', async () => {
  const { stage, store, handover, failOver, meta } = await sealed();
  await handover.give();
  await failOver(1);
  await store.inner.claim(stage.code, { owner: A, epoch: 1 as never }, B, 'b:1', 5 as never);
  expect(await outcome(stage, handover.settle(false))).toBe('given');
  expect(await stage.seqs()).toEqual([1, 2]);
  expect(await meta()).toMatchObject({ owner: B, epoch: 8, seq: 2 });
});

test('a room that a third instance has taken is lost', async () => {
  const { stage, store, handover, meta } = await sealed();
  await handover.give();
  const seen = await meta();
  if (!seen) throw new Error('the room is there');
  await store.inner.claim(stage.code, seen, instance('instance-c'), 'c:1');
  expect(await outcome(stage, handover.settle(true))).toBe('lost');
});
