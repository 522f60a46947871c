/** What happens in a match, and who may know it. Every event says enough to be shown without the state. */
import type { Card } from '../cards.js';
import type { Result, Seat, Seed, Viewer } from '../game.js';
import type { BySide, Side } from './seats.js';
import type { Trump } from './trick.js';

/** The first seven tricks in a row: by the hakem's side, or by the other against the hakem. */
export type Kot = 'none' | 'kot' | 'hakem_kot';

/** Cards turned up round the table from seat 0 on; the receiver of the first ace, the last of them, is hakem. */
export interface HakemDrawn {
  readonly type: 'hakem_drawn';
  readonly seed: Seed;
  readonly turned: readonly Card[];
  readonly hakem: Seat;
}

interface HandOpened {
  readonly type: 'hand_started';
  /** From 1; a new deal of the same hand keeps its number. */
  readonly hand: number;
  readonly hakem: Seat;
  readonly dealer: Seat;
  /** SHA-256 of the seed, told before any card is dealt. */
  readonly commitment: string;
}
export interface HandStarted extends HandOpened {
  /** Secret until the hand has ended. */
  readonly seed: Seed;
}

export interface FirstFiveDealt {
  readonly type: 'first_five_dealt';
  readonly hakem: Seat;
  /** The hakem's; nobody else is dealt a card yet. */
  readonly cards: readonly Card[];
}

/** A hakem without a card above ten made use of his right. The deal is void and laid open. */
export interface RedealClaimed {
  readonly type: 'redeal_claimed';
  readonly seat: Seat;
  readonly cards: readonly Card[];
  readonly seed: Seed;
}

export interface TrumpNamed {
  readonly type: 'trump_named';
  readonly seat: Seat;
  readonly trump: Trump;
}

export interface RestDealt {
  readonly type: 'rest_dealt';
  /** All thirteen cards of each seat. */
  readonly hands: readonly (readonly Card[])[];
}

export interface CardPlayed {
  readonly type: 'card_played';
  readonly seat: Seat;
  readonly card: Card;
}

export interface TrickWon {
  readonly type: 'trick_won';
  readonly seat: Seat;
}

export interface HandEnded {
  readonly type: 'hand_ended';
  readonly side: Side;
  readonly tricks: BySide;
  /** What `side` scores: 1, 2 or 3. */
  readonly points: number;
  readonly kot: Kot;
  readonly seed: Seed;
  /** The cards each seat had not played, face up. */
  readonly left: readonly (readonly Card[])[];
}

export interface MatchEnded extends Result {
  readonly type: 'match_ended';
}

/** Events that hide nothing. */
type Open = HakemDrawn | RedealClaimed | TrumpNamed | CardPlayed | TrickWon | HandEnded | MatchEnded;

export type Event = Open | HandStarted | FirstFiveDealt | RestDealt;

export type PublicEvent =
  | Open
  | HandOpened
  /** `cards` only for the hakem. */
  | { readonly type: 'first_five_dealt'; readonly hakem: Seat; readonly cards?: readonly Card[] }
  /** `hand`, the viewer's own thirteen, not for spectators. */
  | { readonly type: 'rest_dealt'; readonly hand?: readonly Card[] };

/** What `viewer` learns from `event`. Nothing is ever wholly hidden: all see that cards are dealt. */
export function project(event: Event, viewer: Viewer): PublicEvent {
  switch (event.type) {
    case 'hand_started': {
      const { type, hand, hakem, dealer, commitment } = event;
      return { type, hand, hakem, dealer, commitment };
    }
    case 'first_five_dealt': {
      const { type, hakem, cards } = event;
      return viewer === hakem ? { type, hakem, cards } : { type, hakem };
    }
    case 'rest_dealt': {
      const hand = viewer === 'spectator' ? undefined : event.hands[viewer];
      return hand === undefined ? { type: event.type } : { type: event.type, hand };
    }
    case 'hakem_drawn':
    case 'redeal_claimed':
    case 'trump_named':
    case 'card_played':
    case 'trick_won':
    case 'hand_ended':
    case 'match_ended':
      return event;
  }
}
