/** The start page: play at once, find others, or make a table. */
import { useState } from 'preact/hooks';
import { ApiError, createTable, type NewTable, openTables } from '../device/api.js';
import { useDevice, useLikes } from '../device/device.js';
import type { Intent } from '../device/route.js';
import { Icon, type IconName } from '../parts/icon.js';
import { SettingsSheet } from '../parts/settings-sheet.js';
import { useText } from '../text/text.js';
import { Hero } from './hero.js';
import { JoinByCode } from './join-by-code.js';
import { KeptSeat } from './kept-seat.js';
import { NameField } from './name-field.js';
import { NewTableSheet } from './new-table.js';
import { OpenList } from './open-list.js';
import { Rules } from './rules.js';

export function Home() {
  const { t } = useText();
  const { router } = useDevice();
  const [{ language }, change] = useLikes();
  const [sheet, setSheet] = useState<'new' | 'settings' | undefined>();
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  const attempt = async (work: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setProblem('');
    try {
      await work();
    } catch (error) {
      const code = error instanceof ApiError ? error.code : 'NO_ANSWER';
      const reason =
        code === 'CLUSTER_FULL' || code === 'STORAGE_LOW' || code === 'RATE_LIMITED'
          ? t('servers_full')
          : t('no_answer');
      setProblem(t('not_created', { reason }));
      setBusy(false);
    }
  };
  const create = (table: NewTable, intent: Intent) =>
    attempt(async () => router.toTable(await createTable(table), intent));
  const quick = () =>
    attempt(async () => {
      const waiting = (await openTables()).filter(({ status, seats }) => status === 'lobby' && seats.includes(null));
      // The fullest first: there the wait is shortest.
      const [best] = waiting.toSorted((a, b) => filled(b.seats) - filled(a.seats));
      const room = best?.room_code ?? (await createTable({ options: {}, public: true }));
      router.toTable(room, { sit: true });
    });
  const way = (icon: IconName, title: string, hint: string, onClick: () => void, primary = false) => (
    <button type="button" class={`way ${primary ? 'primary' : ''}`} disabled={busy} onClick={onClick}>
      <Icon name={icon} />
      <span>
        <strong>{title}</strong>
        <small>{hint}</small>
      </span>
    </button>
  );

  return (
    <div class="home">
      <header class="home-bar">
        <button
          type="button"
          class="button plain"
          lang={language === 'fa' ? 'en' : 'fa'}
          onClick={() => change({ language: language === 'fa' ? 'en' : 'fa' })}
        >
          <Icon name="globe" /> {t('language_other')}
        </button>
        <button type="button" class="button plain" onClick={() => setSheet('settings')}>
          {t('settings')}
        </button>
      </header>
      <main class="home-main">
        <div class="home-start">
          <Hero />
          <KeptSeat />
          <NameField />
          <div class="ways">
            {way(
              'bolt',
              t('play_bots'),
              t('play_bots_hint'),
              () => create({ options: {} }, { sit: true, start: true }),
              true,
            )}
            {way('people', t('quick_match'), t('quick_match_hint'), quick)}
            {way('plus', t('new_table'), t('new_table_hint'), () => setSheet('new'))}
          </div>
          {problem && (
            <p class="problem" role="alert">
              {problem}
            </p>
          )}
        </div>
        <div class="home-others">
          <JoinByCode />
          <OpenList />
          <Rules />
        </div>
      </main>
      {sheet === 'new' && <NewTableSheet onClose={() => setSheet(undefined)} onCreate={create} />}
      {sheet === 'settings' && <SettingsSheet onClose={() => setSheet(undefined)} />}
    </div>
  );
}

const filled = (seats: readonly unknown[]): number => seats.filter((seat) => seat !== null).length;
