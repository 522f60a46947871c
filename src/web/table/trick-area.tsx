/** The middle of the table: the cards of the trick, each before its player. */
import type { RoomView, Seat } from '../../client/browser.js';
import { CardFace } from '../cards/card-face.js';
import { cardName } from '../cards/names.js';
import { useText } from '../text/text.js';
import { placeOf } from './places.js';
import { shownName } from './player-name.js';
import type { Stage } from './use-stage.js';

export interface TrickAreaProps {
  readonly stage: Stage;
  readonly view: RoomView;
  readonly own: Seat | null;
  /** Whether each card carries the name of its player, for where no seats lie round it. */
  readonly named?: boolean;
}

export function TrickArea({ stage, view, own, named = false }: TrickAreaProps) {
  const text = useText();
  const { cards, winner, sweeping } = stage;
  const to = winner === null ? undefined : placeOf(winner, own);
  return (
    <ul class="trick" aria-label={text.t('trick')} data-sweep={sweeping ? to : undefined}>
      {cards.map(({ seat, card }) => {
        const name = shownName(text, view, seat);
        return (
          <li
            key={card}
            class="trick-card"
            data-place={placeOf(seat, own)}
            data-card={card}
            data-won={winner === null ? undefined : seat === winner}
          >
            <CardFace card={card} />
            {named && (
              <bdi class="trick-name" aria-hidden="true">
                {name}
              </bdi>
            )}
            <span class="unseen">{text.t('played_by', { card: cardName(text, card), name })}</span>
          </li>
        );
      })}
    </ul>
  );
}
