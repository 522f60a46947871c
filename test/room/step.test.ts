/** What a room does, one input at a time. */
import { describe, expect, test } from '@jest/globals';
import type { Seat } from '../../src/game/game.js';
import type { CommandId } from '../../src/protocol/ids.js';
import { CommandWindows, WINDOW } from '../../src/room/commands.js';
import { nameAt, playing, room, seated } from './pure-room.js';
import { BOT_MS, game, hashOf } from './rooms.js';

describe('joining', () => {
  test('newcomers get the first empty seat, a token and the log entry; the first is host', () => {
    const made = room().join('Ana');
    expect(made.answers).toEqual(['admit Ana 0', 'presence']);
    expect(made.events).toEqual([
      { type: 'seat_taken', seat: 0, name: 'Ana', token_hash: hashOf('token of Ana 0') },
      { type: 'host_changed', seat: 0 },
    ]);
    expect(made.effects[0]).toMatchObject({ token: 'token of Ana 0' });
    expect(made.presence).toMatchObject({ connected: [true, false, false, false], emptySince: null });
    made.join('Bo');
    expect(made.types).toEqual(['seat_taken']);
    expect(made.state.host).toBe(0);
    expect(made.names).toEqual(['Ana', 'Bo', null, null]);
  });

  test('a wished seat is given when nobody sits there', () => {
    const made = room().join('Ana', { seat: 2 as Seat });
    expect(made.names).toEqual([null, null, 'Ana', null]);
    expect(made.join('Bo', { seat: 2 as Seat }).answers).toEqual(['refuse Bo SEAT_TAKEN']);
    expect(made.join('Bo', { seat: 7 as Seat }).answers).toEqual(['refuse Bo SEAT_TAKEN']);
    expect(made.events).toEqual([]);
  });

  test('a token leads back to its seat, a wrong one nowhere', () => {
    const made = seated(2);
    made.gone(1);
    expect(made.presence.connected).toEqual([true, false, false, false]);
    expect(made.join('Bo').answers).toEqual(['admit Bo 1', 'presence']);
    expect(made.events).toEqual([]);
    expect(made.effects[0]).not.toHaveProperty('token');
    expect(made.presence).toMatchObject({ connected: [true, true, false, false], goneAt: [null, null, 1e6, 1e6] });
    made.give({
      type: 'hello',
      from: 'Eve',
      hello: { type: 'hello', v: 1, client_id: 'eve', seat: 3 as Seat },
      presented: hashOf('guessed'),
      fresh: { token: 'fresh', hash: hashOf('fresh') },
    });
    expect(made.answers).toEqual(['refuse Eve WRONG_TOKEN']);
    expect(made.log).toHaveLength(2);
  });

  test('names at one table are told apart, bots included', () => {
    const made = room().join('Sara');
    expect(made.forget('Sara').join('Sara').forget('Sara').join('sara').names).toEqual([
      'Sara',
      'Sara (2)',
      'sara (3)',
      null,
    ]);
    expect(room().join('x', { name: 'Bot 2' }).command('x', { type: 'add_bot', seat: 1 }).names).toEqual([
      'Bot 2',
      'Bot 2 (2)',
      null,
      null,
    ]);
    const { name, ...unnamed } = { type: 'hello', v: 1, client_id: 'x', name: 'x' } as const;
    made.give({ type: 'hello', from: name, hello: unnamed, fresh: { token: 't', hash: hashOf('t') } });
    expect(made.names[3]).toBe('Player 4');
  });

  test('a full table takes spectators only', () => {
    const made = seated();
    expect(made.join('Eve').answers).toEqual(['refuse Eve ROOM_UNAVAILABLE']);
    expect(made.join('Eve', { spectate: true }).answers).toEqual(['admit Eve spectator', 'presence']);
    expect(made.presence.spectators).toBe(1);
    expect(made.events).toEqual([]);
    expect(made.gone(null).presence.spectators).toBe(0);
  });

  test('a newcomer takes the seat of a bot, in a match too, but never that of a player who is away', () => {
    const made = playing(2);
    made.gone(1);
    expect(made.join('Eve').answers).toEqual(['admit Eve 2', 'presence']);
    expect(made.join('Fay').answers).toEqual(['admit Fay 3', 'presence']);
    expect(made.join('Gus').answers).toEqual(['refuse Gus ROOM_UNAVAILABLE']);
    expect(made.names).toEqual(['Ana', 'Bo', 'Eve', 'Fay']);
    expect(made.state.status).toBe('playing');
  });

  test('a host-less room makes the next newcomer host', () => {
    const made = seated(1).command('Ana', { type: 'leave' });
    expect(made.state.host).toBeNull();
    expect(made.join('Bo').state.host).toBe(0);
  });
});

describe('the host', () => {
  test.each([
    ['start', { type: 'start', fill_with_bots: true }],
    ['add_bot', { type: 'add_bot', seat: 3 }],
    ['kick', { type: 'kick', seat: 2 }],
  ])('alone may %s', (_, command) => {
    const made = seated(3);
    expect(made.command('Bo', command).answers).toEqual(['refuse Bo NOT_HOST']);
    expect(made.events).toEqual([]);
    expect(made.command('Ana', command).answers[0]).toMatch(/^ack/);
  });

  test('starts when every seat is filled, or fills them with bots', () => {
    const made = seated(3);
    expect(made.command('Ana', { type: 'start' }).answers).toEqual(['refuse Ana SEATS_EMPTY']);
    made.command('Ana', { type: 'start', fill_with_bots: true });
    expect(made.types).toEqual(['seat_taken', 'match_started', 'hakem_drawn', 'hand_started', 'first_five_dealt']);
    expect(made.state).toMatchObject({ status: 'playing', match: 1, seats: [{}, {}, {}, { kind: 'bot' }] });
    expect(made.command('Ana', { type: 'start' }).answers).toEqual(['refuse Ana MATCH_RUNNING']);
  });

  test('kicks a player: the seat is free, its sockets are closed, its token is worth nothing', () => {
    const made = seated(2).command('Ana', { type: 'kick', seat: 1 });
    expect(made.events).toEqual([{ type: 'seat_left', seat: 1, reason: 'kicked' }]);
    expect(made.answers).toEqual([expect.stringMatching(/^ack/), 'unseat 1 KICKED', 'presence']);
    expect(made.presence.connected).toEqual([true, false, false, false]);
    expect(made.join('Bo').answers).toEqual(['refuse Bo WRONG_TOKEN']);
    expect(made.command('Bo', { type: 'leave' }).answers).toEqual(['refuse Bo NOT_SEATED']);
  });

  test('kicks a bot between matches only, and never nobody or himself', () => {
    const made = seated(1).command('Ana', { type: 'add_bot', seat: 2 });
    expect(made.command('Ana', { type: 'add_bot', seat: 2 }).answers).toEqual(['refuse Ana SEAT_TAKEN']);
    expect(made.command('Ana', { type: 'add_bot', seat: 7 }).answers).toEqual(['refuse Ana SEAT_TAKEN']);
    expect(made.command('Ana', { type: 'kick', seat: 2 }).names).toEqual(['Ana', null, null, null]);
    expect(made.command('Ana', { type: 'kick', seat: 2 }).answers).toEqual(['refuse Ana NO_PLAYER']);
    expect(made.command('Ana', { type: 'kick', seat: 7 }).answers).toEqual(['refuse Ana NO_PLAYER']);
    expect(made.command('Ana', { type: 'kick', seat: 0 }).answers).toEqual(['refuse Ana NOT_HOST']);
    made.command('Ana', { type: 'start', fill_with_bots: true });
    expect(made.command('Ana', { type: 'kick', seat: 2 }).answers).toEqual(['refuse Ana MATCH_RUNNING']);
  });

  test('kicks a player in a match: a bot plays on', () => {
    const made = playing().command('Ana', { type: 'kick', seat: 2 });
    expect(made.types).toEqual(['seat_left', 'seat_taken']);
    expect(made.state.seats[2]).toEqual({ kind: 'bot', name: 'Bot 3' });
  });
});

describe('choose_seat', () => {
  test('moves a player, what he is present with, his command ids and the host', () => {
    const made = seated(2);
    const id = made.newId('Ana');
    made.command('Ana', { type: 'choose_seat', seat: 3 }, id);
    expect(made.events).toEqual([
      { type: 'seat_changed', from: 0, to: 3 },
      { type: 'host_changed', seat: 3 },
    ]);
    expect(made.answers).toEqual([`ack ${id} 3`, 'reseat 0 3', 'presence']);
    expect(made.names).toEqual([null, 'Bo', null, 'Ana']);
    expect(made.presence.connected).toEqual([false, true, false, true]);
    expect(made.state.host).toBe(3);
    expect(made.command('Ana', { type: 'choose_seat', seat: 3 }, id).answers).toEqual([`ack ${id} 3`]);
    expect(made.windows.lookup(0 as Seat, id)).toBe('new');
  });

  test('takes the seat of a bot, not of a player, not during a match', () => {
    const made = seated(2).command('Ana', { type: 'add_bot', seat: 2 });
    expect(made.command('Bo', { type: 'choose_seat', seat: 0 }).answers).toEqual(['refuse Bo SEAT_TAKEN']);
    expect(made.command('Bo', { type: 'choose_seat', seat: 1 }).answers).toEqual(['refuse Bo SEAT_TAKEN']);
    expect(made.command('Bo', { type: 'choose_seat', seat: 6 }).answers).toEqual(['refuse Bo SEAT_TAKEN']);
    expect(made.command('Bo', { type: 'choose_seat', seat: 2 }).names).toEqual(['Ana', null, 'Bo', null]);
    expect(made.state.host).toBe(0);
    made.command('Ana', { type: 'start', fill_with_bots: true });
    expect(made.command('Bo', { type: 'choose_seat', seat: 1 }).answers).toEqual(['refuse Bo MATCH_RUNNING']);
  });
});

describe('leaving', () => {
  test('in the lobby frees the seat; the next connected player becomes host', () => {
    const made = seated(3);
    made.gone(1);
    made.command('Ana', { type: 'leave' });
    expect(made.events).toEqual([
      { type: 'seat_left', seat: 0, reason: 'left' },
      { type: 'host_changed', seat: 2 },
    ]);
    expect(made.answers).toEqual([expect.stringMatching(/^ack/), 'unseat 0 SEAT_LEFT', 'presence']);
    expect(made.presence.connected).toEqual([false, false, true, false]);
    expect(made.names).toEqual([null, 'Bo', 'Cy', null]);
  });

  test('is acknowledged again when it is sent again, by whose it was', () => {
    const made = seated(3);
    const id = made.newId('Bo');
    made.command('Bo', { type: 'leave' }, id).join('Di');
    expect(made.names).toEqual(['Ana', 'Di', 'Cy', null]);
    expect(made.command('Bo', { type: 'leave' }, id).answers).toEqual([`ack ${id} 4`]);
    expect(made.command('Eve', { type: 'leave' }, id).answers).toEqual(['refuse Eve NOT_SEATED']);
    expect(made.command('Bo', { type: 'leave' }).answers).toEqual(['refuse Bo NOT_SEATED']);
    const { windows } = made;
    const loaded = new CommandWindows(windows.stored(), windows.departed());
    expect(loaded.departedIn(made.holder('Bo'), id)).toBe(4);
  });

  test('in a match leaves a bot in the seat, and a match of bots alone goes on', () => {
    const made = playing(2).command('Bo', { type: 'leave' });
    expect(made.state.seats[1]).toEqual({ kind: 'bot', name: 'Bot 2' });
    made.command('Ana', { type: 'leave' });
    expect(made.events).toContainEqual({ type: 'host_changed', seat: null });
    expect(made.presence.emptySince).toBe(made.now);
    const before = made.seq;
    expect(made.wait(10 * BOT_MS).seq).toBeGreaterThan(before);
  });

  test('passes the host on to a player who is away when no other is left', () => {
    const made = seated(2);
    made.gone(1);
    expect(made.command('Ana', { type: 'leave' }).state.host).toBe(1);
  });
});

describe('saying', () => {
  test('is for players', () => {
    const made = seated(1);
    made.give({ type: 'say', from: 'Ana', holder: made.holder('Ana'), talk: { phrase: 'hello' } });
    expect(made.answers).toEqual(['say 0 hello']);
    made.give({ type: 'say', from: 'Eve', holder: made.holder('Eve'), talk: { phrase: 'hello' } });
    expect(made.answers).toEqual(['refuse Eve NOT_SEATED']);
    expect(made.log).toHaveLength(1);
  });
});

describe('moves', () => {
  test('are taken from the seat to act, in turn', () => {
    const made = playing();
    const other = nameAt(((made.turn + 1) % 4) as Seat);
    expect(made.command(other, made.move).answers).toEqual([`refuse ${other} NOT_YOUR_TURN`]);
    const acting = nameAt(made.turn);
    expect(made.command(acting, { type: 'play', card: 'AS' }).answers).toEqual([`refuse ${acting} ILLEGAL_MOVE`]);
    expect(made.effects[0]).toMatchObject({ refusal: { reason: 'TRUMP_NOT_NAMED' } });
    expect(made.command(acting, { type: 'play', card: 'XX' }).answers).toEqual([`refuse ${acting} BAD_FRAME`]);
    expect(made.command(acting, { type: 'nonsense' }).answers).toEqual([`refuse ${acting} BAD_FRAME`]);
    expect(made.events).toEqual([]);
    expect(made.command(acting, made.move).answers).toEqual([expect.stringMatching(/^ack/)]);
    expect(made.types).toEqual(['trump_named', 'rest_dealt']);
  });

  test('need a match', () => {
    expect(seated().command('Ana', { type: 'play', card: 'AS' }).answers).toEqual(['refuse Ana NO_MATCH']);
  });
});

describe('once', () => {
  test('a command sent again gets the first answer and does nothing', () => {
    const made = playing();
    const name = nameAt(made.turn);
    const id = made.newId(name);
    const { move } = made;
    const first = made.command(name, move, id).answers;
    const { log, state } = made;
    const length = log.length;
    expect(made.command(name, move, id).answers).toEqual(first);
    expect(made.command(name, { type: 'leave' }, id).answers).toEqual(first);
    expect([made.log.length, made.state]).toEqual([length, state]);
  });

  test('a refusal is remembered too, shortened', () => {
    const made = seated(2);
    const id = made.newId('Bo');
    expect(made.command('Bo', { type: 'start' }, id).answers).toEqual(['refuse Bo NOT_HOST']);
    made.command('Ana', { type: 'leave' });
    expect(made.state.host).toBe(1);
    expect(made.command('Bo', { type: 'start' }, id).answers).toEqual(['refuse Bo NOT_HOST']);
    const long = made.newId('Bo');
    made.command('Bo', { type: 'add_bot', seat: 0, ['x'.repeat(3_000)]: 1 }, long);
    expect(JSON.stringify(made.windows.lookup(1 as Seat, long)).length).toBeLessThan(300);
  });

  test('an id that has left the window is stale, and is not run', () => {
    const made = seated(1);
    const first = made.newId('Ana');
    made.command('Ana', { type: 'add_bot', seat: 1 }, first);
    made.command('Ana', { type: 'kick', seat: 1 });
    for (let more = 0; more < WINDOW - 2; more++) made.command('Ana', { type: 'kick', seat: 3 });
    expect(made.command('Ana', { type: 'add_bot', seat: 1 }, first).answers[0]).toMatch(/^ack/);
    made.command('Ana', { type: 'kick', seat: 3 });
    expect(made.command('Ana', { type: 'add_bot', seat: 1 }, first).answers).toEqual(['refuse Ana STALE_COMMAND']);
    expect(made.command('Ana', { type: 'add_bot', seat: 1 }, '1-other' as CommandId).answers).toEqual([
      'refuse Ana STALE_COMMAND',
    ]);
    expect(made.names).toEqual(['Ana', null, null, null]);
  });

  test('ids belong to a player, not to a seat', () => {
    const made = seated(2);
    const id = '7-same' as CommandId;
    made.command('Bo', { type: 'choose_seat', seat: 2 }, id);
    made.command('Bo', { type: 'leave' });
    made.join('Cy', { seat: 2 as Seat });
    expect(made.command('Cy', { type: 'choose_seat', seat: 3 }, id).answers[0]).toMatch(/^ack/);
    expect(made.names).toEqual(['Ana', null, null, 'Cy']);
  });
});

test('another match is started by the host; players keep their seats, and the last table is shown until then', () => {
  const made = playing(2);
  made.playOut();
  expect(made.command('Bo', { type: 'start' }).answers).toEqual(['refuse Bo NOT_HOST']);
  expect(made.command('Bo', { type: 'choose_seat', seat: 3 }).names).toEqual(['Ana', null, 'Bot 3', 'Bo']);
  expect(game.result(made.state.table)).not.toBeNull();
  expect(made.command('Ana', { type: 'start' }).answers).toEqual(['refuse Ana SEATS_EMPTY']);
  made.command('Ana', { type: 'start', fill_with_bots: true });
  expect(made.state).toMatchObject({ status: 'playing', match: 2 });
  made.playOut();
  expect(made.state).toMatchObject({ status: 'finished', match: 2 });
});
