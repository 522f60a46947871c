/** Phrases and faces to say to the table. */
import { PHRASES, type Phrase } from '../../client/browser.js';
import { Sheet } from '../parts/sheet.js';
import { useText } from '../text/text.js';
import { Emote, isEmote } from './emote.js';

export interface TalkSheetProps {
  readonly onSay: (phrase: Phrase) => void;
  readonly onClose: () => void;
}

export function TalkSheet({ onSay, onClose }: TalkSheetProps) {
  const { t } = useText();
  const say = (phrase: Phrase) => {
    onSay(phrase);
    onClose();
  };
  return (
    <Sheet title={t('talk')} onClose={onClose}>
      <div class="emotes">
        {PHRASES.filter(isEmote).map((phrase) => (
          <button
            key={phrase}
            type="button"
            class="emote-button"
            aria-label={t(`phrase_${phrase}`)}
            onClick={() => say(phrase)}
          >
            <Emote phrase={phrase} />
          </button>
        ))}
      </div>
      <div class="phrases">
        {PHRASES.filter((phrase) => !isEmote(phrase)).map((phrase) => (
          <button key={phrase} type="button" class="button" data-phrase={phrase} onClick={() => say(phrase)}>
            {t(`phrase_${phrase}`)}
          </button>
        ))}
      </div>
    </Sheet>
  );
}
