/** Which card takes a trick and which cards may be played to it. Runs in browsers too. */
import { type Card, rankOf, type Suit, suitOf } from '../cards.js';
import type { Seat } from '../game.js';
import type { TrumpMode } from './options.js';
import { after } from './seats.js';

/** What the hakem names: a suit, or a way to play without trump. */
export type Trump = Suit | TrumpMode;

/** The cards of a trick in the order they were played, the leader's first. */
export interface Trick {
  readonly leader: Seat;
  readonly cards: readonly Card[];
}

export interface WonTrick extends Trick {
  readonly winner: Seat;
}

/** A card's strength among the cards of its own suit; the greater one wins. */
export function power(card: Card, trump: Trump): number {
  const rank = rankOf(card);
  if (trump === 'naras') return 12 - rank;
  if (trump === 'tak_naras') return rank === 12 ? 13 : 12 - rank;
  return rank;
}

/** Whether `card` takes the trick from `best`, the card that holds it so far. */
export function beats(card: Card, best: Card, trump: Trump): boolean {
  const suit = suitOf(card);
  return suit === suitOf(best) ? power(card, trump) > power(best, trump) : suit === trump;
}

/** The seat whose card holds the trick so far; the leader when no card lies yet. */
export function holder(trick: Trick, trump: Trump): Seat {
  let best = trick.cards[0];
  let seat = trick.leader;
  for (const [place, card] of trick.cards.entries()) {
    if (best === undefined || !beats(card, best, trump)) continue;
    best = card;
    seat = after(trick.leader, place);
  }
  return seat;
}

/** The cards of `hand` that may be played: those of the suit led, or all when there are none or no suit is led. */
export function playable(hand: readonly Card[], led: Card | undefined): readonly Card[] {
  if (led === undefined) return hand;
  const suit = suitOf(led);
  const following = hand.filter((card) => suitOf(card) === suit);
  return following.length > 0 ? following : hand;
}

/** The tricks of a hand, in order, from the cards as they were played; the last may have fewer than four. */
export function tricksOf(played: readonly Card[], firstLeader: Seat, trump: Trump): readonly WonTrick[] {
  const tricks: WonTrick[] = [];
  let leader = firstLeader;
  for (let start = 0; start < played.length; start += 4) {
    const trick = { leader, cards: played.slice(start, start + 4) };
    const winner = holder(trick, trump);
    tricks.push({ ...trick, winner });
    leader = winner;
  }
  return tricks;
}
