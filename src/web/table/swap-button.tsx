/** Changing places with another player: asks, takes the question back, or agrees to the other's. */
import type { RoomView, Seat } from '../../client/browser.js';
import { useText } from '../text/text.js';

export interface SwapButtonProps {
  readonly room: RoomView;
  /** Of the other player. */
  readonly seat: Seat;
  readonly name: string;
  /** With the seat to change to; null takes the question back. */
  readonly onSwap: (to: Seat | null) => void;
}

/** Whether the viewer may ask the player of `seat`. */
export const maySwap = ({ status, seat: own, seats }: RoomView, seat: Seat): boolean =>
  status !== 'playing' && own !== null && own !== seat && seats[seat]?.bot === false;

/** The players who would like to change places with the viewer. */
export const swapsWished = ({ swaps, seat: own }: RoomView): readonly Seat[] =>
  swaps.flatMap(({ from, to }) => (to === own ? [from] : []));

export function SwapButton({ room, seat, name, onSwap }: SwapButtonProps) {
  const { t } = useText();
  const isAsked = room.swaps.some(({ from, to }) => from === room.seat && to === seat);
  const asks = swapsWished(room).includes(seat);
  return (
    <button
      type="button"
      class={`button small ${asks ? 'primary' : 'plain'}`}
      aria-pressed={isAsked}
      aria-label={t(asks ? 'swap_agree_with' : isAsked ? 'swap_undo_with' : 'swap_with', { name })}
      onClick={() => onSwap(isAsked ? null : seat)}
    >
      {t(asks ? 'swap_agree' : isAsked ? 'swap_undo' : 'swap')}
    </button>
  );
}
