/** One seat in the waiting room: who sits there, or what can be done with it. */
import type { RoomView, Seat } from '../../client/browser.js';
import { Icon } from '../parts/icon.js';
import { IconButton } from '../parts/icon-button.js';
import { useText } from '../text/text.js';
import { Bubble } from './bubble.js';
import { placeOf } from './places.js';
import { playerName } from './player-name.js';
import { SeatRing } from './seat-ring.js';
import { maySwap, SwapButton } from './swap-button.js';
import type { Utterance } from './use-table.js';

export interface LobbySeatProps {
  readonly seat: Seat;
  readonly room: RoomView;
  readonly connected: boolean;
  readonly said: Utterance | undefined;
  readonly onSit: () => void;
  readonly onBot: () => void;
  readonly onRemove: () => void;
  readonly onSwap: (to: Seat | null) => void;
}

export function LobbySeat({ seat, room, connected, said, onSit, onBot, onRemove, onSwap }: LobbySeatProps) {
  const text = useText();
  const { t } = text;
  const name = playerName(text, room, seat);
  const occupant = room.seats[seat] ?? null;
  const { seat: own, host } = room;
  const isHost = host !== null && host === own;
  const isPartner = own !== null && ((own + 2) & 3) === seat;
  const away = occupant !== null && !occupant.bot && !connected;
  const note = seat === own ? t('you') : isPartner ? t('partner') : own === null ? '' : t('opponent');
  return (
    <div
      class="lobby-seat"
      data-place={placeOf(seat, own)}
      data-seat={seat}
      data-side={seat & 1}
      data-empty={!occupant}
    >
      <SeatRing seat={occupant} acting={false} clock={null} />
      {occupant ? (
        <>
          <bdi class="seat-name" translate={false}>
            {name}
          </bdi>
          <small class="quiet">
            {seat === host && <Icon name="host" />}
            {away ? t('away') : seat === host ? t('host') : note}
          </small>
          {maySwap(room, seat) && <SwapButton room={room} seat={seat} name={name} onSwap={onSwap} />}
          {isHost && seat !== own && (
            <IconButton icon="close" class="lobby-remove" label={t('remove', { name })} onClick={onRemove} />
          )}
        </>
      ) : (
        <div class="lobby-actions">
          {own !== null && (
            <button type="button" class="button small" onClick={onSit}>
              {t('take_seat')}
            </button>
          )}
          {isHost && (
            <button type="button" class="button small plain" onClick={onBot}>
              {t('add_bot')}
            </button>
          )}
          {own === null && <small class="quiet">{t('empty_seat')}</small>}
        </div>
      )}
      {said && <Bubble key={said.number} talk={said.talk} name={name} />}
    </div>
  );
}
