/** Cards and trumps in words. */
import { type Card, SUITS, type Suit, suitOf, suitSymbol } from '../../game/cards.js';
import type { Trump } from '../../game/hokm/trick.js';
import type { Key, Text } from '../text/text.js';

export const suitName = ({ t }: Text, suit: Suit): string => t(`suit_${suit}`);

export const cardName = (text: Text, card: Card): string =>
  text.t('card_name', { rank: text.t(`rank_${card.charAt(0)}` as Key), suit: suitName(text, suitOf(card)) });

/** "♠ spades": shape and name, so that no eye for shapes or colours is needed. */
export const suitInWords = (text: Text, suit: Suit): string => `${suitSymbol(suit)} ${suitName(text, suit)}`;

export const asSuit = (trump: Trump | null): Suit | undefined => SUITS.find((suit) => suit === trump);

export function trumpName(text: Text, trump: Trump): string {
  const suit = asSuit(trump);
  return suit === undefined ? text.t(trump as Key) : suitName(text, suit);
}
