/** One line that says whose turn it is, or why a card cannot be played; read out when it changes. */
import { useEffect, useState } from 'preact/hooks';
import { IconButton } from '../parts/icon-button.js';
import { useText } from '../text/text.js';

export interface TurnLineProps {
  readonly words: string;
  readonly mine: boolean;
  readonly warning: { readonly words: string; readonly number: number };
  readonly onTalk: (() => void) | undefined;
}

const WARNING_MS = 2_600;

export function TurnLine({ words, mine, warning, onTalk }: TurnLineProps) {
  const { t } = useText();
  const [gone, setGone] = useState(0);
  const warns = warning.number > gone;
  useEffect(() => {
    if (!warns) return;
    const timer = setTimeout(() => setGone(warning.number), WARNING_MS);
    return () => clearTimeout(timer);
  }, [warning.number, warns]);
  return (
    <div class="turn-line">
      <p
        class="turn-words"
        translate={false}
        key={warns ? warning.number : 'turn'}
        data-kind={warns ? 'warning' : mine ? 'mine' : 'other'}
        role="status"
        aria-live={warns ? 'assertive' : 'polite'}
      >
        {warns ? warning.words : words}
      </p>
      {onTalk && <IconButton icon="talk" label={t('talk')} onClick={onTalk} />}
    </div>
  );
}
