/** A finished hand face up: every seat's cards in the order played, what was left over at the end. */
import type { RoomView, Seat } from '../../client/browser.js';
import { SEATS } from '../../game/hokm/seats.js';
import { tricksOf } from '../../game/hokm/trick.js';
import { CardFace } from '../cards/card-face.js';
import { cardName } from '../cards/names.js';
import { Sheet } from '../parts/sheet.js';
import { useText } from '../text/text.js';
import type { PlayedHand } from './memory.js';
import { shownName } from './player-name.js';

export interface HandsSheetProps {
  readonly hand: PlayedHand;
  readonly room: RoomView;
  readonly onClose: () => void;
}

export function HandsSheet({ hand, room, onClose }: HandsSheetProps) {
  const text = useText();
  const { t } = text;
  const tricks = tricksOf(hand.played, hand.hakem, hand.trump);
  const cardOf = (seat: Seat, at: number) => {
    const trick = tricks[at];
    return trick && { card: trick.cards[(seat - trick.leader) & 3], won: trick.winner === seat };
  };
  return (
    <Sheet title={t('hands_of', { hand: hand.hand })} onClose={onClose} class="hands-sheet">
      {SEATS.map((seat) => (
        <section key={seat} class="hand-face-up">
          <h3>
            <bdi>{shownName(text, room, seat)}</bdi>
          </h3>
          <ul class="card-row" dir="ltr">
            {tricks.map((_, at) => {
              const { card, won } = cardOf(seat, at) ?? {};
              return (
                card && (
                  <li key={card} data-won={won} aria-label={cardName(text, card)}>
                    <CardFace card={card} />
                  </li>
                )
              );
            })}
            {(hand.left[seat] ?? []).map((card) => (
              <li key={card} data-left="true" aria-label={`${cardName(text, card)}, ${t('left_over')}`}>
                <CardFace card={card} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Sheet>
  );
}
