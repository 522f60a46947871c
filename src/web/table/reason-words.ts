/** Why a hand scored what it scored. PURE. */
import type { RoomView, Seat } from '../../client/browser.js';
import { after, sideOf, type Side } from '../../game/hokm/seats.js';
import type { HandResult } from '../../game/hokm/table.js';
import type { Text } from '../text/text.js';

/** "We", "They", or two names for those who only watch. */
export function sideName({ t }: Text, room: RoomView, side: Side): string {
  if (room.seat !== null) return t(sideOf(room.seat) === side ? 'we' : 'they');
  return t('side_of', { a: room.seats[side]?.name ?? '', b: room.seats[side + 2]?.name ?? '' });
}

export function handTitle(text: Text, room: RoomView, { side }: HandResult): string {
  const won = room.seat !== null && sideOf(room.seat) === side;
  return won ? text.t('you_won_hand') : text.t('hand_won', { side: sideName(text, room, side) });
}

export function reasonWords(text: Text, room: RoomView, { side, kot, tricks }: HandResult): string {
  const { t } = text;
  const loses = room.seat !== null && sideOf(room.seat) !== side;
  switch (kot) {
    case 'hakem_kot':
      return t('reason_hakem_kot');
    case 'kot':
      return t(room.seat === null ? 'reason_kot_neutral' : loses ? 'reason_kot_against' : 'reason_kot');
    case 'none':
      return t('reason_seven', { a: tricks[side], b: tricks[1 - side] ?? 0 });
  }
}

/** Who is hakem in the next hand. */
export function nextHakemWords({ t }: Text, room: RoomView, { hakem, side }: HandResult): string {
  const stays = sideOf(hakem) === side;
  const next: Seat = stays ? hakem : after(hakem, 1);
  return t(stays ? 'hakem_stays' : 'hakem_moves', { name: next === room.seat ? t('you') : (room.seats[next]?.name ?? '') });
}
