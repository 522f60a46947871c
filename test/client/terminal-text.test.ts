import { expect, test } from '@jest/globals';
import { clip, left, width, wrap } from '../../src/client/terminal/columns.js';
import { eventText, saidText } from '../../src/client/terminal/event-text.js';
import { coloured, plain } from '../../src/client/terminal/paint.js';
import { type Picture, tableText } from '../../src/client/terminal/table-text.js';
import type { PublicEvent } from '../../src/game/hokm/event.js';
import { seedOf } from '../game/matches.js';
import { naming, seat } from '../game/positions.js';
import { lobby, match, secondTrick, tableState } from './terminal-states.js';

const SIZE = { columns: 80, rows: 24 };
const picture = (part: Partial<Picture> & Pick<Picture, 'state'>): Picture => ({
  log: [],
  lastTrick: null,
  panel: [],
  joinCommand: 'npm run play -- --room 7KQ2M9XZ',
  now: 0,
  ...part,
});
const lines = (part: Partial<Picture> & Pick<Picture, 'state'>, paint = plain) =>
  tableText(picture(part), SIZE, paint).map((line) => line.trimEnd());

const last = { leader: seat(0), cards: ['AS', '2S', '3S', '5S'], winner: seat(0) } as const;

test('a table on which somebody else is to play', () => {
  const state = tableState(match(secondTrick(), seat(0)), { deadline: 12_400 });
  expect(lines({ state, lastTrick: last, log: ['You lead K♠', 'Ali plays Q♥'] })).toEqual([
    ' Room 7KQ2M9XZ · first to 7 · hand 1                                ● connected',
    ' Trump ♠ spades · hakem you',
    '─'.repeat(80),
    '                               ▶ Mina · 12 cards',
    '',
    '',
    '                   Bot 4                     ┌────┐     Ali',
    '          12 cards · bot                     │ Q♥ │     11 cards',
    '                                     ╔════╗  └────┘',
    '                                     ║ K♠ ║',
    '                                     ╚════╝',
    '                            Sara (you) · hakem · led',
    '─'.repeat(80),
    ' You + Mina               ■······ 0 points    Last trick [A♠] 2♠ 3♠ 5♠',
    ' Ali + Bot 4              ······· 0 points    You led and took it',
    ' 9♥     10♦  4♦',
    '  1      2    3',
    ' Mina plays … · 12 s',
    ' You lead K♠',
    ' Ali plays Q♥',
  ]);
});

test('on the own turn cards that may be played are in brackets', () => {
  const shown = lines({ state: tableState(match(secondTrick(), seat(2)), { deadline: 5_000 }), now: 5_001 });
  expect(shown.slice(-3)).toEqual([
    ' 7♥   6♥     5♣   4♣',
    ' [1]  [2]    [3]  [4]',
    '  ▶  Your turn: a card by number or name · 0 s',
  ]);
  const hakem = lines({ state: tableState(match(naming('AS KS 3H 4D 2C', { trump_modes: ['saras'] }), seat(0))) });
  expect(hakem.at(-1)).toBe('  ▶  Name trump: s ♠ spades, h ♥ hearts, c ♣ clubs, d ♦ diamonds, saras');
});

test('a spectator sees no hand, a player who is away has a badge', () => {
  const seats = match(secondTrick(), null).seats.with(1, { name: 'Ali', bot: false, substituted: true });
  const state = tableState(match(secondTrick(), null, { seats }), {
    presence: { seats: [false, false, true, false], spectators: 2 },
    connection: 'frozen',
  });
  const shown = lines({ state });
  expect(shown[0]).toBe(' Room 7KQ2M9XZ · first to 7 · hand 1 · 2 watching        ◌ frozen, clocks stand');
  expect(shown.slice(6, 9).map((line) => line.slice(56))).toEqual(['Ali', '11 cards', 'away, bot plays']);
  expect(shown[11]?.trim()).toBe('Sara · hakem · led · 11 cards · away');
  expect(shown.at(-1)).toBe(' Frozen: the clocks stand, nothing is lost.');
  expect(shown.join()).not.toMatch(/9♥|10♦/);
});

test('who is left without opponents is told how to have the match', () => {
  const seats = match(secondTrick(), null).seats.with(1, { name: 'Ali', bot: false, substituted: true });
  const told = (viewer: 2 | null) =>
    lines({ state: tableState(match(secondTrick(), viewer && seat(viewer), { seats })) }).at(-1);
  expect(told(2)).toContain('your opponents have left: claim');
  expect(told(null)).not.toContain('claim');
});

test('who has come while a hand is on is told to wait, and the others are told who does', () => {
  const seats = match(secondTrick(), null).seats.with(2, { name: 'Ali', bot: false, substituted: false, waits: true });
  const shown = (viewer: 2 | 3) => lines({ state: tableState(match(secondTrick(), seat(viewer), { seats })) });
  expect(shown(2).at(-1)).toBe(' You play from the next hand on; until then a bot plays your seat.');
  expect(shown(3).join()).toContain('from next hand');
});

test('a lobby tells how friends join', () => {
  const shown = lines({ state: tableState(lobby()) });
  expect(shown).toContain('                           Sara (you) · seat 0 · host');
  expect(shown).toContain('          empty · seat 3                                empty · seat 1');
  expect(shown).toContain(' Friends join with:  npm run play -- --room 7KQ2M9XZ');
});

test('no line is too long, no screen too high, no style without colours', () => {
  const seats = ['سارا با نامی دراز', '漢字漢字漢字漢字漢字', '👍👍👍👍👍👍👍👍👍👍', 'x'.repeat(20)].map((name) => ({
    name,
    bot: false,
    substituted: true,
  }));
  const log = Array.from({ length: 50 }, () => 'y'.repeat(100));
  const panel = ['z '.repeat(150)];
  const state = tableState(match(secondTrick(), seat(2), { seats }));
  for (const rows of [10, 24, 50]) {
    for (const columns of [40, 80, 200]) {
      for (const paint of [plain, coloured]) {
        const shown = tableText(picture({ state, log, panel, lastTrick: last }), { rows, columns }, paint);
        expect(shown.length).toBeLessThanOrEqual(rows - 2);
        expect(Math.max(...shown.map(width))).toBeLessThanOrEqual(columns);
        if (paint === plain) expect(shown.join('')).not.toContain('\u001b');
      }
    }
  }
});

test('the score explains itself', () => {
  const ended = (side: 0 | 1, points: number, kot: 'none' | 'kot' | 'hakem_kot'): PublicEvent => ({
    type: 'hand_ended',
    side,
    tricks: kot === 'none' ? [7, 3] : side === 0 ? [7, 0] : [0, 7],
    points,
    kot,
    seed: seedOf('hand'),
    left: [],
  });
  const view = match(secondTrick(), seat(2));
  expect(eventText(ended(0, 1, 'none'), view, plain)).toBe('You + Sara win the hand 7:3. +1.');
  expect(eventText(ended(0, 2, 'kot'), view, plain)).toBe('You + Sara win the hand 7:0. +2 kot! They took no trick.');
  expect(eventText(ended(1, 3, 'hakem_kot'), view, plain)).toBe(
    'Ali + Bot 4 win the hand 7:0. +3 hakem-kot! You took no trick.',
  );
  expect(eventText(ended(1, 2, 'kot'), { ...view, seat: null }, plain)).toBe(
    'Ali + Bot 4 win the hand 7:0. +2 kot! Sara + Mina took no trick.',
  );
});

test('events and phrases as sentences', () => {
  const view = match(secondTrick(), seat(2));
  expect(eventText({ type: 'card_played', seat: 2, card: 'TH' } as PublicEvent, view, plain)).toBe('You play 10♥');
  expect(eventText({ type: 'trick_won', seat: 1 } as PublicEvent, view, plain)).toBe('Ali takes the trick; 1:1.');
  expect(eventText({ type: 'trump_named', seat: 0, trump: 'H' } as PublicEvent, view, plain)).toBe(
    'Sara names trump: ♥ hearts.',
  );
  expect(eventText({ type: 'bot_substituted', seat: 1 } as never, view, plain)).toBe('Ali is away: a bot plays on.');
  expect(saidText({ type: 'said', seat: seat(1), phrase: 'well_played' }, view)).toBe('Ali: “Well played.”');
  expect(saidText({ type: 'said', seat: seat(2), phrase: 'emote_clap' }, view)).toBe('You clap');
  expect(saidText({ type: 'said', seat: seat(1), text: 'Salâm!' }, view)).toBe('Ali: “Salâm!”');
  expect(eventText({ type: 'swap_wished', from: 1, to: 2 } as never, view, plain)).toBe(
    'Ali would like to change places with you.',
  );
  expect(eventText({ type: 'seats_swapped', seats: [1, 2] } as never, view, plain)).toBe(
    'Ali and you have changed places.',
  );
});

test('columns are counted as a terminal shows them', () => {
  expect(width(coloured.red('A♠'))).toBe(2);
  expect(width('漢字')).toBe(4);
  expect(width('سَرَس')).toBe(3);
  expect(clip(coloured.red('abcdef'), 4)).toBe(coloured.red('abc…'));
  expect(left('漢字', 3)).toBe('漢…');
  expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
});
