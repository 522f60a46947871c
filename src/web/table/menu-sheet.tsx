/** The table's menu: invite, fairness, settings, leave. */
import { useState } from 'preact/hooks';
import type { RoomView } from '../../client/browser.js';
import { useDevice } from '../device/device.js';
import { Icon } from '../parts/icon.js';
import { Settings } from '../parts/settings.js';
import { Sheet } from '../parts/sheet.js';
import { spacedCode } from '../text/numbers.js';
import { useText } from '../text/text.js';
import { LeaveQuestion } from './leave-question.js';
import { ShareTable } from './share-table.js';

export interface MenuSheetProps {
  readonly room: RoomView;
  readonly spectators: number;
  readonly onFairness: () => void;
  /** Absent while an opponent is there. */
  readonly onForfeit: (() => void) | undefined;
  readonly onLeave: () => void;
  readonly onClose: () => void;
}

export function MenuSheet({ room, spectators, onFairness, onForfeit, onLeave, onClose }: MenuSheetProps) {
  const { t } = useText();
  const { router } = useDevice();
  const [asks, setAsks] = useState(false);
  if (asks) return <LeaveQuestion room={room} onLeave={onLeave} onClose={onClose} />;
  return (
    <Sheet title={t('table_code', { code: spacedCode(room.room) })} onClose={onClose}>
      <ShareTable room={room.room} />
      <button type="button" class="button wide start" onClick={onFairness}>
        <Icon name="shield" /> {t('fairness')}
      </button>
      {onForfeit && (
        <button type="button" class="button wide start" onClick={onForfeit}>
          <Icon name="crown" /> {t('forfeit_take')}
        </button>
      )}
      {spectators > 0 && (
        <p class="quiet">
          <Icon name="eye" /> {t('spectators', { count: spectators })}
        </p>
      )}
      <h3>{t('settings')}</h3>
      <Settings />
      <button
        type="button"
        class="button danger wide start"
        onClick={() => (room.seat === null ? router.home() : setAsks(true))}
      >
        <Icon name="leave" /> {t(room.seat === null ? 'stop_watching' : 'leave')}
      </button>
    </Sheet>
  );
}
