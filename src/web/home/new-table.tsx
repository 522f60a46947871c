/** The options of a new table. */
import { useState } from 'preact/hooks';
import type { NewTable } from '../device/api.js';
import type { Intent } from '../device/route.js';
import { Choice } from '../parts/choice.js';
import { Sheet } from '../parts/sheet.js';
import { Stepper } from '../parts/stepper.js';
import { Switch } from '../parts/switch.js';
import { useText } from '../text/text.js';

export interface NewTableSheetProps {
  readonly onClose: () => void;
  readonly onCreate: (table: NewTable, intent: Intent) => void;
}

const MOVE_SECONDS = [10, 20, 40, 90] as const;
const MODES = ['saras', 'naras', 'tak_naras'] as const;

export function NewTableSheet({ onClose, onCreate }: NewTableSheetProps) {
  const { t } = useText();
  const [points, setPoints] = useState(7);
  const [seconds, setSeconds] = useState<number>(20);
  const [open, setOpen] = useState<'link' | 'public'>('link');
  const [bots, setBots] = useState(0);
  const [all, setAll] = useState(false);
  const [redeal, setRedeal] = useState(false);
  const [modes, setModes] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const options = {
      target_points: points,
      play_all_tricks: all,
      redeal_right: redeal,
      trump_modes: modes ? MODES : [],
    };
    onCreate({ options, turn_ms: seconds * 1_000, public: open === 'public' }, { sit: true, bots });
  };
  return (
    <Sheet title={t('new_table')} onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <Stepper label={t('target_score')} value={points} min={1} max={13} onChange={setPoints} />
        <Choice
          label={t('time_per_move')}
          value={seconds}
          onChange={setSeconds}
          options={MOVE_SECONDS.map((value) => ({ value, label: t('seconds', { count: value }) }))}
        />
        <Choice
          label={t('who_can_join')}
          value={open}
          onChange={setOpen}
          options={[
            { value: 'link', label: t('by_link') },
            { value: 'public', label: t('public_table') },
          ]}
        />
        <Choice
          label={t('bots_at_table')}
          value={bots}
          onChange={setBots}
          options={[0, 1, 2, 3].map((value) => ({
            value,
            label: value === 0 ? t('bots_none') : t('bots_count', { count: value }),
          }))}
        />
        <details class="more">
          <summary>{t('more_rules')}</summary>
          <Switch label={t('play_all_tricks')} on={all} onChange={setAll} />
          <Switch label={t('redeal_right')} on={redeal} onChange={setRedeal} />
          <Switch label={t('trump_modes')} on={modes} onChange={setModes} />
        </details>
        <button type="submit" class="button primary wide">
          {t('create_table')}
        </button>
      </form>
    </Sheet>
  );
}
