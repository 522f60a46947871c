/** A player at the table: picture, name, badges, what was said last. A button, for what can be done about the player. */
import type { Seat, SeatView } from '../../client/browser.js';
import { Icon } from '../parts/icon.js';
import { useText } from '../text/text.js';
import { Bubble } from './bubble.js';
import type { Place } from './places.js';
import { type Clock, SeatRing } from './seat-ring.js';
import type { Utterance } from './use-table.js';

export interface SeatPlateProps {
  readonly seat: Seat;
  readonly place: Place;
  readonly occupant: SeatView | null;
  /** As it is shown: "You" for the viewer. */
  readonly name: string;
  readonly connected: boolean;
  readonly hakem: boolean;
  readonly acting: boolean;
  readonly muted: boolean;
  readonly clock: Clock | null;
  readonly said: Utterance | undefined;
  readonly onClick: () => void;
}

export function SeatPlate(props: SeatPlateProps) {
  const { seat, place, occupant, connected, hakem, acting, muted, clock, said, onClick } = props;
  const { t } = useText();
  const name = props.name || t('empty_seat');
  const away = occupant !== null && !occupant.bot && !connected;
  const notes = [
    hakem && t('hakem'),
    acting && t('acting'),
    occupant?.bot && t('bot'),
    occupant?.substituted ? t('bot_plays') : away && t('away'),
    occupant?.waits && t('from_next_hand'),
    muted && t('muted'),
  ].filter((note) => typeof note === 'string');
  return (
    <div class="seat" data-place={place} data-seat={seat} data-side={seat & 1}>
      <button type="button" class="seat-plate" translate={false} onClick={onClick}>
        <span class="unseen">{[name, ...notes].join(', ')}</span>
        <SeatRing seat={occupant} acting={acting} clock={clock} />
        {hakem && (
          <span class="badge badge-hakem" aria-hidden="true" title={t('hakem')}>
            <Icon name="crown" />
          </span>
        )}
        {(away || muted) && (
          <span class="badge badge-away" aria-hidden="true" title={t(away ? 'away' : 'muted')}>
            <Icon name={away ? 'away' : 'muted'} />
          </span>
        )}
        <bdi class="seat-name" aria-hidden="true">
          {name}
        </bdi>
      </button>
      {said && !muted && <Bubble key={said.number} talk={said.talk} name={name} />}
    </div>
  );
}
