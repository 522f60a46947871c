/** Why a hand scored what it scored. PURE. */
import type { RoomView, Seat } from '../../client/browser.js';
import { after, type Side, sideOf } from '../../game/hokm/seats.js';
import type { HandResult } from '../../game/hokm/table.js';
import type { Text } from '../text/text.js';
import { playerName } from './player-name.js';

/** "We", "They", or two names for those who only watch. */
export function sideName(text: Text, room: RoomView, side: Side): string {
  const { t } = text;
  if (room.seat !== null) return t(sideOf(room.seat) === side ? 'we' : 'they');
  return t('side_of', {
    a: playerName(text, room, after(0 as Seat, side)),
    b: playerName(text, room, after(2 as Seat, side)),
  });
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
export function nextHakemWords(text: Text, room: RoomView, { hakem, side }: HandResult): string {
  const stays = sideOf(hakem) === side;
  const next: Seat = stays ? hakem : after(hakem, 1);
  if (next === room.seat) return text.t(stays ? 'hakem_stays_you' : 'hakem_moves_you');
  return text.t(stays ? 'hakem_stays' : 'hakem_moves', { name: playerName(text, room, next) });
}
