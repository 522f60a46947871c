/** Changing places by consent, players who are heard of without a connection, a match that the opponents have left. */
import { describe, expect, test } from '@jest/globals';
import type { Seat } from '../../src/game/game.js';
import type { State } from '../../src/game/hokm/rules.js';
import { PureRoom } from './pure-room.js';
import { HOLD_MS, IDLE_MS, newHead } from './rooms.js';

const NAMES = ['Ana', 'Bo', 'Cy', 'Di'] as const;
const SWAP = (seat: number | null) => ({ type: 'swap_seats', seat });
const CLAIM = { type: 'claim_forfeit' };

function seated(players: number): PureRoom {
  const made = new PureRoom(newHead('SEATING0'));
  for (const name of NAMES.slice(0, players)) made.join(name);
  return made;
}

const playing = (players: number) => seated(players).command('Ana', { type: 'start', fill_with_bots: true });

describe('changing places', () => {
  test('takes the consent of both, and moves everything that is theirs', () => {
    const made = seated(2);
    const before = made.newId('Ana');
    made.command('Ana', SWAP(1), before);
    expect(made.events).toEqual([{ type: 'swap_wished', from: 0, to: 1 }]);
    expect(made.state.swaps).toEqual([{ from: 0, to: 1 }]);
    made.gone(0);
    const id = made.newId('Bo');
    made.command('Bo', SWAP(0), id);
    expect(made.events).toEqual([
      { type: 'seats_swapped', seats: [1, 0] },
      { type: 'host_changed', seat: 1 },
    ]);
    expect(made.answers).toEqual([`ack ${id} 4`, 'reseat 1 0, 0 1', 'presence']);
    expect([made.names, made.state.host, made.state.swaps]).toEqual([['Bo', 'Ana', null, null], 1, []]);
    expect(made.presence.connected).toEqual([true, false, false, false]);
    expect(made.presence.goneAt[1]).toBe(made.now);
    expect(made.command('Bo', SWAP(0), id).answers).toEqual([`ack ${id} 4`]);
    expect(made.command('Ana', SWAP(1), before).answers).toEqual([`ack ${before} 3`]);
  });

  test.each<[what: string, then: (made: PureRoom) => PureRoom, left: readonly object[]]>([
    ['another wish', (made) => made.command('Ana', SWAP(2)), [{ from: 0, to: 2 }]],
    ['no wish any more', (made) => made.command('Ana', SWAP(null)), []],
    ['the wisher moves', (made) => made.command('Ana', { type: 'choose_seat', seat: 3 }), []],
    ['the other leaves', (made) => made.command('Bo', { type: 'leave' }), []],
    ['the other is sent away', (made) => made.command('Ana', { type: 'kick', seat: 1 }), []],
    ['a third comes', (made) => made.join('Di'), [{ from: 0, to: 1 }]],
    ['a match', (made) => made.command('Ana', { type: 'start', fill_with_bots: true }), []],
  ])('a wish ends: %s', (_, then, left) => {
    expect(then(seated(3).command('Ana', SWAP(1))).state.swaps).toEqual(left);
  });

  test('is with another player, between matches', () => {
    const made = seated(2).command('Ana', { type: 'add_bot', seat: 2 });
    for (const seat of [0, 2, 3, 6]) {
      expect(made.command('Ana', SWAP(seat)).answers).toEqual(['refuse Ana NO_PLAYER']);
    }
    expect(playing(4).command('Bo', SWAP(0)).answers).toEqual(['refuse Bo MATCH_RUNNING']);
  });
});

describe('a player without a connection', () => {
  /** Somebody else's turn, so that nothing else happens. */
  const REFUSED = { type: 'fly' };

  test('is there for as long after a command as after a connection', () => {
    const made = seated(2);
    made.gone(1);
    made.command('Ana', { type: 'start', fill_with_bots: true });
    const away = () => (made.state.seats[1] as { substituted: boolean }).substituted;
    for (let times = 0; times < 3; times++) {
      made.wait(HOLD_MS - 1);
      expect([away(), made.command('Bo', REFUSED).types]).toEqual([false, []]);
    }
    made.wait(HOLD_MS - 1);
    expect(away()).toBe(false);
    made.wait(1);
    expect(away()).toBe(true);
    expect([made.command('Bo', REFUSED).types, away()]).toEqual([['player_returned'], false]);
    expect(made.presence.connected).toEqual([true, false, false, false]);
  });

  test('keeps a room open alone, and no longer than anybody who has gone', () => {
    const made = seated(1);
    made.gone(0);
    made.wait(IDLE_MS - 1).command('Ana', REFUSED);
    expect(made.wait(IDLE_MS - 1).state.status).toBe('lobby');
    expect(made.wait(1).state.status).toBe('closed');
  });
});

describe('a match without opponents', () => {
  const gone = (made: PureRoom) => made.state.deserted;
  const result = (made: PureRoom) => (made.state.table as State).table.result;

  test('is taken when both have left, at the points as they stand', () => {
    const made = playing(4).command('Bo', { type: 'leave' });
    expect(made.command('Ana', CLAIM).answers).toEqual(['refuse Ana ILLEGAL_MOVE']);
    expect(made.effects[0]).toMatchObject({ refusal: { reason: 'OPPONENT_PRESENT' } });
    made.command('Di', { type: 'leave' });
    expect(gone(made)).toEqual([1, 3]);
    made.command('Cy', CLAIM);
    expect(made.events).toEqual([{ type: 'match_ended', winners: [0, 2], points: [0, 0, 0, 0] }]);
    expect([made.state.status, made.state.deadline, result(made)?.winners]).toEqual(['finished', null, [0, 2]]);
    expect(made.command('Ana', CLAIM).answers).toEqual(['refuse Ana NO_MATCH']);
    expect(gone(made.command('Ana', { type: 'start', fill_with_bots: true }))).toEqual([]);
  });

  test('counts who has been away for the hold, until back', () => {
    const made = playing(2);
    made.gone(1);
    expect(made.command('Ana', CLAIM).answers).toEqual(['refuse Ana ILLEGAL_MOVE']);
    made.wait(HOLD_MS);
    expect(made.state.seats[1]).toMatchObject({ substituted: true });
    made.join('Bo');
    expect(made.command('Ana', CLAIM).answers).toEqual(['refuse Ana ILLEGAL_MOVE']);
    made.gone(1);
    made.wait(HOLD_MS);
    expect(made.command('Ana', CLAIM).types).toEqual(['match_ended']);
  });

  test('is not one against bots, nor one whose players the host has sent away', () => {
    expect(playing(1).command('Ana', CLAIM).answers).toEqual(['refuse Ana ILLEGAL_MOVE']);
    const kicked = playing(2).command('Ana', { type: 'kick', seat: 1 });
    expect([gone(kicked), kicked.command('Ana', CLAIM).answers]).toEqual([[], ['refuse Ana ILLEGAL_MOVE']]);
    const partner = playing(3).command('Cy', { type: 'leave' });
    expect(partner.command('Ana', CLAIM).answers).toEqual(['refuse Ana ILLEGAL_MOVE']);
  });

  test('whose seat another player took is not deserted any more', () => {
    const made = playing(2).command('Bo', { type: 'leave' });
    made.join('Eve', { seat: 1 as Seat });
    expect([gone(made), made.command('Ana', CLAIM).answers]).toEqual([[], ['refuse Ana ILLEGAL_MOVE']]);
  });
});
