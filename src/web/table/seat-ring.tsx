/** A player's picture (an initial on a colour, or a bot) in a ring that shows whose turn it is and how long it lasts. */
import { useMemo } from 'preact/hooks';
import type { SeatView } from '../../client/browser.js';
import { Icon } from '../parts/icon.js';

export interface Clock {
  /** When the move is made for the player, in this machine's `Date.now()`. */
  readonly deadline: number;
  /** Time for a whole move, ms. */
  readonly total: number;
  readonly stopped: boolean;
}

export interface SeatRingProps {
  readonly seat: SeatView | null;
  readonly acting: boolean;
  /** Null when no clock runs for the seat. */
  readonly clock: Clock | null;
}

/** Whether a bot moves for the seat at present. */
export const isBotsTurn = (seat: SeatView): boolean => seat.bot || seat.substituted || seat.waits === true;

const RADIUS = 22;
const LENGTH = Math.round(2 * Math.PI * RADIUS);

export function SeatRing({ seat, acting, clock }: SeatRingProps) {
  const deadline = clock?.deadline;
  // Taken once for a deadline: the style sheet's animation does the rest.
  const left = useMemo(() => (deadline === undefined ? 0 : deadline - Date.now()), [deadline]);
  const style = clock && {
    animationDuration: `${clock.total}ms`,
    animationDelay: `${Math.min(0, Math.round(left - clock.total))}ms`,
    animationPlayState: clock.stopped ? 'paused' : 'running',
  };
  return (
    <span class="seat-ring" data-acting={acting}>
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <circle class="ring-back" cx="24" cy="24" r={RADIUS} />
        {acting && (
          <circle
            key={deadline ?? 'still'}
            class={clock ? 'ring-clock' : 'ring-still'}
            cx="24"
            cy="24"
            r={RADIUS}
            strokeDasharray={LENGTH}
            style={style ?? {}}
          />
        )}
      </svg>
      <span class="seat-face" aria-hidden="true">
        {seat === null ? '' : isBotsTurn(seat) ? <Icon name="bot" /> : [...seat.name][0]}
      </span>
    </span>
  );
}
