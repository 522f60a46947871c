// Holds I2 of src/README.md.
/** The shell around a room: what it does when commits are slow, lost, refused, or taken back by a failover. */
import { describe, expect, test } from '@jest/globals';
import type { Mailbox } from '../../src/room/mailbox.js';
import { settled } from '../support/manual-clock.js';
import { BOT_MS, entries, openRoom, Player, seat, TestConnection, TURN_MS } from './rooms.js';
import { failAfter, failBefore, held } from './scripted-store.js';
import { ADD, counts, KICK, START_MATCH, Stage, types } from './stage.js';

describe('the output gate', () => {
  test('nothing leaves while a commit is under way, everything after it', async () => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    const gate = held();
    stage.store.script.commit.push(gate.fault);
    const id = ana.command(ADD(2));
    await stage.clock.advance(300);
    const before = counts(ana, bo);
    bo.command({ type: 'play', card: 'AS' });
    ana.command(ADD(2), id);
    const cy = new Player(() => stage.mailbox, 'Cy');
    cy.hello({ spectate: true });
    await stage.clock.advance(99);
    expect(counts(ana, bo, cy)).toEqual([...before, 0]);
    expect(stage.mailbox.view('spectator').seats[2]).toBeNull();
    gate.open();
    await settled();
    expect(types(ana, before[0])).toEqual(['event', 'ack', 'ack', 'presence']);
    expect(types(bo, before[1])).toEqual(['event', 'error', 'presence']);
    expect(types(cy)).toEqual(['welcome', 'presence']);
    expect(ana.answers(id)).toEqual([3, 3]);
    expect(stage.mailbox.view('spectator').seats[2]).toMatchObject({ bot: true });
  });

  test('what comes meanwhile is the next batch, one commit', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    const gate = held();
    stage.store.script.commit.push(gate.fault);
    const ids = [ana.command(ADD(1))];
    await settled();
    ids.push(ana.command(ADD(2)), ana.command(ADD(3)), ana.command({ type: 'start' }));
    await settled();
    stage.store.commits.length = 0;
    gate.open();
    await settled();
    // start is followed by the hakem's draw and the first deal, which are entries of their own.
    expect(stage.store.commits).toEqual([5]);
    expect(ids.map((id) => ana.answer(id))).toEqual([2, 3, 4, 5]);
  });

  test('the same command twice in one batch is one entry and two equal acks', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    const id = ana.command(ADD(1));
    ana.command(ADD(1), id);
    const other = ana.command(ADD(1));
    ana.command(ADD(1), other);
    await settled();
    expect(ana.answers(id)).toEqual([2, 2]);
    expect(ana.answers(other)).toEqual(['SEAT_TAKEN', 'SEAT_TAKEN']);
    expect(await stage.ids()).toEqual([id]);
  });

  test('a table that waits for a commit says so, and gets the time back', async () => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    ana.command(START_MATCH);
    await settled();
    const deadline = bo.of('event').at(-1)?.deadline ?? 0;
    const gate = held();
    stage.store.script.commit.push(gate.fault);
    bo.command({ type: 'leave' });
    await stage.clock.advance(400);
    expect(types(ana).at(-1)).toBe('notice');
    expect(stage.mailbox.frozen).toBe(true);
    await stage.clock.advance(TURN_MS);
    const seen = ana.frames.length;
    gate.open();
    await settled();
    expect(types(ana, seen)).toEqual(['event', 'presence', 'notice', 'event']);
    expect(ana.of('notice').map(({ kind }) => kind)).toEqual(['frozen', 'resumed']);
    const moved = ana.of('event').at(-1);
    expect(moved?.events).toEqual([{ type: 'clock_moved', by_ms: TURN_MS + 400 }]);
    expect((moved?.deadline ?? 0) - (ana.of('event').at(-2)?.deadline ?? 0)).toBe(TURN_MS + 400);
    expect(deadline).toBeGreaterThan(0);
    expect(stage.mailbox.frozen).toBe(false);
  });
});

describe('a commit without an answer', () => {
  test.each([
    ['landed', [failAfter]],
    ['did not land', [failBefore]],
    ['did not land, then landed', [failBefore, failAfter]],
    ['landed, then was cut off twice', [failAfter, failBefore, failBefore]],
  ])('that %s takes effect once, and is acked once', async (_, faults) => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    stage.store.script.commit.push(...faults);
    const id = ana.command(ADD(2));
    await settled();
    const before = counts(ana, bo);
    for (const _fault of faults.slice(1)) await stage.clock.advance(50);
    expect(counts(ana, bo)).toEqual(before);
    await stage.clock.advance(50);
    expect(ana.answers(id)).toEqual([3]);
    expect(await stage.ids()).toEqual([id]);
    expect(await stage.seqs()).toEqual([1, 2, 3]);
    expect(bo.of('event').map(({ seq }) => seq)).toEqual([3]);
  });

  test('is not sent again before the lease is fresh', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    stage.store.script.commit.push(failBefore);
    const id = ana.command(ADD(2));
    await settled();
    stage.opened.lease.stale();
    await stage.clock.advance(10_000);
    expect(stage.store.commits.at(-1)).toBe(1);
    const tries = stage.store.commits.length;
    stage.opened.lease.renewed();
    await settled();
    expect(stage.store.commits.length).toBe(tries + 1);
    expect(ana.answers(id)).toEqual([2]);
  });
});

describe('a promoted copy that lacks the end of the log', () => {
  test('gets it back before new moves', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana', 'Bo', 'Cy');
    const acked = [ana.command(ADD(3)), ana.command(KICK(3))];
    await settled();
    const before = await stage.store.log(stage.code);
    await stage.store.rollBack(stage.code, 2);
    const id = ana.command(ADD(3));
    await settled();
    const after = await stage.store.log(stage.code);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(await stage.ids()).toEqual([...acked, id]);
    expect(ana.answer(id)).toBe(6);
    expect((await stage.store.inner.meta(stage.code))?.digest).toBe(after.at(-1)?.digest);
  });

  test('gets it back although it took over while a commit was under way', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana', 'Bo');
    stage.store.script.commit.push(failAfter);
    const id = ana.command(ADD(3));
    await settled();
    await stage.store.rollBack(stage.code, 1);
    await stage.clock.advance(50);
    expect(ana.answers(id)).toEqual([3]);
    expect(await stage.seqs()).toEqual([1, 2, 3]);
  });

  test.each([
    ['', []],
    [' and the new claim has no answer', [failAfter]],
    [' and the new claim is lost, then has no answer', [failBefore, failAfter]],
  ])('and lacks the claim as well%s: the room is claimed again above it', async (_, faults) => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    // The room is claimed a second time, so that an older owner and epoch exist.
    const first = stage.mailbox.fence;
    stage.opened = await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
    const { epoch } = stage.mailbox.fence;
    ana.hello();
    await settled();
    const id = ana.command(ADD(1));
    await settled();
    await stage.store.rollBack(stage.code, 1, first);
    stage.store.script.claim.push(...faults);
    const next = ana.command(ADD(2));
    await stage.clock.advance(500);
    expect([ana.answer(id), ana.answer(next)]).toEqual([2, 3]);
    expect(await stage.ids()).toEqual([id, next]);
    expect(stage.mailbox.fence.epoch).toBeGreaterThan(epoch);
    expect(await stage.store.inner.meta(stage.code)).toMatchObject(stage.mailbox.fence);
    expect(stage.opened.ends).toEqual([]);
  });

  test('and has gone on differently ends the room here, with nothing sent', async () => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    await stage.store.rollBack(stage.code, 1);
    const first = (await stage.store.log(stage.code))[0];
    if (!first) throw new Error('no entry');
    const foreign = entries(first, 1, [{ type: 'seat_left', seat: seat(0), reason: 'left' }]);
    await stage.store.inner.commit(stage.code, stage.mailbox.fence, first, foreign);
    const before = counts(ana, bo);
    ana.command(ADD(2));
    await settled();
    expect([ana.closed, bo.closed]).toEqual(['MOVED', 'MOVED']);
    expect(counts(ana, bo)).toEqual(before);
    expect(await stage.seqs()).toEqual([1, 2]);
    expect(stage.opened.ends).toEqual(['lost']);
  });

  test('gets the tail back before the room is given away', async () => {
    for (const give of [(room: Mailbox) => room.release(1_000), async (room: Mailbox) => void (await room.seal())]) {
      const stage = await Stage.open();
      const [ana] = await stage.players('Ana');
      const id = ana.command(ADD(1));
      await settled();
      await stage.store.rollBack(stage.code, 1);
      await give(stage.mailbox);
      expect(await stage.ids()).toEqual([id]);
    }
  });
});

describe('a room that another instance has taken', () => {
  test('is dropped at the first commit: all are sent away, nothing is told', async () => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    const [late, http, early] = [
      new Player(() => stage.mailbox, 'Late'),
      new TestConnection(),
      new Player(() => stage.mailbox, 'Early'),
    ];
    const taken = await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
    const before = counts(ana, bo);
    const gate = held();
    stage.store.script.commit.push(gate.fault);
    const id = ana.command(ADD(2));
    late.hello();
    await settled();
    early.hello();
    stage.mailbox.post({ type: 'command', from: http, holder: bo.holder, id: '1-http' as never, command: ADD(3) });
    await settled();
    gate.open();
    await settled();
    expect([ana, bo, late, early, http].map(({ closed }) => closed)).toEqual(Array(5).fill('MOVED'));
    expect(counts(ana, bo, late, early, http)).toEqual([...before, 0, 0, 0]);
    expect(stage.opened.ends).toEqual(['lost']);
    expect(await stage.ids()).not.toContain(id);
    const after = new TestConnection();
    stage.mailbox.post({ type: 'command', from: after, holder: ana.holder, id, command: ADD(2) });
    expect(after.closed).toBe('MOVED');
    await taken.mailbox.release(1);
    expect(stage.clock.timers).toBe(0);
  });

  test('is stored whole when the store does not know it any more, and played on', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    await stage.store.inner.release(stage.code, stage.mailbox.fence, stage.mailbox.position, 1);
    await stage.clock.advance(2);
    const id = ana.command(ADD(2));
    await settled();
    expect(ana.closed).toBeUndefined();
    expect(ana.answer(id)).toBe(2);
    expect(await stage.ids()).toEqual([id]);
  });
});

describe('who joins', () => {
  test('is told what the store has confirmed since: with the commit that seats them, or by a question', async () => {
    const stage = await Stage.open();
    const { store } = stage;
    const before = store.checks;
    const [ana] = await stage.players('Ana');
    expect(store.checks).toBe(before);
    await stage.clock.advance(1);
    ana.hello();
    await settled();
    expect([ana.of('welcome').length, store.checks]).toEqual([2, before + 1]);
  });

  test('is not asked about again when a commit under way began after they came', async () => {
    const stage = await Stage.open();
    const { store } = stage;
    const [ana] = await stage.players('Ana');
    const before = store.checks;
    await stage.clock.advance(1_000);
    const came = stage.clock.monotonic();
    await stage.clock.advance(10);
    ana.command(ADD(1));
    await Promise.resolve();
    ana.hello({}, undefined, came);
    await settled();
    expect([ana.of('welcome').length, store.checks]).toEqual([2, before]);
  });
});

describe('a lease in doubt', () => {
  test('freezes the table; once it is verified play goes on with the time given back', async () => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    ana.command(START_MATCH);
    await settled();
    const { lease } = stage.opened;
    const [before, deadline, asked] = [counts(ana, bo), ana.of('event').at(-1)?.deadline ?? 0, stage.store.checks];
    lease.stale();
    stage.mailbox.wake();
    const id = bo.command(KICK(0));
    await stage.clock.advance(3 * TURN_MS);
    expect(types(ana, before[0])).toEqual(['notice']);
    expect(ana.of('notice').at(-1)?.kind).toBe('frozen');
    expect(bo.answers(id)).toEqual([]);
    expect(stage.store.checks).toBe(asked);
    lease.renewed();
    await settled();
    expect(bo.answers(id)).toEqual(['NOT_HOST']);
    expect(ana.of('notice').at(-1)?.kind).toBe('resumed');
    expect(ana.of('event').at(-1)?.events).toEqual([{ type: 'clock_moved', by_ms: 3 * TURN_MS }]);
    expect(ana.of('event').at(-1)?.deadline).toBe(deadline + 3 * TURN_MS);
    expect(stage.opened.ends).toEqual([]);
  });

  test('drops the room when the store names another owner; a resend is not even answered from memory', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    const id = ana.command(ADD(1));
    await settled();
    await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
    // Fresh again before anybody looked: only the generation tells.
    stage.opened.lease.renewed();
    const before = ana.of('ack').length;
    ana.command(ADD(1), id);
    await settled();
    expect(ana.closed).toBe('MOVED');
    expect(ana.of('ack').length).toBe(before);
    expect(stage.opened.ends).toEqual(['lost']);
  });

  test('is asked about until the store answers', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    stage.store.mute = true;
    stage.opened.lease.renewed();
    const id = ana.command(ADD(1));
    await stage.clock.advance(1_000);
    expect(ana.answers(id)).toEqual([]);
    stage.store.mute = false;
    await stage.clock.advance(50);
    expect(ana.answers(id)).toEqual([2]);
  });
});

test('the log carries a salt that no two entries share, and no frame shows', async () => {
  const stage = await Stage.open();
  const [ana] = await stage.players('Ana', 'Bo');
  ana.command(START_MATCH);
  await stage.clock.advance(20 * (BOT_MS + TURN_MS));
  const log = await stage.store.log(stage.code);
  const salts = log.map(({ entry }) => entry.salt);
  expect(new Set(salts).size).toBe(log.length);
  for (const salt of salts) expect(salt).toMatch(/^[0-9a-f]{32}$/);
  expect(salts.filter((salt) => ana.texts.some((text) => text.includes(salt)))).toEqual([]);
});
