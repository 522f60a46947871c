/** What can be said to the table: faces and phrases first, then words of one's own; and what was said lately. */
import { useState } from 'preact/hooks';
import { PHRASES, type RoomView, type Seat, type Talk } from '../../client/browser.js';
import { Sheet } from '../parts/sheet.js';
import { persianLetters } from '../text/numbers.js';
import { useText } from '../text/text.js';
import { talkWords } from './bubble.js';
import { Emote, isEmote } from './emote.js';
import { shownName } from './player-name.js';
import type { Utterance } from './use-table.js';

export interface TalkSheetProps {
  readonly room: RoomView;
  readonly heard: readonly Utterance[];
  readonly muted: ReadonlySet<Seat>;
  readonly onSay: (talk: Talk) => void;
  readonly onClose: () => void;
}

/** The server shows no more of it. */
const LONGEST = 120;

export function TalkSheet({ room, heard, muted, onSay, onClose }: TalkSheetProps) {
  const text = useText();
  const { t } = text;
  const [words, setWords] = useState('');
  const say = (talk: Talk) => {
    onSay(talk);
    onClose();
  };
  const audible = heard.filter(({ seat }) => !muted.has(seat));
  return (
    <Sheet title={t('talk')} onClose={onClose}>
      <div class="emotes">
        {PHRASES.filter(isEmote).map((phrase) => (
          <button
            key={phrase}
            type="button"
            class="emote-button"
            aria-label={t(`phrase_${phrase}`)}
            onClick={() => say({ phrase })}
          >
            <Emote phrase={phrase} />
          </button>
        ))}
      </div>
      <div class="phrases">
        {PHRASES.filter((phrase) => !isEmote(phrase)).map((phrase) => (
          <button key={phrase} type="button" class="button" data-phrase={phrase} onClick={() => say({ phrase })}>
            {t(`phrase_${phrase}`)}
          </button>
        ))}
      </div>
      <form
        class="own-words"
        onSubmit={(event) => {
          event.preventDefault();
          if (words.trim() !== '') say({ text: persianLetters(words.trim()) });
        }}
      >
        <input
          type="text"
          dir="auto"
          aria-label={t('own_words')}
          placeholder={t('own_words')}
          maxLength={LONGEST}
          autocomplete="off"
          value={words}
          onInput={({ currentTarget }) => setWords(currentTarget.value)}
        />
        <button type="submit" class="button primary">
          {t('send')}
        </button>
      </form>
      {audible.length > 0 && (
        <>
          <h3>{t('heard')}</h3>
          <ul class="heard">
            {audible.map(({ seat, talk, number }) => (
              <li key={number}>
                <bdi>{shownName(text, room, seat)}</bdi>: <bdi>{talkWords(text, talk)}</bdi>
              </li>
            ))}
          </ul>
        </>
      )}
    </Sheet>
  );
}
