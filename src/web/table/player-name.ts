/** What a player is called on the page. Bots are named by the server in English; here in the reader's language. */
import type { RoomView, Seat } from '../../client/browser.js';
import type { Text } from '../text/text.js';

/** The name as others see it; empty for an empty seat. */
export function playerName({ t, n }: Text, room: RoomView, seat: Seat): string {
  const occupant = room.seats[seat];
  if (!occupant) return '';
  return occupant.bot && /^Bot \d$/.test(occupant.name) ? `${t('bot')} ${n(seat + 1)}` : occupant.name;
}

/** The same, but "You" for the viewer. */
export const shownName = (text: Text, room: RoomView, seat: Seat): string =>
  seat === room.seat ? text.t('you') : playerName(text, room, seat);
