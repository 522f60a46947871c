/** The hakem names trump: the four suits as large buttons, further ways to play where the room allows them. */
import type { Card } from '../../game/cards.js';
import { SUITS, suitOf } from '../../game/cards.js';
import type { Command } from '../../game/hokm/command.js';
import { asSuit, trumpName } from '../cards/names.js';
import { SuitShape } from '../cards/suit-shape.js';
import { type Key, useText } from '../text/text.js';

export interface TrumpChoiceProps {
  readonly five: readonly Card[];
  readonly legal: readonly Command[];
  readonly onChoose: (command: Command) => void;
}

export function TrumpChoice({ five, legal, onChoose }: TrumpChoiceProps) {
  const text = useText();
  const { t, n } = text;
  const modes = legal.flatMap((command) =>
    command.type === 'name_trump' && asSuit(command.trump) === undefined ? [command.trump] : [],
  );
  return (
    <section class="choice-panel" aria-label={t('name_trump')}>
      <h2>{t('name_trump')}</h2>
      <div class="trump-suits">
        {SUITS.map((suit) => {
          const count = five.filter((card) => suitOf(card) === suit).length;
          return (
            <button
              key={suit}
              type="button"
              class="trump-button"
              data-trump={suit}
              onClick={() => onChoose({ type: 'name_trump', trump: suit })}
            >
              <SuitShape suit={suit} />
              <span class="unseen">{t('name_it', { trump: trumpName(text, suit), count })}</span>
              <span aria-hidden="true">{trumpName(text, suit)}</span>
              <small aria-hidden="true">{n(count)}</small>
            </button>
          );
        })}
      </div>
      {modes.map((trump) => (
        <button key={trump} type="button" class="button wide" onClick={() => onChoose({ type: 'name_trump', trump })}>
          {trumpName(text, trump)} <small>{t(`${trump}_hint` as Key)}</small>
        </button>
      ))}
      {legal.some(({ type }) => type === 'redeal') && (
        <button type="button" class="button wide" onClick={() => onChoose({ type: 'redeal' })}>
          {t('redeal')}
        </button>
      )}
      <p class="quiet">{t('name_trump_hint')}</p>
    </section>
  );
}
