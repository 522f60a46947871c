/** Before sitting down by a link: which table this is, who is there, and under which name to come in. */
import { useEffect, useState } from 'preact/hooks';
import type { RoomCode, RoomView, Seat } from '../../client/browser.js';
import { ApiError, lookAt } from '../device/api.js';
import { useDevice } from '../device/device.js';
import { NameField } from '../home/name-field.js';
import { spacedCode } from '../text/numbers.js';
import { useText } from '../text/text.js';

export interface JoinScreenProps {
  readonly room: RoomCode;
  readonly onJoin: (seat?: Seat) => void;
  readonly onWatch: () => void;
}

export function JoinScreen({ room, onJoin, onWatch }: JoinScreenProps) {
  const { t } = useText();
  const { router } = useDevice();
  const [view, setView] = useState<RoomView | undefined>();
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    lookAt(room).then(setView, (error: unknown) =>
      setMissing(error instanceof ApiError && error.code === 'ROOM_UNAVAILABLE'),
    );
  }, [room]);
  const people = view?.seats.flatMap((seat) => (seat && !seat.bot ? [seat.name] : [])) ?? [];
  const isFree = !view || view.seats.some((seat) => !seat || seat.bot);
  return (
    <main class="centred">
      <form
        class="panel form join-screen"
        onSubmit={(event) => {
          event.preventDefault();
          onJoin();
        }}
      >
        <h1>{t('table_code', { code: spacedCode(room) })}</h1>
        {missing ? (
          <p class="problem" role="alert">
            {t('closed_ROOM_UNAVAILABLE')}
          </p>
        ) : (
          <>
            <p class="quiet">
              {people.length > 0 ? t('at_the_table', { names: people.join('، ') }) : t('nobody_there')}
            </p>
            <NameField />
            {isFree && (
              <button type="submit" class="button primary wide">
                {t('sit_down')}
              </button>
            )}
            <button type="button" class="button wide" onClick={onWatch}>
              {t('watch')}
            </button>
          </>
        )}
        <button type="button" class="button plain wide" onClick={() => router.home()}>
          {t('to_home')}
        </button>
      </form>
    </main>
  );
}
