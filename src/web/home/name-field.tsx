/** The player's name, kept on the device. */
import { useLikes } from '../device/device.js';
import { persianLetters } from '../text/numbers.js';
import { useText } from '../text/text.js';

export function NameField() {
  const { t } = useText();
  const [{ name }, change] = useLikes();
  return (
    <label class="field">
      <span>{t('your_name')}</span>
      <input
        type="text"
        dir="auto"
        maxLength={20}
        autoComplete="nickname"
        placeholder={t('name_hint')}
        value={name}
        onInput={(event) => change({ name: persianLetters(event.currentTarget.value) })}
      />
    </label>
  );
}
