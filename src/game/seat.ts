/** What clients and the protocol know of every game. Apart from `game.ts`, whose schemas the client package does without. */
declare const seatBrand: unique symbol;

/** A seat's number: 0-based, in the order of play. */
export type Seat = number & { readonly [seatBrand]: 'Seat' };

/** Who holds a seat: a player, a bot from the start, or a bot since its player has gone. */
export type Holder = 'player' | 'bot' | 'gone';

/** Every event and public event is told apart by its `type`. */
export interface Typed {
  readonly type: string;
}
