/** A table by the code somebody read out. */
import { useState } from 'preact/hooks';
import { readRoomCode } from '../../client/browser.js';
import { useDevice } from '../device/device.js';
import { latinDigits, spacedCode } from '../text/numbers.js';
import { useText } from '../text/text.js';

/** A code is longer only with a link, words or signs about it. */
const CODE_LENGTH = 9;

function tidied(typed: string): string {
  const code = typed.length > CODE_LENGTH ? readRoomCode(typed) : undefined;
  return code === undefined ? latinDigits(typed).toUpperCase() : spacedCode(code);
}

export function JoinByCode() {
  const { t } = useText();
  const { router } = useDevice();
  const { unread } = router.current;
  const [typed, setTyped] = useState(unread ?? '');
  const [wrong, setWrong] = useState(unread !== undefined);
  const submit = (event: Event) => {
    event.preventDefault();
    const code = readRoomCode(typed);
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
          maxLength={2_000}
          placeholder="7KQ2-M9XZ"
          value={typed}
          onInput={(event) => {
            setTyped(tidied(event.currentTarget.value));
            setWrong(false);
          }}
        />
        <button type="submit" class="button">
          {t('join')}
        </button>
      </div>
      {wrong && (
        <p id="code-wrong" class="problem" role="alert">
          {t(typed === unread ? 'bad_link' : 'bad_code')}
        </p>
      )}
    </form>
  );
}
