/** What can be done about a player: not to hear them, and for the host to give the seat to somebody else. */
import type { RoomView, Seat } from '../../client/browser.js';
import { Sheet } from '../parts/sheet.js';
import { useText } from '../text/text.js';
import { playerName } from './player-name.js';
import { maySwap, SwapButton } from './swap-button.js';

export interface SeatSheetProps {
  readonly seat: Seat;
  readonly room: RoomView;
  readonly muted: boolean;
  readonly onMute: () => void;
  readonly onKick: () => void;
  readonly onSwap: (to: Seat | null) => void;
  readonly onClose: () => void;
}

export function SeatSheet({ seat, room, muted, onMute, onKick, onSwap, onClose }: SeatSheetProps) {
  const text = useText();
  const { t } = text;
  const occupant = room.seats[seat];
  if (!occupant) return null;
  const { bot } = occupant;
  const name = playerName(text, room, seat);
  const isPartner = room.seat !== null && ((room.seat + 2) & 3) === seat;
  const mayKick = room.host !== null && room.host === room.seat && seat !== room.seat && !bot;
  return (
    <Sheet title={name} onClose={onClose}>
      <div class="form">
        {room.seat !== null && <p class="quiet">{t(isPartner ? 'partner' : 'opponent')}</p>}
        {!bot && (
          <button type="button" class="button wide" onClick={onMute}>
            {t(muted ? 'unmute' : 'mute', { name })}
          </button>
        )}
        {maySwap(room, seat) && <SwapButton room={room} seat={seat} name={name} onSwap={onSwap} />}
        {mayKick && (
          <button type="button" class="button danger wide" onClick={onKick}>
            {t('remove', { name })}
          </button>
        )}
      </div>
    </Sheet>
  );
}
