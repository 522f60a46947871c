/** Who is connected to a room: ends and successors, floods, and what a client gets that comes back. */
import { describe, expect, test } from '@jest/globals';
import { settled } from '../support/manual-clock.js';
import { cursorOf, Player, TestConnection } from './rooms.js';
import { held } from './scripted-store.js';
import { ADD, KICK, START_MATCH, Stage } from './stage.js';

describe('a connection that ends', () => {
  test('before its hello was looked at takes no seat', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    const gate = held();
    stage.store.script.commit.push(gate.fault);
    ana.command(ADD(3));
    await settled();
    const bo = new Player(() => stage.mailbox, 'Bo');
    bo.hello();
    stage.mailbox.detach(bo);
    gate.open();
    await settled();
    expect(stage.mailbox.view('spectator').seats[1]).toBeNull();
    expect(stage.mailbox.connections).toBe(1);
  });

  test('while its hello is being committed is away afterwards', async () => {
    const stage = await Stage.open();
    const [ana] = await stage.players('Ana');
    const gate = held();
    stage.store.script.commit.push(gate.fault);
    const bo = new Player(() => stage.mailbox, 'Bo');
    bo.hello();
    await settled();
    stage.mailbox.detach(bo);
    gate.open();
    await settled();
    expect(ana.of('presence').at(-1)?.seats).toEqual([true, false, false, false]);
    expect(stage.mailbox.connections).toBe(1);
  });

  test('after its successor has said hello leaves the seat present', async () => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    const gate = held();
    stage.store.script.commit.push(gate.fault);
    ana.command(ADD(3));
    await settled();
    const again = new Player(() => stage.mailbox, 'Bo');
    again.token = bo.token;
    again.hello();
    stage.mailbox.detach(bo);
    gate.open();
    await settled();
    expect(ana.of('presence').at(-1)?.seats).toEqual([true, true, false, false]);
    const id = again.command({ type: 'leave' });
    await settled();
    expect(again.answers(id)).toEqual([4]);
  });

  test('while its change of seats is being committed leaves the new seat', async () => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    const gate = held();
    stage.store.script.commit.push(gate.fault);
    bo.command({ type: 'choose_seat', seat: 3 });
    await settled();
    stage.mailbox.detach(bo);
    gate.open();
    await settled();
    expect(ana.of('presence').at(-1)?.seats).toEqual([true, false, false, false]);
  });

  test('counts once, also when it was replaced or its seat was given away', async () => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    const [elsewhere, same] = [new TestConnection('another'), new TestConnection('another')];
    for (const from of [elsewhere, same]) {
      const hello = { type: 'hello', v: 1, client_id: 'another' } as const;
      const presented = bo.holder;
      stage.mailbox.post({ type: 'hello', from, hello, presented, fresh: { token: 'x', hash: 'x' } });
      await settled();
    }
    expect([bo.closed, elsewhere.closed, same.closed]).toEqual(['SEAT_REPLACED', 'SOCKET_REPLACED', undefined]);
    for (const gone of [bo, elsewhere, elsewhere]) stage.mailbox.detach(gone);
    await settled();
    expect(ana.of('presence').at(-1)?.seats).toEqual([true, true, false, false]);
    ana.command(KICK(1));
    await settled();
    expect(same.closed).toBe('KICKED');
    stage.mailbox.detach(same);
    await settled();
    expect(ana.of('presence').at(-1)).toMatchObject({ seats: [true, false, false, false], spectators: 0 });
  });
});

test('a flood during a freeze is cut off: by connection, and by room', async () => {
  const stage = await Stage.open();
  const [ana, bo] = await stage.players('Ana', 'Bo');
  const gate = held();
  stage.store.script.commit.push(gate.fault);
  ana.command(ADD(3));
  await settled();
  for (let more = 0; more < 100; more++) bo.command(KICK(3));
  expect(bo.closed).toBe('RATE_LIMITED');
  const id = ana.command(KICK(3));
  const strangers = Array.from({ length: 2_000 }, () => new TestConnection());
  for (const from of strangers) {
    stage.mailbox.post({ type: 'command', from, holder: 'none', id: '1-x' as never, command: KICK(3) });
  }
  const cut = strangers.filter(({ closed }) => closed === 'RATE_LIMITED').length;
  expect(cut).toBeGreaterThan(900);
  gate.open();
  await settled();
  expect(ana.answers(id)).toEqual([4]);
  expect(strangers.filter(({ frames }) => frames.length > 0)).toHaveLength(2_000 - cut);
});

test('those who watch do not keep players from being heard while the table stands still', async () => {
  const stage = await Stage.open();
  const [ana] = await stage.players('Ana');
  const watchers = Array.from({ length: 40 }, (_, at) => new Player(() => stage.mailbox, `watcher-${at}`));
  for (const watcher of watchers) watcher.hello({ spectate: true });
  await settled();
  const gate = held();
  stage.store.script.commit.push(gate.fault);
  ana.command(ADD(1));
  await settled();
  for (const watcher of watchers) for (let more = 0; more < 32; more++) watcher.command(KICK(1));
  const id = ana.command(ADD(2));
  const back = new Player(() => stage.mailbox, 'Ana');
  back.token = ana.token;
  back.hello();
  expect([ana.closed, back.closed]).toEqual([undefined, undefined]);
  gate.open();
  await settled();
  expect(ana.answers(id)).toEqual([3]);
  expect(back.welcome?.seat).toBe(0);
});

describe('a client that comes back', () => {
  const resumed = async (change: (stage: Stage, ana: Player, bo: Player) => Promise<void>) => {
    const stage = await Stage.open();
    const [ana, bo] = await stage.players('Ana', 'Bo');
    const cursor = cursorOf(stage.mailbox.position);
    await change(stage, ana, bo);
    const again = new Player(() => stage.mailbox, 'Bo');
    again.token = bo.token;
    again.hello({ resume: cursor });
    await settled();
    return { stage, again, cursor };
  };

  test('gets exactly what it missed', async () => {
    const { stage, again } = await resumed(async (_, ana) => {
      ana.command(ADD(2));
      ana.command(START_MATCH);
      await settled();
    });
    expect(again.welcome).toMatchObject({ resumed: true, seq: stage.mailbox.position.seq });
    expect(again.welcome).not.toHaveProperty('view');
    expect(again.of('event').map(({ seq }) => seq)).toEqual([3, 4, 5, 6]);
    expect(again.of('event').at(-1)?.digest).toBe(stage.mailbox.position.digest);
  });

  test.each([
    ['of another timeline', { digest: 'f'.repeat(16) }],
    ['of a later epoch', { epoch: 2 }],
    ['of the future', { seq: 9 }],
  ])('with a cursor %s gets the whole view', async (_, wrong) => {
    const { stage, again, cursor } = await resumed(async () => undefined);
    again.hello({ resume: { ...cursor, ...wrong } as typeof cursor });
    await settled();
    expect(again.welcome).toMatchObject({ resumed: false, view: { seat: 1 } });
    expect(stage.mailbox.connections).toBe(2);
  });

  test('gets the whole view after a change of seats, and when it has just taken the seat', async () => {
    const { again, stage, cursor } = await resumed(async (_, _ana, bo) => {
      bo.command({ type: 'choose_seat', seat: 3 });
      await settled();
    });
    expect(again.welcome).toMatchObject({ resumed: false, seat: 3, view: { seat: 3 } });
    const eve = new Player(() => stage.mailbox, 'Eve');
    eve.hello({ resume: { ...cursorOf(stage.mailbox.position) } });
    await settled();
    expect(eve.welcome).toMatchObject({ resumed: false, seat: 1, view: { seat: 1 } });
    expect(cursor.seq).toBe(2);
  });
});
