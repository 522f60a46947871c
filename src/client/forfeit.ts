/** When a match of Hokm can be had without being played on. PURE. */
import { opponentsGone } from '../game/hokm/seats.js';
import type { RoomView } from '../protocol/client-out.js';
import { holdersOf } from '../protocol/seating.js';

/** Whether `claim_forfeit` would give the viewer the match. */
export const mayClaim = ({ status, seat, seats, deserted }: RoomView): boolean =>
  status === 'playing' && seat !== null && opponentsGone(seat, holdersOf(seats, deserted));
