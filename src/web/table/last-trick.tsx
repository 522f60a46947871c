/** The trick taken last, as it lay: who played which card, and who took it. */
import type { RoomView } from '../../client/browser.js';
import type { WonTrick } from '../../game/hokm/trick.js';
import { Sheet } from '../parts/sheet.js';
import { useText } from '../text/text.js';
import { playerName } from './player-name.js';
import { TrickArea } from './trick-area.js';
import { lying } from './use-stage.js';

export interface LastTrickProps {
  readonly trick: WonTrick | null;
  readonly room: RoomView;
  readonly onClose: () => void;
}

export function LastTrick({ trick, room, onClose }: LastTrickProps) {
  const text = useText();
  const { t } = text;
  return (
    <Sheet title={t('last_trick')} onClose={onClose} class="last-trick">
      {trick === null ? (
        <p class="quiet">{t('no_last_trick')}</p>
      ) : (
        <>
          <div class="felt last-trick-felt">
            <TrickArea
              stage={{ cards: lying(trick), winner: trick.winner, sweeping: false }}
              view={room}
              own={room.seat}
              named
            />
          </div>
          <p class="last-trick-winner">
            {trick.winner === room.seat
              ? t('trick_taken_by_you')
              : t('trick_taken_by', { name: playerName(text, room, trick.winner) })}
          </p>
        </>
      )}
    </Sheet>
  );
}
