/** A table by the code somebody read out. */
import { useState } from 'preact/hooks';
import { parseRoomCode } from '../../client/browser.js';
import { useDevice } from '../device/device.js';
import { latinDigits } from '../text/numbers.js';
import { useText } from '../text/text.js';

export function JoinByCode() {
  const { t } = useText();
  const { router } = useDevice();
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const code = parseRoomCode(typed.replace(/\s/g, ''));
    if (code === undefined) setWrong(true);
    else router.toTable(code);
  };
  return (
    <form class="panel" onSubmit={submit}>
      <h2>{t('join_by_code')}</h2>
      <div class="field-row">
        <input
          type="text"
          class="code-input"
          dir="ltr"
          aria-label={t('room_code')}
          aria-invalid={wrong}
          aria-describedby={wrong ? 'code-wrong' : undefined}
          autoCapitalize="characters"
          autoComplete="off"
          spellcheck={false}
          maxLength={20}
          placeholder="7KQ2-M9XZ"
          value={typed}
          onInput={(event) => {
            setTyped(latinDigits(event.currentTarget.value).toUpperCase());
            setWrong(false);
          }}
        />
        <button type="submit" class="button">
          {t('join')}
        </button>
      </div>
      {wrong && (
        <p id="code-wrong" class="problem" role="alert">
          {t('bad_code')}
        </p>
      )}
    </form>
  );
}
