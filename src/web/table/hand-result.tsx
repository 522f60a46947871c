/** The score of a finished hand and why: shown over the table for a while, never in the way of the next deal. */
import { useEffect } from 'preact/hooks';
import type { RoomView } from '../../client/browser.js';
import { sideOf } from '../../game/hokm/seats.js';
import { useText } from '../text/text.js';
import type { PlayedHand } from './memory.js';
import { handTitle, nextHakemWords, reasonWords } from './reason-words.js';

export interface HandResultPanelProps {
  readonly hand: PlayedHand;
  readonly room: RoomView;
  /** It is the viewer's turn already. */
  readonly hurries: boolean;
  readonly onClose: () => void;
  readonly onHands: () => void;
}

const SHOWN_MS = 7_000;
/** Who has to name trump now has a clock running. */
const SHOWN_TO_HAKEM_MS = 3_500;

export function HandResultPanel({ hand, room, hurries, onClose, onHands }: HandResultPanelProps) {
  const text = useText();
  const { t } = text;
  useEffect(() => {
    const shown = hurries ? Math.min(SHOWN_TO_HAKEM_MS, room.turn_ms / 4) : SHOWN_MS;
    const timer = setTimeout(onClose, shown);
    return () => clearTimeout(timer);
  }, [hand.hand, hurries]);
  const won = room.seat === null ? undefined : sideOf(room.seat) === hand.side;
  return (
    <section class="result-panel" data-won={won} data-kot={hand.kot} role="status">
      <header class="result-head">
        <p class="result-points" aria-hidden="true">
          {t('points_plus', { count: hand.points })}
        </p>
        <h2>{handTitle(text, room, hand)}</h2>
      </header>
      <p class="result-reason">
        <span class="unseen">{t('points_plus', { count: hand.points })} </span>
        {reasonWords(text, room, hand)}
      </p>
      <p class="quiet">{nextHakemWords(text, room, hand)}</p>
      <div class="buttons">
        {hand.played.length > 0 && (
          <button type="button" class="button" onClick={onHands}>
            {t('see_hands')}
          </button>
        )}
        <button type="button" class="button primary" onClick={onClose}>
          {t('go_on')}
        </button>
      </div>
    </section>
  );
}
