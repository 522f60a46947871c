/** Who is who at a table, from where the viewer sits. */
import type { Seat } from '../../game/game.js';
import { type Side, sideOf } from '../../game/hokm/seats.js';
import type { View } from '../../game/hokm/view.js';
import type { RoomView } from '../../protocol/client-out.js';

/** The viewer's game, or null before the first match. */
export const gameOf = (view: RoomView): View | null => (view.game === 'hokm' ? (view.table as View | null) : null);

/** The player's name; "you" for the viewer. */
export function nameOf(view: RoomView, seat: Seat): string {
  return seat === view.seat ? 'you' : playerName(view, seat);
}

export function playerName(view: RoomView, seat: Seat): string {
  return view.seats[seat]?.name ?? `seat ${seat}`;
}

/** "Sara takes", "You take": a sentence's subject with its verb. */
export function does(view: RoomView, seat: Seat, verb: string, third = `${verb}s`): string {
  return seat === view.seat ? `You ${verb}` : `${playerName(view, seat)} ${third}`;
}

/** Both partners; the viewer first. */
export function sideName(view: RoomView, side: Side): string {
  const seats = [side, side + 2] as Seat[];
  if (view.seat !== null && sideOf(view.seat) === side) seats.sort((a) => (a === view.seat ? -1 : 1));
  return seats.map((seat) => nameOf(view, seat)).join(' + ');
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
