/** The shell around a room: errors, the end of a room here, snapshots, rooms that write behind. */
import { describe, expect, test } from '@jest/globals';
import { CommandWindows } from '../../src/room/commands.js';
import { START } from '../../src/room/history.js';
import { loadRoom } from '../../src/room/load.js';
import { emptyRoom } from '../../src/room/state.js';
import { SNAPSHOT_VERSION, toSnapshot } from '../../src/room/store.js';
import { settled } from '../support/manual-clock.js';
import { game, IDLE_MS, newHead, openRoom, Player, seat, TURN_MS } from './rooms.js';
import { failAfter, failBefore, fenced, held, works } from './scripted-store.js';
import { ADD, KICK, START_MATCH, Stage } from './stage.js';

describe('an error in a game', () => {
  test('ends this room only, says so to everybody, and is counted', async () => {
    const broken = {
      ...game,
      decide: () => {
        throw new TypeError('of the game');
      },
    };
    const stage = await Stage.open({}, { game: broken });
    const other = await openRoom(stage.store, stage.clock, newHead('0THER000'));
    const [ana, bo] = await stage.players('Ana', 'Bo');
    const cy = new Player(() => other.mailbox, 'Cy');
    cy.hello();
    ana.command(START_MATCH);
    await settled();
    const late = new Player(() => stage.mailbox, 'Late');
    bo.command({ type: 'play', card: 'AS' });
    late.hello();
    await settled();
    expect([ana, bo, late].map(({ closed }) => closed)).toEqual(['ROOM_FAILED', 'ROOM_FAILED', 'ROOM_FAILED']);
    expect(stage.opened.ends).toEqual(['failed']);
    const id = cy.command(ADD(1));
    await settled();
    expect([cy.answer(id), cy.closed]).toEqual([2, undefined]);
    expect(other.ends).toEqual([]);
  });

  test('in an automatic move ends the room as well', async () => {
    const broken = {
      ...game,
      bot: () => {
        throw new TypeError('of the bot');
      },
    };
    const stage = await Stage.open({}, { game: broken });
    const [ana] = await stage.players('Ana');
    ana.command(START_MATCH);
    await stage.clock.advance(TURN_MS);
    expect(ana.closed).toBe('ROOM_FAILED');
    expect(stage.clock.timers).toBe(0);
  });
});

describe('giving a room up', () => {
  test('stores a snapshot from which the equal room is loaded', async () => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    ana.command(START_MATCH);
    const refusal = bo.command({ type: 'start' });
    await stage.clock.advance(3 * TURN_MS);
    const kept = await stage.kept();
    stage.mailbox.unseal();
    await stage.mailbox.release(60_000);
    expect([ana.closed, bo.closed]).toEqual(['MOVED', 'MOVED']);
    expect(stage.opened.ends).toEqual(['released']);
    expect(stage.clock.timers).toBe(0);
    const stored = await stage.stored();
    const loaded = loadRoom(game, stored);
    expect(stored.tail).toEqual([]);
    expect(loaded.state).toEqual({ ...kept.state, turns: kept.turns, ...kept.deal, lapsed: kept.lapsed });
    expect(loaded.windows.stored()).toEqual(kept.windows);
    expect(loaded.windows.lookup(seat(1), refusal)).toMatchObject({ refused: 'NOT_HOST' });
    expect(loaded.history.position).toEqual({ seq: kept.seq, digest: kept.digest });
  });

  test('finishes what is under way, and sends away who comes meanwhile', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    const [commit, release] = [held(), held()];
    stage.store.script.commit.push(commit.fault);
    stage.store.script.release.push(release.fault);
    const id = ana.command(ADD(1));
    await settled();
    const done = stage.mailbox.release(1_000);
    const late = new Player(() => stage.mailbox, 'Late');
    late.hello();
    commit.open();
    await settled();
    expect(ana.answers(id)).toEqual([2]);
    const later = new Player(() => stage.mailbox, 'Later');
    later.hello();
    release.open();
    await done;
    expect([ana.closed, late.closed, later.closed]).toEqual(['MOVED', 'MOVED', 'MOVED']);
    expect(late.frames).toEqual([]);
    expect(await stage.ids()).toEqual([id]);
  });

  test('waits for the copies: what a failover loses just then is appended again', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    const ids = [ana.command(ADD(1)), ana.command(ADD(2))];
    await settled();
    stage.store.script.commit.push(works, async () => {
      await stage.store.rollBack(stage.code, 1);
      return failBefore(async () => ({ outcome: 'gone' as const }));
    });
    const done = stage.mailbox.release(60_000);
    await stage.clock.advance(100);
    await done;
    expect(await stage.ids()).toEqual(ids);
    expect(await stage.store.inner.meta(stage.code)).toMatchObject({ owner: null, seq: 3 });
  });

  test('is over at once for a room that is lost meanwhile', async () => {
    const stage = await Stage.open();
    await stage.players('Ana');
    await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
    await stage.mailbox.release(1_000);
    expect(stage.opened.ends).toEqual(['lost']);
    expect(await stage.store.inner.meta(stage.code)).toMatchObject({ owner: 'instance-b' });
  });

  test('a sealed room takes nothing until it is unsealed', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    const snapshot = await stage.mailbox.seal();
    expect(snapshot).toMatchObject({ seq: 1, digest: stage.mailbox.position.digest });
    const id = ana.command(ADD(1));
    await stage.clock.advance(1_000);
    expect(ana.answers(id)).toEqual([]);
    stage.mailbox.unseal();
    await settled();
    expect(ana.answers(id)).toEqual([2]);
  });

  test('a closed room tells everybody at once, also who comes while its keys are given up', async () => {
    const stage = await Stage.open();
    const release = held();
    stage.store.script.release.push(release.fault);
    const [ana] = await stage.players('Ana');
    stage.mailbox.detach(ana);
    const bo = new Player(() => stage.mailbox, 'Bo');
    await stage.clock.advance(IDLE_MS - 1);
    bo.hello({ spectate: true });
    await settled();
    stage.mailbox.detach(bo);
    await stage.clock.advance(IDLE_MS);
    const cy = new Player(() => stage.mailbox, 'Cy');
    cy.hello();
    await settled();
    expect([cy.closed, stage.opened.ends]).toEqual(['ROOM_CLOSED', []]);
    release.open();
    await settled();
    const di = new Player(() => stage.mailbox, 'Di');
    di.hello();
    expect(di.closed).toBe('ROOM_CLOSED');
    expect(stage.opened.ends).toEqual(['closed']);
    expect(stage.clock.timers).toBe(0);
    const again = await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
    const ed = new Player(() => again.mailbox, 'Ed');
    ed.hello();
    await settled();
    expect(ed.closed).toBe('ROOM_CLOSED');
  });
});

describe('snapshots', () => {
  const busy = async (stage: Stage) => {
    const [ana] = await stage.players('Ana');
    ana.command(START_MATCH);
    await settled();
    ana.command({ type: 'leave' });
    return new Player(() => stage.mailbox, 'Eve');
  };

  test('do not hold up moves, and nothing is trimmed before they are confirmed', async () => {
    const stage = await Stage.open({ bot_ms: 10 });
    const eve = await busy(stage);
    const gate = held();
    stage.store.script.snapshot.push(gate.fault);
    eve.hello({ spectate: true });
    await stage.clock.advance(10 * 90);
    const { position } = stage.mailbox;
    expect(stage.store.snapshots).toHaveLength(1);
    expect(position.seq).toBeGreaterThan(70);
    expect(eve.of('event').at(-1)?.seq).toBe(position.seq);
    gate.open();
    await settled();
    const [snapshot] = stage.store.snapshots;
    const stored = await stage.stored();
    expect(stored.snapshot?.seq).toBe(snapshot?.seq);
    expect(loadRoom(game, stored).history.position).toMatchObject({ seq: position.seq, digest: position.digest });
  });

  test('that fail are tried again', async () => {
    const stage = await Stage.open({ bot_ms: 10 });
    await busy(stage);
    stage.store.script.snapshot.push(failBefore, failAfter, fenced);
    await stage.clock.advance(10 * 90);
    expect(stage.store.snapshots.length).toBeGreaterThanOrEqual(4);
    expect(stage.opened.ends).toEqual([]);
  });

  test('of a room with a long log come with its first batch', async () => {
    const stage = await Stage.open({ bot_ms: 10 });
    await busy(stage);
    stage.store.script.snapshot.push(...Array(200).fill(failBefore));
    await stage.clock.advance(10 * 90);
    stage.store.script.snapshot.length = 0;
    const tries = stage.store.snapshots.length;
    const next = await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
    const eve = new Player(() => next.mailbox, 'Eve');
    eve.hello({ spectate: true });
    await settled();
    expect(stage.store.snapshots.length).toBeGreaterThan(tries);
  });

  test('hold no command id whose commit is not confirmed', async () => {
    const stage = await Stage.open({ bot_ms: 10 });
    const [ana] = await stage.players('Ana');
    for (let more = 0; more < 32; more++) {
      ana.command(ADD(1));
      ana.command(KICK(1));
      await settled();
    }
    for (const snapshot of stage.store.snapshots) {
      for (const outcome of snapshot.windows.flatMap(({ outcomes }) => outcomes)) {
        if (typeof outcome === 'number') expect(outcome).toBeLessThanOrEqual(snapshot.seq);
      }
    }
    expect(stage.store.snapshots).toHaveLength(1);
  });
});

describe('an async room', () => {
  test('acks first and writes behind, in order', async () => {
    const stage = await Stage.open({ durability: 'async' });
    const [ana] = await stage.players('Ana');
    const gate = held(failBefore);
    stage.store.script.commit.push(gate.fault);
    const ids = [1, 2, 3].map((at) => ana.command(ADD(at)));
    await settled();
    expect(ids.map((id) => ana.answer(id))).toEqual([2, 3, 4]);
    expect(await stage.seqs()).toEqual([1]);
    gate.open();
    await stage.clock.advance(50);
    expect(await stage.seqs()).toEqual([1, 2, 3, 4]);
    expect(ana.of('notice')).toEqual([]);
  });

  test('stops when it is too far ahead', async () => {
    const stage = await Stage.open({ durability: 'async' });
    const [ana] = await stage.players('Ana');
    const gate = held();
    stage.store.script.commit.push(gate.fault);
    let last = ana.command(ADD(1));
    await settled();
    for (let more = 0; more < 275; more++) {
      last = ana.command(more % 2 === 0 ? KICK(1) : ADD(1));
      await settled();
    }
    const acked = ana.of('ack').length;
    expect(acked).toBeGreaterThan(250);
    expect(acked).toBeLessThan(262);
    gate.open();
    await settled();
    expect(ana.of('ack')).toHaveLength(276);
    expect(ana.answer(last)).toBe(277);
  });

  test('takes snapshots although it is always ahead', async () => {
    const stage = await Stage.open({ durability: 'async', bot_ms: 10 });
    const [ana] = await stage.players('Ana');
    ana.command(START_MATCH);
    await settled();
    ana.command({ type: 'leave' });
    await stage.clock.advance(10 * 90);
    expect(stage.store.snapshots.length).toBeGreaterThanOrEqual(1);
    const stored = await stage.stored();
    expect(loadRoom(game, stored).history.position.seq).toBe(stage.mailbox.position.seq);
  });

  test('that is lost while it writes behind ends once', async () => {
    const stage = await Stage.open({ durability: 'async' });
    const [ana] = await stage.players('Ana');
    const gate = held(fenced);
    stage.store.script.commit.push(gate.fault);
    ana.command(ADD(1));
    await settled();
    stage.mailbox.detach(ana);
    await stage.clock.advance(IDLE_MS);
    gate.open();
    await settled();
    expect(stage.opened.ends).toEqual(['lost']);
    expect(stage.clock.timers).toBe(0);
  });
});

test('a room whose log is broken is not played', async () => {
  const stage = await Stage.open();
  await stage.players('Ana', 'Bo');
  const room = await stage.stored();
  expect(loadRoom(game, room).state.seats).toMatchObject([{ name: 'Ana' }, { name: 'Bo' }, null, null]);
  const broken = [
    { ...room, tail: room.tail.slice(1) },
    { ...room, tail: room.tail.slice(0, 1) },
    { ...room, tail: room.tail.map((entry) => ({ ...entry, text: entry.text.replace('Ana', 'Eve') })) },
    { ...room, tail: room.tail.map((entry) => ({ ...entry, text: entry.text.replace('"v":1', '"v":0') })) },
    { ...room, tail: room.tail.map((entry) => ({ ...entry, text: 'no JSON' })) },
  ];
  for (const stored of broken)
    expect(() => loadRoom(game, stored)).toThrow(expect.objectContaining({ name: 'CorruptRoom' }));
  const newer = [
    { ...room, tail: room.tail.map((entry) => ({ ...entry, text: entry.text.replace('"v":1', '"v":2') })) },
    { ...room, snapshot: { ...toSnapshot(START, emptyRoom(4), new CommandWindows()), v: SNAPSHOT_VERSION + 1 } },
  ];
  for (const stored of newer)
    expect(() => loadRoom(game, stored)).toThrow(expect.objectContaining({ name: 'NewerRoom' }));
});
