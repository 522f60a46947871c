import { describe, expect, test } from '@jest/globals';
import { suitOf } from '../../src/game/cards.js';
import { bot } from '../../src/game/hokm/bot.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import type { Options } from '../../src/game/hokm/options.js';
import { sideOf } from '../../src/game/hokm/seats.js';
import { holder } from '../../src/game/hokm/trick.js';
import type { View } from '../../src/game/hokm/view.js';
import { match, randomPlayer } from './matches.js';
import { naming, type Position, position, seat } from './positions.js';

describe('naming trump', () => {
  const rows: [string, string, Partial<Options>, object][] = [
    ['the longest suit', '2D 3D 4D AS KS', {}, { trump: 'D' }],
    ['of two equally long the better honours', 'AS 2S KH QH 3D', {}, { trump: 'H' }],
    ['ace before king', 'KS 2S AH 2H 3D', {}, { trump: 'H' }],
    ['without honours the higher cards', '2S 4S 9C TC 3D', {}, { trump: 'C' }],
    ['never a mode without trump', '2D 3D 4D AS KS', { trump_modes: ['saras', 'naras'] }, { trump: 'D' }],
    ['a new deal of a hand worth nothing', '2S 4S TH 9C 8D', { redeal_right: true }, { type: 'redeal' }],
    ['no new deal of four trumps', '2S 4S TS 9S 8D', { redeal_right: true }, { trump: 'S' }],
    ['no new deal with an honour', '2S 4S JS 9C 8D', { redeal_right: true }, { trump: 'S' }],
  ];
  test.each(rows)('%s: %s', (_rule, five, given, expected) => {
    expect(bot(hokm.view(naming(five, given), seat(0)))).toMatchObject(expected);
  });
});

/** Each row: rule, position, the card to be played. Seat 0 leads the first trick. */
type Row = [string, Position, string];

describe('leading', () => {
  const rows: Row[] = [
    ['draws trumps when long', { trump: 'S', hand: 'AS KS QS JS TS AH 2C 3D' }, 'TS'],
    ['keeps short trumps', { trump: 'S', hand: 'AS 2S 3H AH 5C 7D 8D' }, 'AH'],
    [
      'draws no trump that only the partner may hold',
      { trump: 'S', hand: 'KS QS JS AH 5C', tricks: ['AS 2H 2S 3H'] },
      'AH',
    ],
    ['cashes a sure winner', { trump: 'S', hand: '2H 3H 4H AC 2D 3D' }, 'AC'],
    ['cashes a king when the ace is gone', { trump: 'S', hand: 'KH 2C 3C 4C', tricks: ['AH 2H 3H 4H'] }, 'KH'],
    ['cashes from below of equals', { trump: 'S', hand: 'AC KC QC 2D 3D 4D 5D' }, 'QC'],
    [
      'cashes nothing that an opponent is known to ruff',
      {
        trump: 'S',
        hand: 'AC QC 2D 5D 7D',
        tricks: ['KC 2S 3C 4C', '2H 3H AH 9H', 'TC 3S 5C 6C', '4H 5H 6H KH'],
        hakem: 3,
      },
      '2D',
    ],
    ['leads what the partner ruffs', { trump: 'S', hand: '7C 8C 2D 5D 7D', tricks: ['AC 2C 3D 4C'] }, '7C'],
    [
      "returns the partner's lead, high from two",
      { trump: 'S', hand: '9H 5H 2D 5D 7D', tricks: ['2H 3H KH 4H'], hakem: 2 },
      '9H',
    ],
    [
      "returns the partner's lead, low from three",
      { trump: 'S', hand: '9H 5H 2H 5D 7D 8D 9D', tricks: ['3H 4H KH 6H'], hakem: 2 },
      '2H',
    ],
    ['leads low from length', { trump: 'S', hand: 'KH 2H KD JD 3D 9D 2C' }, '3D'],
    [
      'leads around a suit that an opponent is known to ruff',
      { trump: 'S', hand: '5C 7C 9C 2D 5D', tricks: ['AC 2S 3C 4C', '2H AH 3H 4H'], hakem: 3 },
      '2D',
    ],
    ['leads a trump when there is nothing else', { trump: 'S', hand: '3S 9S' }, '3S'],
    ['naras: cashes a two', { trump: 'naras', hand: 'AH KH 2C KD QD 9D' }, '2C'],
    ['tak-naras: cashes an ace', { trump: 'tak_naras', hand: '2H KH AC KD QD 9D' }, 'AC'],
  ];
  test.each(rows)('%s', (_rule, given, card) => expect(bot(position(given))).toEqual({ type: 'play', card }));
});

describe('following', () => {
  const rows: Row[] = [
    ['second hand low', { trump: 'S', hand: 'KH 9H 3H AD', trick: '5H' }, '3H'],
    ['second hand takes what is sure', { trump: 'S', hand: 'AH 9H 3H AD', trick: '5H' }, 'AH'],
    ['third hand high', { trump: 'S', hand: 'KH 9H 3H AD', trick: '5H 6H' }, 'KH'],
    ['third hand from below of equals', { trump: 'S', hand: 'KH QH 3H AD', trick: '5H 6H' }, 'QH'],
    ["third hand does not beat the partner's equal", { trump: 'S', hand: 'KH 9H 3H AD', trick: 'QH 6H' }, '3H'],
    ["third hand leaves the partner's ace", { trump: 'S', hand: 'KH 9H 3H AD', trick: 'AH 6H' }, '3H'],
    ['third hand low when beaten', { trump: 'S', hand: 'KH 9H 3H AD', trick: '5H AH' }, '3H'],
    ['fourth hand as cheaply as can be', { trump: 'S', hand: 'KH 9H 3H AD', trick: '5H 6H 8H' }, '9H'],
    ["fourth hand leaves the partner's trick", { trump: 'S', hand: 'KH 9H 3H AD', trick: '5H 8H 6H' }, '3H'],
    ["no ruff of the partner's sure winner", { trump: 'S', hand: '2S AS 9C 8C 3D', trick: 'AH 6H' }, '3D'],
    ["no ruff of the partner's trick", { trump: 'S', hand: '2S AS 9C 8C 3D', trick: '5H 8H 6H' }, '3D'],
    ["a ruff of the partner's loser", { trump: 'S', hand: '2S AS 9C 8C 3D', trick: '5H 6H' }, '2S'],
    [
      "a ruff of the partner's ace that the next is known to ruff",
      {
        trump: 'S',
        hand: '9S AS 9C 8C',
        tricks: ['KH 2S 3H 4H', '2C AC 3C 4C'],
        trick: 'AH 5H',
      },
      'AS',
    ],
    ['the lowest ruff of an opponent', { trump: 'S', hand: '2S AS 9C 8C 3D', trick: 'AH' }, '2S'],
    ['the lowest overruff', { trump: 'S', hand: '4S 9S AS 8C 3D', trick: 'AH 5H 6S' }, '9S'],
    ['no ruff that is beaten already', { trump: 'S', hand: '4S 5S 8C 9C 3D', trick: 'AH 5H 6S' }, '3D'],
    ['a discard from the shortest weak suit', { trump: 'S', hand: '9C 8C 7C JD 4D', trick: 'AH 6H' }, '4D'],
    ['a discard that keeps a sure winner', { trump: 'S', hand: '9C 8C 7C AD', trick: 'AH 6H' }, '7C'],
    ['a discard before a trump', { trump: 'S', hand: '2S AC KC', trick: 'AH 6H' }, 'KC'],
    ['naras: fourth hand as cheaply as can be', { trump: 'naras', hand: '2H 4H KH', trick: '5H 6H 8H' }, '4H'],
    ['naras: gives up its dearest useless card', { trump: 'naras', hand: 'QH 9H KH', trick: '5H 6H 8H' }, 'KH'],
    ['saras: discards, for nothing is trump', { trump: 'saras', hand: '2S AS 9C 8C 3D', trick: 'AH 6H' }, '3D'],
  ];
  test.each(rows)('%s', (_rule, given, card) => expect(bot(position(given))).toEqual({ type: 'play', card }));
});

/** Whether the card in `view`'s fourth place would be a trump on a trick that the partner has won. */
function ruffsPartner(view: View, card: string): boolean {
  const { trick, trump } = view.table;
  if (trick?.cards.length !== 3 || trump === null || view.seat === 'spectator') return false;
  const partners = sideOf(holder(trick, trump)) === sideOf(view.seat);
  const choice = view.hand.some((held) => suitOf(held) !== trump);
  return partners && choice && card.endsWith(trump) && trick.cards[0]?.endsWith(trump) === false;
}

describe('over whole matches', () => {
  test('wins at least 80 % of 200 against players who play anything legal', () => {
    let won = 0;
    for (let number = 0; number < 200; number++) {
      const random = randomPlayer(`random ${number}`);
      const steps = match(`bots ${number}`, {}, (at) => (sideOf(at) === number % 2 ? bot : random));
      for (const { event } of steps) {
        if (event.type === 'match_ended' && event.winners.includes(seat(number % 2))) won++;
      }
    }
    expect(won).toBeGreaterThanOrEqual(160);
  });

  test("never ruffs its partner's trick, and gives the same answer to the same view", () => {
    for (let number = 0; number < 20; number++) {
      const watched = (view: View) => {
        const command = bot(view);
        expect(bot(structuredClone(view))).toEqual(command);
        if (command.type === 'play') expect(ruffsPartner(view, command.card)).toBe(false);
        return command;
      };
      for (const _step of match(`partners ${number}`, { redeal_right: true }, () => watched));
    }
  });

  test('throws when it is not asked on its turn', () => {
    const state = naming('2S 3S 4S 5S 6S');
    expect(() => bot(hokm.view(state, seat(1)))).toThrow();
    expect(() => bot(hokm.view(state, 'spectator'))).toThrow();
  });
});
