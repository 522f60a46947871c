/** Where seats lie on the screen. Play runs anticlockwise: from the bottom to the right, the top, the left. */
import type { Seat } from '../../client/browser.js';

export const PLACES = ['bottom', 'right', 'top', 'left'] as const;
export type Place = (typeof PLACES)[number];

/** The place of `seat` for a viewer at `own`; spectators sit with seat 0. */
export const placeOf = (seat: Seat, own: Seat | null): Place => PLACES[(seat - (own ?? 0) + 4) & 3] ?? 'bottom';

export const seatAt = (place: Place, own: Seat | null): Seat => ((PLACES.indexOf(place) + (own ?? 0)) & 3) as Seat;
