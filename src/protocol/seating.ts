/**
 * What rooms and their clients both make of the same events about seats: who would like to change places with whom, and
 * whose player has left the match. PURE; runs in browsers too.
 */
import type { Holder, Seat } from '../game/seat.js';
import type { RoomEventType } from './vocabulary.js';

/** The player of `from` would like to change places with the one of `to`. */
export interface SwapWish {
  readonly from: Seat;
  readonly to: Seat;
}

/** The part of a room's view that says who wants to change seats and who has left. */
export interface Seating {
  /** At most one of each player, only between matches. */
  readonly swaps: readonly SwapWish[];
  /** Seats whose players have left since the match began; a bot plays on there. */
  readonly deserted: readonly Seat[];
}

type About<Type extends RoomEventType, Rest = unknown> = { readonly type: Type } & Rest;

/** Room events, as far as they are about seats. */
export type SeatingEvent =
  | About<'seat_taken', { readonly seat: Seat; readonly bot?: boolean; readonly token_hash?: string }>
  | About<'seat_left', { readonly seat: Seat; readonly reason: 'left' | 'kicked' | 'gone' }>
  | About<'seat_changed', { readonly from: Seat; readonly to: Seat }>
  | About<'swap_wished', { readonly from: Seat; readonly to: Seat | null }>
  | About<'seats_swapped', { readonly seats: readonly [Seat, Seat] }>
  | About<
      | 'match_started'
      | 'host_changed'
      | 'turn_timed_out'
      | 'bot_substituted'
      | 'player_returned'
      | 'clock_moved'
      | 'room_closed'
    >;

/** The seating after `event` of a room in which a match is `playing` or not. */
export function seatingAfter({ swaps, deserted }: Seating, event: SeatingEvent, playing: boolean): Seating {
  const without = (...seats: readonly Seat[]) =>
    swaps.filter(({ from, to }) => !seats.includes(from) && !seats.includes(to));
  switch (event.type) {
    case 'seat_taken': {
      const byPlayer = event.bot === undefined ? event.token_hash !== undefined : !event.bot;
      return {
        swaps: without(event.seat),
        deserted: byPlayer ? deserted.filter((seat) => seat !== event.seat) : deserted,
      };
    }
    case 'seat_left': {
      const deserts = playing && event.reason === 'left';
      return { swaps: without(event.seat), deserted: deserts ? [...deserted, event.seat] : deserted };
    }
    case 'seat_changed':
      return { swaps: without(event.from, event.to), deserted };
    case 'swap_wished': {
      const others = swaps.filter(({ from }) => from !== event.from);
      return { swaps: event.to === null ? others : [...others, { from: event.from, to: event.to }], deserted };
    }
    case 'seats_swapped':
      return { swaps: without(...event.seats), deserted };
    case 'match_started':
      return { swaps: [], deserted: [] };
    default:
      return { swaps, deserted };
  }
}

/** Who holds each seat of a match. A player for whom a bot plays is gone, as is one who has left. */
export function holdersOf(
  seats: readonly ({ readonly bot: boolean; readonly substituted: boolean } | null)[],
  deserted: readonly Seat[],
): readonly Holder[] {
  return seats.map((occupant, at) => {
    if (occupant === null || occupant.substituted || deserted.includes(at as Seat)) return 'gone';
    return occupant.bot ? 'bot' : 'player';
  });
}
