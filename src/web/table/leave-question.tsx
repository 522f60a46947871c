/** Leaving names its consequence. */
import type { RoomView } from '../../client/browser.js';
import { Sheet } from '../parts/sheet.js';
import { useText } from '../text/text.js';

export interface LeaveQuestionProps {
  readonly room: RoomView;
  readonly onLeave: () => void;
  readonly onClose: () => void;
}

export function LeaveQuestion({ room, onLeave, onClose }: LeaveQuestionProps) {
  const { t } = useText();
  const what = room.status === 'playing' ? 'leave_playing' : room.status === 'lobby' ? 'leave_lobby' : 'leave_finished';
  return (
    <Sheet title={t('leave')} onClose={onClose}>
      <p>{t(what)}</p>
      <div class="buttons">
        <button type="button" class="button primary" onClick={onClose}>
          {t('stay')}
        </button>
        <button type="button" class="button danger" onClick={onLeave}>
          {t('leave')}
        </button>
      </div>
    </Sheet>
  );
}
