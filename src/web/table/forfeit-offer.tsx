/** The opponents have left: the match can be had without playing on. Beside the play, never in its way. */
import { useText } from '../text/text.js';

export interface ForfeitOfferProps {
  readonly onTake: () => void;
  readonly onPlayOn: () => void;
}

export function ForfeitOffer({ onTake, onPlayOn }: ForfeitOfferProps) {
  const { t } = useText();
  return (
    <section class="result-panel forfeit-offer" role="status">
      <h2>{t('forfeit_title')}</h2>
      <p class="quiet">{t('forfeit_words')}</p>
      <div class="buttons">
        <button type="button" class="button" onClick={onPlayOn}>
          {t('forfeit_play_on')}
        </button>
        <button type="button" class="button primary" onClick={onTake}>
          {t('forfeit_take')}
        </button>
      </div>
    </section>
  );
}
