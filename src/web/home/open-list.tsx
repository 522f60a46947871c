/** The public tables, looked at again every few seconds while the page is in view. */
import { useEffect, useState } from 'preact/hooks';
import { type OpenTable, openTables } from '../device/api.js';
import { useDevice } from '../device/device.js';
import { useText } from '../text/text.js';

const REFRESH_MS = 4_000;

export function OpenList() {
  const text = useText();
  const { t } = text;
  const { router } = useDevice();
  const [tables, setTables] = useState<readonly OpenTable[] | 'unknown' | undefined>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let left = false;
    const look = async () => {
      if (!document.hidden) {
        const found = await openTables().catch(() => 'unknown' as const);
        if (left) return;
        setTables(found);
      }
      timer = setTimeout(look, REFRESH_MS);
    };
    void look();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, []);

  return (
    <section class="panel open-list" aria-label={t('open_tables')}>
      <h2>{t('open_tables')}</h2>
      {tables === 'unknown' && <p class="quiet">{t('list_unavailable')}</p>}
      {Array.isArray(tables) && tables.length === 0 && <p class="quiet">{t('no_open_tables')}</p>}
      {Array.isArray(tables) && tables.length > 0 && (
        <ul>
          {tables.map((table: OpenTable) => {
            const people = table.seats.filter((seat) => seat && !seat.bot);
            const taken = table.seats.filter((seat) => seat !== null).length;
            const free = people.length < table.seats.length;
            return (
              <li key={table.room_code} class="open-table">
                <div class="open-table-words">
                  <strong>
                    {people.map((seat, at) => (
                      <span key={`${at} ${seat?.name}`}>
                        {at > 0 && ' · '}
                        <bdi>{seat?.name}</bdi>
                      </span>
                    ))}
                  </strong>
                  <span class="quiet">
                    {t(
                      table.status === 'lobby'
                        ? 'table_waiting'
                        : table.status === 'playing'
                          ? 'table_playing'
                          : 'table_finished',
                    )}
                    {' · '}
                    {t('seats_taken', { taken, total: table.seats.length })}
                    {' · '}
                    {t('to_points', { count: table.options.target_points ?? 7 })}
                  </span>
                </div>
                {free && (
                  <button
                    type="button"
                    class="button small"
                    onClick={() => router.toTable(table.room_code, { sit: true })}
                  >
                    {t('sit_down')}
                  </button>
                )}
                <button
                  type="button"
                  class="button small plain"
                  onClick={() => router.toTable(table.room_code, {}, true)}
                >
                  {t('watch')}
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
