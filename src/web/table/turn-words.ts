/** Whose turn it is and what it asks for, in one sentence. PURE. */
import type { RoomView, Seat } from '../../client/browser.js';
import { type Card, suitOf } from '../../game/cards.js';
import type { View } from '../../game/hokm/view.js';
import { suitInWords } from '../cards/names.js';
import type { Text } from '../text/text.js';
import { playerName } from './player-name.js';
import type { Stage } from './use-stage.js';

export function turnWords(text: Text, room: RoomView, view: View, stage: Stage): string {
  const { t } = text;
  const { table, seat, hand } = view;
  const nameOf = (other: Seat) => playerName(text, room, other);
  const mine = table.turn !== null && table.turn === seat;
  if (table.phase === 'trump' && table.turn !== null) {
    return mine ? t('turn_trump') : t('trump_other', { name: nameOf(table.turn) });
  }
  if (table.phase === 'play' && mine) return ownTurn(text, hand, table.trick?.cards[0]);
  if (stage.winner !== null) {
    return stage.winner === seat ? t('won_by_you') : t('won_by', { name: nameOf(stage.winner) });
  }
  if (table.phase === 'play' && table.turn !== null) return t('turn_other', { name: nameOf(table.turn) });
  return table.phase === 'over' ? '' : t('dealing');
}

function ownTurn(text: Text, hand: readonly Card[], led: Card | undefined): string {
  if (led === undefined) return text.t('turn_lead');
  const suit = suitOf(led);
  const follows = hand.some((card) => suitOf(card) === suit);
  return text.t(follows ? 'turn_follow' : 'turn_free', { suit: suitInWords(text, suit) });
}
