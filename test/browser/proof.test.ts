/** The page's own check of a deal, against hands dealt by the rules. */
import { expect, test } from '@jest/globals';
import type { Card } from '../../src/game/cards.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import type { HandResult } from '../../src/game/hokm/table.js';
import { checkHand, playedIn } from '../../src/web/table/proof.js';
import { handWith } from './staged-table.js';

/** A finished hand and its cards in the order played. */
function finished(): { hand: HandResult; played: readonly Card[] } {
  const { before, events } = handWith('none');
  let state = before;
  for (const event of events) state = hokm.evolve(state, event);
  const hand = state.table.last_hand;
  if (!hand) throw new Error('no hand has ended');
  return { hand, played: state.table.played };
}

test('a true hand fits its seed; any other does not', async () => {
  const { hand, played } = finished();
  expect(await checkHand(hand, played)).toEqual({ commitment: true, deal: true });
  const other = hand.seed.replace(/^./, (digit) => (digit === 'f' ? 'e' : 'f'));
  expect(await checkHand({ ...hand, seed: other }, played)).toEqual({ commitment: false, deal: false });
  const [first, second, ...rest] = played;
  expect((await checkHand(hand, [second, first, ...rest] as Card[])).deal).toBe(false);
});

test('cards are read from the log: the last hand of that number', () => {
  const start = (hand: number) => ({ type: 'hand_started', hand });
  const play = (card: string) => ({ type: 'card_played', card });
  const log = [[start(1), play('AS')], [start(2), play('KS')], [start(1)], [play('2H'), play('3H')], [start(2)]];
  expect(
    playedIn(
      log.map((events, seq) => ({ seq, events })),
      1,
    ),
  ).toEqual(['2H', '3H']);
});
