/** What the game is, in one look. */
import type { Card } from '../../game/cards.js';
import { CardFace } from '../cards/card-face.js';
import { useText } from '../text/text.js';

const FAN: readonly Card[] = ['KH', 'AS', 'QD'];

export function Hero() {
  const { t } = useText();
  return (
    <div class="hero">
      <div class="hero-fan" aria-hidden="true">
        {FAN.map((card) => (
          <CardFace key={card} card={card} />
        ))}
      </div>
      <h1>
        <span lang="en">Hokm</span> <span lang="fa">حکم</span>
      </h1>
      <p>{t('tagline')}</p>
    </div>
  );
}
