// Holds I6 of src/README.md.
/** What a room does as time passes: turns, absence, emptiness. */
import { describe, expect, test } from '@jest/globals';
import type { Seat } from '../../src/game/game.js';
import { START } from '../../src/room/history.js';
import { loadHandedOver } from '../../src/room/load.js';
import { noteSeats } from '../../src/room/seat-notes.js';
import { waitsForHand } from '../../src/room/state.js';
import { nextTick } from '../../src/room/step.js';
import { toSnapshot } from '../../src/room/store.js';
import { playing, room, seated } from './pure-room.js';
import { BOT_MS, game, HOLD_MS, IDLE_MS, TURN_MS } from './rooms.js';

describe('the clock', () => {
  test('plays a legal card for a player whose time is up', () => {
    const made = playing();
    const { turn } = made;
    expect(made.state.deadline).toBe(made.now + TURN_MS);
    expect(made.wait(TURN_MS - 1).types).toEqual([]);
    const legal = game.legal(game.view(made.state.table, turn));
    made.wait(1);
    expect(made.types).toEqual(['turn_timed_out', 'trump_named', 'rest_dealt']);
    expect(legal).toContainEqual({ type: 'name_trump', trump: (made.events[1] as { trump?: string }).trump });
    expect(made.state.deadline).toBe(made.now + TURN_MS);
    expect(made.next().types).toEqual(['turn_timed_out', 'card_played']);
  });

  test('gives bots their own pace, and no time-out', () => {
    const made = playing(1, { turn_ms: 100_000 });
    while (made.turn === 0) made.next();
    expect(made.state.deadline).toBe(made.now + BOT_MS);
    expect(made.next().types).not.toContain('turn_timed_out');
  });

  test('whole matches play themselves out, and end', () => {
    for (const humans of [1, 4]) {
      const made = playing(humans);
      made.playOut();
      expect(made.state).toMatchObject({ status: 'finished', deadline: null });
      expect(game.result(made.state.table)).not.toBeNull();
      expect(made.wait(TURN_MS).types).toEqual([]);
    }
  });

  test('is given back what the table stood still, to the hold and the idle time too', () => {
    const made = playing();
    const before = made.state.deadline ?? 0;
    made.gone(2);
    const goneAt = made.now;
    made.now += 4_000;
    made.give({ type: 'thaw', forMs: 3_000.4 });
    expect(made.events).toEqual([{ type: 'clock_moved', by_ms: 3_000 }]);
    expect(made.state.deadline).toBe(before + 3_000);
    expect(made.presence.goneAt[2]).toBe(goneAt + 3_000);
    made.give({ type: 'thaw', forMs: 60_000 });
    expect(made.presence.goneAt[2]).toBe(made.now);
    made.now += 1_000;
    const left = (made.state.deadline ?? 0) - made.now;
    made.give({ type: 'thaw', forMs: -left / 2 });
    expect(made.events).toEqual([{ type: 'clock_moved', by_ms: -left / 2 }]);
    expect(made.presence.goneAt[2]).toBe(made.now - 1_000);
    for (const forMs of [0, -5, 0.4]) expect(made.give({ type: 'thaw', forMs }).events).toEqual([]);
    expect(seated(1).give({ type: 'thaw', forMs: 5 }).events).toEqual([]);
  });

  test('of a turn is not restarted by who comes and goes at another seat', () => {
    const made = playing(2);
    while (made.turn !== 0) made.next();
    const { deadline } = made.state;
    made.now += 1_000;
    made.join('Eve').command('Eve', { type: 'leave' }).command('Ana', { type: 'kick', seat: 1 });
    expect(made.state.deadline).toBe(deadline);
  });

  test('of a turn is restarted when that very seat changes between player and bot', () => {
    const made = playing(2);
    while (made.turn !== 1) made.next();
    made.now += 1_000;
    made.command('Bo', { type: 'leave' });
    expect(made.state.deadline).toBe(made.now + BOT_MS);
    const { deadline } = made.state;
    made.now += 100;
    // A bot plays this hand to its end: whoever comes and goes gives it no time.
    made.join('Eve', { seat: 1 as Seat });
    expect(made.state.deadline).toBe(deadline);

    const away = playing(2, { turn_ms: 3_600_000 });
    while (away.turn !== 1) away.next();
    away.gone(1).wait(HOLD_MS);
    expect(away.state.deadline).toBe(away.now + BOT_MS);
    away.now += 1;
    away.join('Bo');
    expect(away.state.deadline).toBe(away.now + 3_600_000);
  });
});

describe('a player who is away', () => {
  test('keeps the seat for the hold, then a bot plays, until the player is back', () => {
    const made = playing(4, { turn_ms: 3_600_000 });
    made.gone(2);
    expect(made.wait(HOLD_MS - 1).types).toEqual([]);
    expect(made.wait(1).events).toEqual([{ type: 'bot_substituted', seat: 2 }]);
    expect(made.state.seats[2]).toMatchObject({ kind: 'human', name: 'Cy', substituted: true });
    expect(made.join('Eve').answers).toEqual(['refuse Eve ROOM_UNAVAILABLE']);
    const acting = made.turn;
    expect(made.state.deadline).toBe(made.now + (acting === 2 ? BOT_MS : 3_600_000 - HOLD_MS));
    expect(made.join('Cy').events).toEqual([{ type: 'player_returned', seat: 2 }]);
    expect(made.state.seats[2]).toMatchObject({ substituted: false });
    expect(made.join('Cy').events).toEqual([]);
  });

  test('who is back before the hold ends has missed nothing', () => {
    const made = playing(4, { turn_ms: 3_600_000 });
    made.gone(2);
    made.wait(HOLD_MS - 1).join('Cy');
    expect(made.wait(HOLD_MS).types).toEqual([]);
  });

  test('loses the host to the next who is there', () => {
    const lobby = seated(3, { hold_ms: 20_000 });
    lobby.gone(1);
    lobby.gone(0);
    expect(lobby.wait(20_000).events).toEqual([{ type: 'host_changed', seat: 2 }]);
    expect(lobby.join('Ana').state.host).toBe(2);
    const match = playing(4, { turn_ms: 3_600_000 });
    match.gone(0);
    expect(match.wait(HOLD_MS).events).toEqual([
      { type: 'bot_substituted', seat: 0 },
      { type: 'host_changed', seat: 1 },
    ]);
  });
});

describe('a lobby', () => {
  const AWAY_MS = 30_000;

  test('has the seat of whoever is away for 30 s free again, whoever else is there', () => {
    for (const others of [[], ['Bo'], ['Bo', 'Cy', 'Di']]) {
      const made = room();
      for (const name of ['Ana', ...others]) made.join(name);
      made.gone(0).wait(AWAY_MS - 1);
      expect([made.types, made.state.host]).toEqual([[], 0]);
      made.wait(1);
      expect(made.events).toEqual([
        { type: 'seat_left', seat: 0, reason: 'gone' },
        { type: 'host_changed', seat: others.length > 0 ? 1 : null },
      ]);
      expect(made.names.slice(0, 2)).toEqual([null, others[0] ?? null]);
      expect(made.join('Eve', { seat: 0 as Seat }).answers).toEqual(['admit Eve 0', 'presence']);
      expect(made.join('Ana').answers).toEqual(['refuse Ana WRONG_TOKEN']);
    }
  });

  test('makes nobody host whose seat is free again', () => {
    const made = seated(4);
    made.gone(0).gone(1).gone(2);
    expect(made.wait(AWAY_MS).events.at(-1)).toEqual({ type: 'host_changed', seat: 3 });
    made.gone(3);
    expect(made.wait(AWAY_MS).events).toEqual([
      { type: 'seat_left', seat: 3, reason: 'gone' },
      { type: 'host_changed', seat: null },
    ]);
    expect(made.names).toEqual([null, null, null, null]);
  });

  test('gives whoever comes back the free seat again, and what was with it: the name, and the host', () => {
    const made = seated(2);
    made.gone(0).wait(AWAY_MS);
    expect(made.state.host).toBe(1);
    made.join('Ana', { name: 'Somebody' });
    expect(made.answers).toEqual(['admit Ana 0', 'presence']);
    expect(made.events).toEqual([
      { type: 'seat_taken', seat: 0, name: 'Ana', token_hash: made.holder('Ana') },
      { type: 'host_changed', seat: 0 },
    ]);
    expect(made.command('Ana', { type: 'start', fill_with_bots: true }).types).toContain('match_started');

    const alone = seated(1);
    alone.gone(0).wait(AWAY_MS);
    expect(alone.state.host).toBeNull();
    expect(alone.join('Ana').state.host).toBe(0);
  });

  test('has one host whose place is kept: who was it meanwhile does not take it from who made the table', () => {
    const made = seated(3);
    made.gone(0).wait(AWAY_MS);
    made.gone(1).wait(AWAY_MS);
    expect(made.state.host).toBe(2);
    expect(made.join('Ana').state.host).toBe(0);
    expect(made.join('Bo').state.host).toBe(0);
    expect(made.names).toEqual(['Ana', 'Bo', 'Cy', null]);
  });

  test('seats a newcomer where nobody may come back to, as long as there is such a seat', () => {
    const made = seated(2);
    made.gone(0).wait(AWAY_MS);
    expect(made.join('Cy').join('Di').join('Ana').names).toEqual(['Ana', 'Bo', 'Cy', 'Di']);
    made.gone(1).wait(AWAY_MS).join('Eve');
    expect(made.names).toEqual(['Ana', 'Eve', 'Cy', 'Di']);
    expect(made.join('Bo').answers).toEqual(['refuse Bo WRONG_TOKEN']);
  });

  test('keeps nothing for whoever has left or was kicked', () => {
    const made = seated(3);
    made.command('Bo', { type: 'leave' }).command('Ana', { type: 'kick', seat: 2 });
    expect(made.join('Bo').answers).toEqual(['refuse Bo WRONG_TOKEN']);
    expect(made.join('Cy').answers).toEqual(['refuse Cy WRONG_TOKEN']);
  });

  test('gives no seat back to which somebody else has moved', () => {
    const made = seated(2);
    made.gone(0).wait(AWAY_MS).command('Bo', { type: 'choose_seat', seat: 0 });
    expect(made.names).toEqual(['Bo', null, null, null]);
    expect(made.join('Ana').answers).toEqual(['refuse Ana WRONG_TOKEN']);
  });

  test('gives a seat back that a bot has taken, in a match too, where the hand that is on is not shown', () => {
    const made = seated(2, { turn_ms: 3_600_000 });
    made.gone(0).wait(AWAY_MS).command('Bo', { type: 'start', fill_with_bots: true });
    expect(made.names[0]).toBe('Bot 1');
    expect(made.join('Ana').answers).toEqual(['admit Ana 0', 'presence']);
    expect(made.names[0]).toBe('Ana');
    expect(waitsForHand(made.state, 0 as Seat)).toBe(true);
  });

  test('knows the commands of whoever comes back, however often they are sent', () => {
    const made = seated(2);
    const id = made.newId('Bo');
    made.command('Bo', { type: 'choose_seat', seat: 2 }, id).gone(2).wait(AWAY_MS);
    const done = made.log.find(({ entry }) => entry.by?.id === id)?.seq;
    expect(made.command('Bo', { type: 'choose_seat', seat: 2 }, id).answers).toEqual([`ack ${id} ${done}`]);
    expect(made.names[2]).toBeNull();
    made.join('Bo');
    expect(made.command('Bo', { type: 'choose_seat', seat: 2 }, id).answers).toEqual([`ack ${id} ${done}`]);
    made
      .gone(2)
      .wait(AWAY_MS)
      .join('Eve', { seat: 2 as Seat });
    expect(made.command('Bo', { type: 'choose_seat', seat: 2 }, id).answers).toEqual(['refuse Bo NOT_SEATED']);
    expect(made.command('Eve', { type: 'choose_seat', seat: 3 }, id).types).toEqual(['seat_changed']);
  });

  test('knows the commands of whoever comes back, and the way there, also after a bot was removed from the seat', () => {
    const made = seated(2);
    const id = made.newId('Bo');
    made.command('Bo', { type: 'choose_seat', seat: 2 }, id).gone(2).wait(AWAY_MS);
    const done = made.log.find(({ entry }) => entry.by?.id === id)?.seq;
    made.command('Ana', { type: 'add_bot', seat: 2 });
    const before = made.state;
    expect(made.command('Ana', { type: 'kick', seat: 2 }).types).toEqual(['seat_left']);
    const left: string[] = [];
    for (const entry of made.log.slice(-1))
      noteSeats({ onSeatLeft: (hash) => left.push(hash) }, made.head.code, entry, before);
    expect(made.join('Bo').names[2]).toBe('Bo');
    expect(made.command('Bo', { type: 'choose_seat', seat: 2 }, id).answers).toEqual([`ack ${id} ${done}`]);
    expect(left).toEqual([]);
  });

  test('takes a command of whoever comes back without a connection', () => {
    const made = seated(2);
    made.gone(0).gone(1).wait(AWAY_MS);
    made.command('Ana', { type: 'add_bot', seat: 3 });
    expect(made.types).toEqual(['seat_taken', 'host_changed', 'seat_taken']);
    expect([made.names, made.state.host]).toEqual([['Ana', null, null, 'Bot 4'], 0]);
    expect(made.command('Bo', { type: 'fly' }).types).toEqual(['seat_taken']);
    made.wait(AWAY_MS);
    const id = made.newId('Bo');
    expect(made.command('Bo', { type: 'leave' }, id).types).toEqual([
      'seat_taken',
      'host_changed',
      'seat_left',
      'host_changed',
    ]);
    expect(made.command('Bo', { type: 'leave' }, id).answers).toEqual([`ack ${id} ${made.seq}`]);
    expect(made.join('Bo').answers).toEqual(['refuse Bo WRONG_TOKEN']);
  });

  test('has the same seats free after its state was stored', () => {
    const made = seated(2);
    made.gone(0).wait(AWAY_MS);
    const stored = toSnapshot(made.log.at(-1) ?? START, made.state, made.windows);
    const { state } = loadHandedOver(game, JSON.parse(JSON.stringify(stored)));
    expect(state).toEqual(made.state);
    expect(state.lapsed[0]).toEqual({ name: 'Ana', tokenHash: made.holder('Ana'), host: true });
    // A version that does not know of it stores it nowhere.
    const { lapsed: _, ...older } = stored;
    expect(loadHandedOver(game, older).state.lapsed).toEqual([null, null, null, null]);
  });

  test('keeps the seats of those who come back in time, and time in which nobody could come', () => {
    const made = seated(4);
    made.gone(2).wait(29_000).join('Cy').wait(29_000);
    made.gone(1).wait(29_000).give({ type: 'thaw', forMs: 20_000 }).wait(20_999);
    expect(made.names).toEqual(['Ana', 'Bo', 'Cy', 'Di']);
    expect(made.wait(1).names).toEqual(['Ana', null, 'Cy', 'Di']);
  });

  test('is a table before its match: while one is on, or over, seats are kept', () => {
    const match = playing(4, { turn_ms: 3_600_000 }, { target_points: 1 });
    match.gone(2);
    const done = playing(4).playOut();
    done.gone(2);
    for (const made of [match, done]) {
      made.wait(60_000);
      expect(made.state.seats[2]).toMatchObject({ name: 'Cy' });
    }
  });
});

describe('an empty room', () => {
  test('closes after a while, whatever is played in it, and takes nobody any more', () => {
    for (const made of [seated(2), playing(2)]) {
      made.gone(0).gone(1);
      made.wait(IDLE_MS);
      expect(made.events.at(-1)).toEqual({ type: 'room_closed', reason: 'abandoned' });
      expect(made.state).toMatchObject({ status: 'closed', deadline: null });
      expect(nextTick(made.room, IDLE_MS)).toBeNull();
      expect(made.join('Ana').answers).toEqual(['refuse Ana ROOM_CLOSED']);
      expect(made.give({ type: 'tick' }).events).toEqual([]);
    }
  });

  test('stays open for a spectator, and for a player who comes back in time', () => {
    const made = seated(1).join('Eve', { spectate: true });
    made.gone(0);
    expect(made.wait(2 * IDLE_MS).state.status).toBe('lobby');
    made.gone(null);
    made
      .wait(IDLE_MS - 1)
      .join('Ana')
      .wait(IDLE_MS);
    expect(made.state.status).toBe('lobby');
  });
});
