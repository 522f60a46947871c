/** Four seats, numbered in the order of play; partners sit opposite. */
import type { Holder, Seat } from '../game.js';

/** 0 for seats 0 and 2, 1 for seats 1 and 3. */
export type Side = 0 | 1;
/** One figure for each side. */
export type BySide = readonly [number, number];

export const SEATS: readonly Seat[] = [0, 1, 2, 3].map((seat) => seat as Seat);

/** The seat `steps` further on in the order of play; the dealer is 3 steps after (one before) the hakem. */
export function after(seat: Seat, steps: number): Seat {
  return ((seat + steps) & 3) as Seat;
}

export function sideOf(seat: Seat): Side {
  return (seat & 1) as Side;
}

/** Whether of the opponents of `seat` no player is there any more, and one has been. */
export function opponentsGone(seat: Seat, holders: readonly Holder[]): boolean {
  const opponents = [after(seat, 1), after(seat, 3)].map((opponent) => holders[opponent]);
  return !opponents.includes('player') && opponents.includes('gone');
}

/** `figures` with `amount` added to those of `side`. */
export function added(figures: BySide, side: Side, amount: number): BySide {
  return side === 0 ? [figures[0] + amount, figures[1]] : [figures[0], figures[1] + amount];
}
