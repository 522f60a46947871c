/** Brings a client's view of a room up to date with the events it is sent. The same result as a fresh view. */
import type { Seat, Typed } from '../game/seat.js';
import { findClientGame } from '../game/views.js';
import type { RoomStatus, RoomView, SeatView } from '../protocol/client-out.js';
import { seatingAfter } from '../protocol/seating.js';
import { isRoomEventType } from '../protocol/vocabulary.js';

/** The events of rooms as clients see them. */
export type RoomEvent =
  | { readonly type: 'seat_taken'; readonly seat: Seat; readonly name: string; readonly bot: boolean }
  | { readonly type: 'seat_left'; readonly seat: Seat; readonly reason: 'left' | 'kicked' | 'gone' }
  | { readonly type: 'seat_changed'; readonly from: Seat; readonly to: Seat }
  | { readonly type: 'swap_wished'; readonly from: Seat; readonly to: Seat | null }
  | { readonly type: 'seats_swapped'; readonly seats: readonly [Seat, Seat] }
  | { readonly type: 'host_changed'; readonly seat: Seat | null }
  | { readonly type: 'match_started'; readonly match: number; readonly table: unknown }
  | { readonly type: 'turn_timed_out' | 'bot_substituted' | 'player_returned'; readonly seat: Seat }
  | { readonly type: 'clock_moved'; readonly by_ms: number }
  | { readonly type: 'room_closed'; readonly reason: string };

/** The view after `event`. `view` is left as it was. */
export function foldEvent(view: RoomView, event: Typed): RoomView {
  if (isRoomEventType(event.type)) return foldRoom(view, event as RoomEvent);
  const game = findClientGame(view.game);
  if (!game) return view;
  const table = game.fold(view.table, event);
  const seats = game.handOn(table) ? view.seats : view.seats.map(withoutWait);
  return { ...view, seats, table, status: game.over(table) ? 'finished' : view.status };
}

function foldRoom(before: RoomView, event: RoomEvent): RoomView {
  const view = { ...before, ...seatingAfter(before, event, before.status === 'playing') };
  switch (event.type) {
    case 'seat_taken':
      return withSeat(view, event.seat, {
        name: event.name,
        bot: event.bot,
        substituted: false,
        ...(!event.bot && handIsOn(view) ? { waits: true } : {}),
      });
    case 'seat_left':
      return withSeat(view, event.seat, null);
    case 'seat_changed':
      return withSeat(withSeat(view, event.from, null), event.to, view.seats[event.from] ?? null);
    case 'seats_swapped': {
      const [one, other] = event.seats;
      const mover = view.seats[one] ?? null;
      return withSeat(withSeat(view, one, view.seats[other] ?? null), other, mover);
    }
    case 'host_changed':
      return { ...view, host: event.seat };
    case 'match_started':
      return { ...view, match: event.match, status: 'playing' satisfies RoomStatus, table: event.table };
    case 'bot_substituted':
    case 'player_returned': {
      const present = view.seats[event.seat];
      if (!present) return view;
      return withSeat(view, event.seat, { ...present, substituted: event.type === 'bot_substituted' });
    }
    case 'room_closed':
      return { ...view, status: 'closed' };
    case 'swap_wished':
    case 'turn_timed_out':
    case 'clock_moved':
      return view;
  }
}

const handIsOn = ({ status, game, table }: RoomView): boolean =>
  status === 'playing' && findClientGame(game)?.handOn(table) === true;

/** With a hand its wait ends. */
function withoutWait(present: SeatView | null): SeatView | null {
  if (!present?.waits) return present;
  const { waits: _, ...rest } = present;
  return rest;
}

function withSeat(view: RoomView, seat: Seat, present: SeatView | null): RoomView {
  return { ...view, seats: view.seats.map((before, at) => (at === seat ? present : before)) };
}
