/** The end of a connection that does not come back by itself: why, and what can be done. */
import type { RoomCode } from '../../client/browser.js';
import { useDevice } from '../device/device.js';
import { en } from '../text/en.js';
import { type Key, useText } from '../text/text.js';

export interface ClosedProps {
  readonly code: string;
  /** In English, for codes that have no words of their own. */
  readonly reason: string;
  readonly room: RoomCode;
  readonly onAgain: () => void;
}

/** The seat is still ours, only opened elsewhere. */
const ELSEWHERE: readonly string[] = ['SEAT_REPLACED', 'SOCKET_REPLACED'];
const JOINABLE: readonly string[] = ['WRONG_TOKEN', 'SEAT_TAKEN', 'KICKED', 'SEAT_LEFT'];

export function Closed({ code, reason, room, onAgain }: ClosedProps) {
  const { t } = useText();
  const { router } = useDevice();
  const key = `closed_${code}`;
  const words = Object.hasOwn(en, key) ? t(key as Key) : t('closed_other', { reason: reason || code });
  const elsewhere = ELSEWHERE.includes(code);
  return (
    <main class="centred">
      <section class="panel form closed" role="alert">
        <h1>{t(elsewhere ? 'closed_here' : 'closed_title')}</h1>
        <p>{words}</p>
        {elsewhere && (
          <button type="button" class="button primary wide" onClick={onAgain}>
            {t('play_here')}
          </button>
        )}
        {JOINABLE.includes(code) && (
          <button type="button" class="button wide" onClick={onAgain}>
            {t('join_again')}
          </button>
        )}
        {code === 'ROOM_UNAVAILABLE' && (
          <button type="button" class="button wide" onClick={() => router.toTable(room, {}, true)}>
            {t('watch_instead')}
          </button>
        )}
        <button type="button" class="button plain wide" onClick={() => router.home()}>
          {t('to_home')}
        </button>
      </section>
    </main>
  );
}
