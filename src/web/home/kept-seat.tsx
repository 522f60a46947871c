/** The way back to a seat that this device holds, without its code. */
import { useEffect, useState } from 'preact/hooks';
import type { RoomCode } from '../../client/browser.js';
import { ApiError, findSeat, lookAt } from '../device/api.js';
import { useDevice } from '../device/device.js';
import { spacedCode } from '../text/numbers.js';
import { useText } from '../text/text.js';

export function KeptSeat() {
  const { t } = useText();
  const { seats, router } = useDevice();
  const [room, setRoom] = useState<RoomCode | undefined>();
  useEffect(() => {
    const kept = seats.latest();
    if (!kept) return;
    findSeat(kept.token)
      .then(async (found) => {
        const { status } = await lookAt(found);
        if (status === 'closed') seats.forget(kept.room);
        else setRoom(found);
      })
      .catch((error: unknown) => {
        if (error instanceof ApiError && error.code === 'WRONG_TOKEN') seats.forget(kept.room);
      });
  }, [seats]);
  if (room === undefined) return null;
  return (
    <section class="panel kept-seat">
      <div>
        <h2>{t('back_to_table')}</h2>
        <p class="quiet">{t('back_to_table_hint', { code: spacedCode(room) })}</p>
      </div>
      <button type="button" class="button primary" onClick={() => router.toTable(room, { sit: true })}>
        {t('return')}
      </button>
    </section>
  );
}
