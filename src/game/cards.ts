/** The 52 cards. A card is two characters, rank and suit: "AS" is the ace of spades, "TD" the ten of diamonds. */

/** From the two up; a rank's place in this list is its number. */
export const RANKS = ['2', '3', '4', '5', '6', '7', '8', '9', 'T', 'J', 'Q', 'K', 'A'] as const;
/** Black and red in turn, as a hand is held. */
export const SUITS = ['S', 'H', 'C', 'D'] as const;

export type Rank = (typeof RANKS)[number];
export type Suit = (typeof SUITS)[number];
export type Card = `${Rank}${Suit}`;

/** The pack in the order that every shuffle starts from: suit by suit, each from the two up. */
export const DECK: readonly Card[] = SUITS.flatMap((suit) => RANKS.map((rank): Card => `${rank}${suit}`));

const SYMBOLS: Readonly<Record<Suit, string>> = { S: '♠', H: '♥', C: '♣', D: '♦' };
const RANK_NUMBERS: Readonly<Record<string, number>> = Object.fromEntries(RANKS.map((rank, number) => [rank, number]));
const PLACES: ReadonlyMap<Card, number> = new Map(
  SUITS.flatMap((suit) => RANKS.toReversed().map((rank): Card => `${rank}${suit}`)).map((card, place) => [card, place]),
);

export function suitOf(card: Card): Suit {
  return card[1] as Suit;
}

/** 0 for a two up to 12 for an ace. */
export function rankOf(card: Card): number {
  return RANK_NUMBERS[card.charAt(0)] ?? -1;
}

/** A new array in the order a hand is shown: suit by suit, the highest first. */
export function sorted(cards: readonly Card[]): readonly Card[] {
  return cards.toSorted((a, b) => (PLACES.get(a) ?? 0) - (PLACES.get(b) ?? 0));
}

/** `cards` without `card`. */
export function without(cards: readonly Card[], card: Card): readonly Card[] {
  return cards.filter((other) => other !== card);
}

/** ♠, ♥, ♣ or ♦. */
export function suitSymbol(suit: Suit): string {
  return SYMBOLS[suit];
}

/** The card as people write it: "A♠", "10♦". */
export function cardText(card: Card): string {
  return `${card.startsWith('T') ? '10' : card.charAt(0)}${suitSymbol(suitOf(card))}`;
}
