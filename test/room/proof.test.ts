/** A room that waits is asked about now and then: another may have taken it without a word. */
import { expect, test } from '@jest/globals';
import type { CommandId } from '../../src/protocol/ids.js';
import { settled } from '../support/manual-clock.js';
import { openRoom, type Player } from './rooms.js';
import { held } from './scripted-store.js';
import { Stage } from './stage.js';

test('a room that waits is asked about when nothing was confirmed since, and not while it is', async () => {
  const stage = await Stage.open();
  const { clock, mailbox, store } = stage;
  await stage.players('Ana');
  const before = store.checks;
  await clock.advance(1_000);
  mailbox.prove(clock.monotonic() - 5_000);
  expect(store.checks).toBe(before);
  const gate = held();
  store.script.check.push(gate.fault);
  mailbox.prove(clock.monotonic() - 500);
  mailbox.prove(clock.monotonic() - 500);
  gate.open();
  await settled();
  mailbox.prove(clock.monotonic() - 500);
  await settled();
  expect(store.checks).toBe(before + 1);
});

test('an answer to a question that was asked before the doubt does not settle it', async () => {
  const { clock, mailbox, store } = await Stage.open();
  const before = store.checks;
  const gate = held();
  store.script.check.push(gate.fault);
  await clock.advance(1_000);
  mailbox.prove(clock.monotonic());
  await clock.advance(10);
  mailbox.prove(clock.monotonic());
  gate.open();
  await settled();
  expect(store.checks).toBe(before + 2);
});

test('a room that is asked about already is not asked about once more', async () => {
  const { clock, mailbox, store } = await Stage.open();
  store.mute = true;
  await clock.advance(1_000);
  mailbox.prove(clock.monotonic());
  await settled();
  const asked = store.checks;
  mailbox.prove(clock.monotonic());
  await settled();
  expect(store.checks).toBe(asked);
});

test('a room that another has taken sends its players away', async () => {
  const stage = await Stage.open();
  const [ana] = await stage.players('Ana');
  await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
  await stage.clock.advance(1_000);
  stage.mailbox.prove(stage.clock.monotonic());
  await settled();
  expect([ana.closed, stage.opened.ends]).toEqual(['MOVED', ['lost']]);
});

test.each<[string, (ana: Player, refused: CommandId) => void]>([
  ['refuses nothing', (ana) => ana.command({ type: 'play', card: 'AS' })],
  ['repeats no refusal', (ana, refused) => ana.command({ type: 'play', card: 'AS' }, refused)],
])('an owner whose room was taken while its lease was fresh %s', async (_, give) => {
  const stage = await Stage.open();
  const [ana] = await stage.players('Ana');
  const refused = ana.command({ type: 'play', card: 'AS' });
  await settled();
  expect(ana.answers(refused)).toHaveLength(1);
  await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
  const frames = ana.frames.length;
  await stage.clock.advance(10);
  give(ana, refused);
  await settled();
  expect([ana.closed, ana.frames.length - frames, stage.opened.ends]).toEqual(['MOVED', 0, ['lost']]);
});
