/** What is trump in this hand. */

import type { Trump } from '../../game/hokm/trick.js';
import { asSuit, trumpName } from '../cards/names.js';
import { SuitShape } from '../cards/suit-shape.js';
import { useText } from '../text/text.js';

export function TrumpSign({ trump }: { readonly trump: Trump | null }) {
  const text = useText();
  const suit = asSuit(trump);
  return (
    <span class="trump-sign" data-named={trump !== null} key={trump ?? ''}>
      <span class="unseen">
        {trump === null ? text.t('no_trump_yet') : text.t('trump_is', { trump: trumpName(text, trump) })}
      </span>
      <span aria-hidden="true">
        {suit ? <SuitShape suit={suit} /> : trump === null ? '–' : <small>{trumpName(text, trump)}</small>}
      </span>
    </span>
  );
}
