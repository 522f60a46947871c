/** What a player has just said. */
import type { Phrase } from '../../client/browser.js';
import { useText } from '../text/text.js';
import { Emote, isEmote } from './emote.js';

export function Bubble({ phrase, name }: { readonly phrase: Phrase; readonly name: string }) {
  const { t } = useText();
  const words = t(`phrase_${phrase}`);
  return (
    <p class="bubble" role="status" data-emote={isEmote(phrase)}>
      <span class="unseen">{t('says', { name, phrase: words })}</span>
      <span aria-hidden="true">{isEmote(phrase) ? <Emote phrase={phrase} /> : words}</span>
    </p>
  );
}
