import { describe, expect, test } from '@jest/globals';
import { parseLine } from '../../src/client/terminal/input.js';
import { naming, playing, seat } from '../game/positions.js';
import { lobby, match, play, tableState } from './terminal-states.js';

const led = play(playing(['2H 3H', 'AS TS 9H 4H', '5H 6H', '7H 8H'], 'S'), '2H');
const atTurn = tableState(match(led, seat(1)));
const told = (line: string, state = atTurn) => {
  const intent = parseLine(line, state);
  return intent.kind === 'command' ? intent.command : intent.kind === 'mistake' ? intent.message : intent;
};

describe('a card', () => {
  const nine = { type: 'play', card: '9H' };
  test.each([['3'], ['۳'], ['٣'], ['9h'], ['9H'], ['h9'], ['♥9'], ['9♥'], [' 9 h ']])('%s is the nine', (line) => {
    expect(told(line)).toEqual(nine);
  });
  test.each([
    ['10s', 'TS'],
    ['ts', 'TS'],
    ['♠10', 'TS'],
    ['as', 'AS'],
    ['sa', 'AS'],
    ['♠️A', 'AS'],
  ])('%s is %s when it may be played', (line, card) => {
    const free = tableState(match(playing(['AS TS', '2S', '3S', '4S'], 'S'), seat(0)));
    expect(told(line, free)).toEqual({ type: 'play', card });
  });
  test.each([
    ['as', 'You must follow ♥: 9♥ 4♥.'],
    ['1', 'You must follow ♥: 9♥ 4♥.'],
    ['kd', 'You do not hold K♦.'],
    ['0', 'You hold 4 cards: a number from 1 to 4.'],
    ['5', 'You hold 4 cards: a number from 1 to 4.'],
    ['h', 'Trump is named already: play a card.'],
    ['redeal', 'A new deal can be asked for only before trump is named.'],
    ['foo', '“foo” is not understood; help lists what is.'],
    ['11s', '“11s” is not understood; help lists what is.'],
  ])('%s is refused: %s', (line, message) => {
    expect(told(line)).toBe(message);
  });
  test('not on the seat that is to play', () => {
    expect(told('2h', tableState(match(led, seat(0))))).toBe("It is Ali's turn.");
    expect(told('9h', { ...atTurn, pending: 1 })).toBe('Your last move is still on its way.');
    expect(told('9h', tableState(lobby()))).toBe('No match is running.');
    expect(told('9h', tableState(match(led, null)))).toBe('You are watching; only players at the table can do this.');
  });
});

describe('trump', () => {
  const plainly = tableState(match(naming('AS KS QS JS TS'), seat(0)));
  const modes = tableState(
    match(naming('2S 3S 4S 5S 6S', { trump_modes: ['tak_naras'], redeal_right: true }), seat(0)),
  );
  test.each([
    ['s', 'S'],
    ['H', 'H'],
    ['♣', 'C'],
    ['diamonds', 'D'],
    ['diamond', 'D'],
  ])('%s names %s', (line, trump) => {
    expect(told(line, plainly)).toEqual({ type: 'name_trump', trump });
  });
  test('modes and the new deal, where the room allows them', () => {
    expect(told('tak-naras', modes)).toEqual({ type: 'name_trump', trump: 'tak_naras' });
    expect(told('redeal', modes)).toEqual({ type: 'redeal' });
    expect(told('naras', modes)).toBe('This room does not allow naras.');
    expect(told('redeal', plainly)).toBe(
      'A new deal is for a hakem with no card above ten, once, where the room allows it.',
    );
    expect(told('1', plainly)).toBe('Name trump first: s (♠), h (♥), c (♣) or d (♦).');
    expect(told('as', plainly)).toBe('Name trump first: s (♠), h (♥), c (♣) or d (♦).');
  });
});

describe('the room', () => {
  const host = tableState(lobby());
  const guest = tableState(
    lobby({ seat: seat(1), seats: [...lobby().seats.slice(0, 1), ...lobby().seats.slice(0, 1), null, null] }),
  );
  test.each([
    ['bots', { type: 'start', fill_with_bots: true }],
    ['start', 'Seats 1, 2, 3 are empty: wait for friends, or type bots to let bots play there.'],
    ['seat 2', { type: 'choose_seat', seat: 2 }],
    ['seat ۲', { type: 'choose_seat', seat: 2 }],
    ['bot 3', { type: 'add_bot', seat: 3 }],
    ['seat', 'Which seat? One of 0 to 3.'],
    ['seat 4', 'Which seat? One of 0 to 3.'],
    ['seat 0', 'That is your own seat.'],
    ['kick 3', 'Nobody sits on seat 3.'],
  ])('%s', (line, expected) => {
    expect(told(line, host)).toEqual(expected);
  });
  test.each([
    ['start', 'Only the host, Sara, can do this.'],
    ['kick 0', 'Only the host, Sara, can do this.'],
    ['seat 0', 'Seat 0 is taken by Sara.'],
  ])('%s by a guest', (line, expected) => {
    expect(told(line, guest)).toEqual(expected);
  });
  test('not while a match runs', () => {
    expect(told('start', tableState(match(led, seat(0))))).toBe('This can be done only between matches.');
    expect(told('seat 3', atTurn)).toBe('This can be done only between matches.');
  });
});

test('phrases and what concerns the terminal only', () => {
  expect(told('say well played')).toEqual({ kind: 'say', words: 'well_played' });
  expect(told('say Well-played!')).toEqual({ kind: 'say', words: 'well_played' });
  expect(told('say clap')).toEqual({ kind: 'say', words: 'emote_clap' });
  expect(told('say What now?')).toEqual({ kind: 'say', words: { text: 'What now?' } });
  expect(told('say')).toMatch(/^Say something of your own, or one of: hello, good luck, .*, heart\.$/);
  for (const [line, kind] of [
    ['', 'nothing'],
    ['?', 'help'],
    ['LAST', 'last'],
    ['exit', 'quit'],
    ['leave', 'leave'],
  ]) {
    expect(told(line ?? '')).toEqual({ kind });
  }
  expect(told('bots', { ...atTurn, view: null })).toBe('The table is not there yet.');
});
