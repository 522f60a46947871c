/** What a person may like to have otherwise. */
import { useLikes } from '../device/device.js';
import { useText } from '../text/text.js';
import { Choice } from './choice.js';
import { Switch } from './switch.js';

export function Settings() {
  const { t } = useText();
  const [likes, change] = useLikes();
  return (
    <div class="form">
      <Choice
        label={t('language')}
        value={likes.language}
        onChange={(language) => change({ language })}
        options={[
          { value: 'en', label: 'English' },
          { value: 'fa', label: 'فارسی' },
        ]}
      />
      <Choice
        label={t('theme')}
        value={likes.theme}
        onChange={(theme) => change({ theme })}
        options={[
          { value: 'auto', label: t('theme_auto') },
          { value: 'light', label: t('theme_light') },
          { value: 'dark', label: t('theme_dark') },
        ]}
      />
      <Switch label={t('four_colours')} on={likes.fourColours} onChange={(fourColours) => change({ fourColours })} />
      <Switch label={t('sound')} on={likes.sound} onChange={(sound) => change({ sound })} />
      <Switch label={t('vibration')} on={likes.vibration} onChange={(vibration) => change({ vibration })} />
    </div>
  );
}
