/** Cards and suits in four colours. */
import { type Card, cardText, type Suit, suitOf, suitSymbol } from '../../game/cards.js';
import type { Trump } from '../../game/hokm/trick.js';
import type { Paint } from './paint.js';

export const SUIT_NAMES: Readonly<Record<Suit, string>> = { S: 'spades', H: 'hearts', C: 'clubs', D: 'diamonds' };

/** `text` in the colour of the suit: spades stay as the terminal writes. */
export function inSuit(suit: Suit, text: string, paint: Paint): string {
  switch (suit) {
    case 'S':
      return paint.bold(text);
    case 'H':
      return paint.red(text);
    case 'C':
      return paint.green(text);
    case 'D':
      return paint.cyan(text);
  }
}

export const cardIn = (card: Card, paint: Paint): string => inSuit(suitOf(card), cardText(card), paint);

export const suitIn = (suit: Suit, paint: Paint): string => inSuit(suit, suitSymbol(suit), paint);

export const isSuit = (trump: Trump): trump is Suit => trump.length === 1;

/** "♠ spades", or the name of a way to play without trump and what wins in it. */
export function trumpIn(trump: Trump, paint: Paint): string {
  if (isSuit(trump)) return inSuit(trump, `${suitSymbol(trump)} ${SUIT_NAMES[trump]}`, paint);
  switch (trump) {
    case 'saras':
      return 'none: saras, the highest wins';
    case 'naras':
      return 'none: naras, the lowest wins';
    case 'tak_naras':
      return 'none: tak-naras, the lowest wins, ace as one';
  }
}
