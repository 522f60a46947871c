/** What a player has just said. */
import type { Talk } from '../../client/browser.js';
import { type Text, useText } from '../text/text.js';
import { Emote, isEmote } from './emote.js';

export function Bubble({ talk, name }: { readonly talk: Talk; readonly name: string }) {
  const text = useText();
  const words = talkWords(text, talk);
  const emote = 'phrase' in talk && isEmote(talk.phrase) ? talk.phrase : undefined;
  return (
    <p class="bubble" role="status" dir="auto" data-emote={emote !== undefined}>
      <span class="unseen">{text.t('says', { name, phrase: words })}</span>
      <span aria-hidden="true">{emote ? <Emote phrase={emote} /> : words}</span>
    </p>
  );
}

/** A phrase in the reader's language, a player's own words as they are. */
export const talkWords = ({ t }: Text, talk: Talk): string =>
  'phrase' in talk ? t(`phrase_${talk.phrase}`) : talk.text;
