/**
 * What everybody at the table may see. The state and all five kinds of view share one such value, so that what is
 * public changes in one place for the instance and for its clients. Runs in browsers too.
 */
import type { Card } from '../cards.js';
import type { Result, Seat, Seed } from '../game.js';
import type { Event, Kot, PublicEvent } from './event.js';
import type { Options } from './options.js';
import { added, after, type BySide, type Side, sideOf } from './seats.js';
import type { Trick, Trump, WonTrick } from './trick.js';

/**
 * draw: waits for the seed that draws the first hakem; shuffle: for the seed of the next deal; trump: for the hakem to
 * name it; play: for a card; over: for nothing.
 */
export type Phase = 'draw' | 'shuffle' | 'trump' | 'play' | 'over';

/** A finished hand, with all that is needed to check its deal. */
export interface HandResult {
  readonly hand: number;
  readonly hakem: Seat;
  readonly trump: Trump;
  /** The side that won. */
  readonly side: Side;
  readonly tricks: BySide;
  readonly points: number;
  readonly kot: Kot;
  readonly commitment: string;
  readonly seed: Seed;
  /** By seat, the cards not played. */
  readonly left: readonly (readonly Card[])[];
}

export interface Table {
  readonly options: Options;
  readonly phase: Phase;
  /** Number of the hand, from 1; 0 before the first. */
  readonly hand: number;
  readonly hakem: Seat | null;
  readonly dealer: Seat | null;
  /** Whether this hand's right to a new deal is used up. */
  readonly redealt: boolean;
  /** SHA-256 of the seed of the hand that is on. */
  readonly commitment: string | null;
  readonly trump: Trump | null;
  /** Who has to name trump or to play. */
  readonly turn: Seat | null;
  /** By seat, the number of cards held. */
  readonly counts: readonly number[];
  readonly trick: Trick | null;
  readonly last_trick: WonTrick | null;
  /** This hand's tricks by side. */
  readonly tricks: BySide;
  /** This hand's cards in the order they were played: with hakem and trump they tell who played what and who is void. */
  readonly played: readonly Card[];
  readonly scores: BySide;
  readonly last_hand: HandResult | null;
  readonly result: Result | null;
}

const NO_CARDS: readonly number[] = [0, 0, 0, 0];

/** The table before the first event of a match. */
export function emptyTable(options: Options): Table {
  return {
    options,
    phase: 'draw',
    hand: 0,
    hakem: null,
    dealer: null,
    redealt: false,
    commitment: null,
    trump: null,
    turn: null,
    counts: NO_CARDS,
    trick: null,
    last_trick: null,
    tricks: [0, 0],
    played: [],
    scores: [0, 0],
    last_hand: null,
    result: null,
  };
}

/** The next table. Reads only what is public of an event, and so takes it whole or as anybody sees it. */
export function tableAfter(table: Table, event: Event | PublicEvent): Table {
  switch (event.type) {
    case 'hakem_drawn':
      return { ...table, phase: 'shuffle', hakem: event.hakem, dealer: after(event.hakem, 3) };
    case 'hand_started':
      return {
        ...table,
        hand: event.hand,
        hakem: event.hakem,
        dealer: event.dealer,
        redealt: event.hand === table.hand,
        commitment: event.commitment,
        trump: null,
        last_trick: null,
        tricks: [0, 0],
        played: [],
      };
    case 'first_five_dealt':
      return { ...table, phase: 'trump', turn: event.hakem, counts: NO_CARDS.with(event.hakem, 5) };
    case 'redeal_claimed':
      return { ...table, phase: 'shuffle', commitment: null, turn: null, counts: NO_CARDS };
    case 'trump_named':
      return { ...table, trump: event.trump };
    case 'rest_dealt': {
      const trick = table.hakem === null ? null : { leader: table.hakem, cards: [] };
      return { ...table, phase: 'play', turn: table.hakem, counts: [13, 13, 13, 13], trick };
    }
    case 'card_played': {
      const cards = [...(table.trick?.cards ?? []), event.card];
      return {
        ...table,
        turn: cards.length < 4 ? after(event.seat, 1) : null,
        counts: table.counts.with(event.seat, (table.counts[event.seat] ?? 0) - 1),
        trick: { leader: table.trick?.leader ?? event.seat, cards },
        played: [...table.played, event.card],
      };
    }
    case 'trick_won':
      return {
        ...table,
        turn: event.seat,
        trick: { leader: event.seat, cards: [] },
        last_trick: table.trick && { ...table.trick, winner: event.seat },
        tricks: added(table.tricks, sideOf(event.seat), 1),
      };
    case 'hand_ended':
      return {
        ...table,
        phase: 'shuffle',
        commitment: null,
        turn: null,
        counts: NO_CARDS,
        trick: null,
        scores: added(table.scores, event.side, event.points),
        last_hand: resultOf(table, event),
      };
    case 'match_ended':
      return { ...table, phase: 'over', turn: null, result: { winners: event.winners, points: event.points } };
  }
}

function resultOf(table: Table, event: Extract<Event, { type: 'hand_ended' }>): HandResult | null {
  const { hand, hakem, trump, commitment } = table;
  if (hakem === null || trump === null || commitment === null) return null;
  const { side, tricks, points, kot, seed, left } = event;
  return { hand, hakem, trump, side, tricks, points, kot, commitment, seed, left };
}
