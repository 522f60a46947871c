/** What a player who watched the hand can know. Runs in browsers too. */
import { type Card, DECK, type Suit, suitOf } from '../cards.js';
import type { Seat } from '../game.js';
import { after, SEATS } from './seats.js';
import { beats, power, type Trump, tricksOf, type WonTrick } from './trick.js';
import type { View } from './view.js';

export class Memory {
  readonly seat: Seat;
  readonly trump: Trump;
  readonly hand: readonly Card[];
  /** The hand's tricks, the one on the table included when a card lies in it. */
  readonly tricks: readonly WonTrick[];
  /** Cards that the other three still hold. */
  readonly unseen: readonly Card[];
  readonly #voids: readonly ReadonlySet<Suit>[];

  /** `seat` and the named trump are those of `view`, seen while cards are played. */
  constructor(view: View, seat: Seat, hakem: Seat, trump: Trump) {
    this.seat = seat;
    this.trump = trump;
    this.hand = view.hand;
    this.tricks = tricksOf(view.table.played, hakem, trump);
    const seen = new Set([...view.table.played, ...view.hand]);
    this.unseen = DECK.filter((card) => !seen.has(card));
    this.#voids = voidsOf(this.tricks);
  }

  /** Whether `other` can still hold a card of `suit`. */
  mayHold(other: Seat, suit: Suit): boolean {
    return !this.#isVoid(other, suit) && this.unseen.some((card) => suitOf(card) === suit);
  }

  /** Whether `other` is known to have no card of `suit` left and can still hold trumps. */
  mayRuff(other: Seat, suit: Suit): boolean {
    const { trump } = this;
    return isSuit(trump) && suit !== trump && !this.mayHold(other, suit) && this.mayHold(other, trump);
  }

  /** Whether nobody else holds a stronger card of the same suit. */
  isMaster(card: Card): boolean {
    return this.#above(card) === 0;
  }

  /** Whether, by all that is known, `card` keeps a trick that it holds against `other`, who has yet to play to it. */
  holdsAgainst(other: Seat, card: Card, led: Suit): boolean {
    const suit = suitOf(card);
    const higher = this.mayHold(other, suit) && !this.isMaster(card);
    const ruff = this.mayRuff(other, led);
    return suit === led ? !higher && !ruff : !(higher && ruff);
  }

  /** The weakest card held that is as good as `card`, because nobody else holds one between them. */
  weakestEqual(card: Card): Card {
    const above = this.#above(card);
    const suit = suitOf(card);
    const equals = this.hand.filter((other) => suitOf(other) === suit && this.#above(other) === above);
    return this.weakest(equals) ?? card;
  }

  /** Of `cards`, one of the least power; the first of equals. */
  weakest(cards: readonly Card[]): Card | undefined {
    return cards.reduce<Card | undefined>(
      (least, card) => (least === undefined || this.power(card) < this.power(least) ? card : least),
      undefined,
    );
  }

  strongest(cards: readonly Card[]): Card | undefined {
    return cards.reduce<Card | undefined>(
      (most, card) => (most === undefined || this.power(card) > this.power(most) ? card : most),
      undefined,
    );
  }

  power(card: Card): number {
    return power(card, this.trump);
  }

  unseenOf(suit: Suit): number {
    return this.unseen.filter((card) => suitOf(card) === suit).length;
  }

  get partner(): Seat {
    return after(this.seat, 2);
  }

  get opponents(): readonly Seat[] {
    return [after(this.seat, 1), after(this.seat, 3)];
  }

  #above(card: Card): number {
    const suit = suitOf(card);
    return this.unseen.filter((other) => suitOf(other) === suit && beats(other, card, this.trump)).length;
  }

  #isVoid(other: Seat, suit: Suit): boolean {
    return this.#voids[other]?.has(suit) ?? false;
  }
}

export function isSuit(trump: Trump): trump is Suit {
  return trump.length === 1;
}

/** By seat, the suits it has shown not to hold by playing another one. */
function voidsOf(tricks: readonly WonTrick[]): readonly ReadonlySet<Suit>[] {
  const voids = SEATS.map(() => new Set<Suit>());
  for (const { leader, cards } of tricks) {
    const led = cards[0];
    if (led === undefined) continue;
    for (const [place, card] of cards.entries()) {
      if (suitOf(card) !== suitOf(led)) voids[after(leader, place)]?.add(suitOf(led));
    }
  }
  return voids;
}
