/**
 * King, queen and jack as half-length figures on the card's grid of 100 by 140, in the part that the index leaves free.
 * The robe has the suit's colour and carries its shape; what tells the three apart is beard, hair and headdress.
 */
import type { Suit } from '../../game/cards.js';
import { SUIT_PATHS } from './suit-shape.js';

export type Court = 'K' | 'Q' | 'J';

export const isCourt = (rank: string): rank is Court => rank === 'K' || rank === 'Q' || rank === 'J';

/** Hair behind the face. */
const BACK_HAIR: Readonly<Record<Court, string>> = {
  K: 'M46 60h34c4 12 3 24-2 30H48c-5-6-6-18-2-30z',
  Q: 'M63 44c15 0 20 12 20 26 0 16 3 28 7 38H36c4-10 7-22 7-38 0-14 5-26 20-26z',
  J: 'M46 58h34c4 12 5 22 2 31-5 3-9 1-12-3H56c-3 4-7 6-12 3-3-9-2-19 2-31z',
};

/** Robe, from the shoulders down. */
const ROBE: Readonly<Record<Court, string>> = {
  K: 'M31 138c-1-24 6-36 19-40l13 8 13-8c13 4 18 16 17 40z',
  Q: 'M36 138c-2-20 4-33 16-37l11 10 11-10c12 4 18 17 16 37z',
  J: 'M33 138c-1-22 5-34 17-38l13 7 13-7c12 4 18 16 16 38z',
};

/** Collar and hem, in gold. */
const TRIM: Readonly<Record<Court, string>> = {
  K: 'M47 98l16 11 16-11 4 3-20 15-20-15zM31 138v-4h63v4z',
  Q: 'M51 101l12 11 12-11 3 2-15 15-15-15z',
  J: 'M48 99c5 6 10 8 15 8s10-2 15-8l4 3c-5 8-12 11-19 11s-14-3-19-11z',
};

/** Headdress, in gold: crown, diadem, the band of a cap. */
const HEADDRESS: Readonly<Record<Court, string>> = {
  K: 'M47 63l-3-24 10 10 9-18 9 18 11-11-4 25c-10-4-22-4-32 0z',
  Q: 'M45 60c4-10 10-15 18-15s14 5 18 15l-5-1c-2-3-4-5-6-6l-7-9-7 9c-2 1-4 3-6 6z',
  J: 'M43 60c12-6 28-6 40 0v7c-12-6-28-6-40 0z',
};

const FACE_LINES = 'M55 70q3-2 5 0M66 70q2-2 5 0M63 73l-2 6h3';

/** Drawn under whatever carries the index; `suit` fills robe and cap. */
export function CourtFigure({ court, suit }: { readonly court: Court; readonly suit: Suit }) {
  return (
    <g class="court" data-court={court}>
      <path class="court-hair" d={BACK_HAIR[court]} />
      <path class="court-skin" d="M56 86h14v14l-7 8-7-8z" />
      <path d={ROBE[court]} />
      <path class="court-gold" d={TRIM[court]} />
      <ellipse class="court-skin" cx="63" cy="74" rx="14" ry="17" />
      {court === 'K' && (
        <path
          class="court-hair"
          d="M49 74c1 5 4 8 7 8 3-2 5-3 7-2 2-1 4 0 7 2 3 0 6-3 7-8 2 16-4 30-14 34-10-4-16-18-14-34zM58 85q5 3 10 0l-1 3q-4 2-8 0z"
          fill-rule="evenodd"
        />
      )}
      {court === 'Q' && (
        <path class="court-hair" d="M63 52c-8 3-12 11-14 24-5-17 1-28 14-28s19 11 14 28c-2-13-6-21-14-24z" />
      )}
      {court === 'J' && (
        <>
          <path d="M42 62c-2-16 8-25 22-25 13 0 22 9 20 25-12-6-30-6-42 0z" />
          <path class="court-gold" d="M70 58c2-14 8-24 22-29 2 12-4 24-18 31z" />
          <path class="court-lines" d="M73 57c4-9 9-16 16-24" />
        </>
      )}
      <path class="court-gold" d={HEADDRESS[court]} />
      <path class="court-lines" d={FACE_LINES} />
      <circle class="court-eye" cx="57.500" cy="73" r="1.700" />
      <circle class="court-eye" cx="68.500" cy="73" r="1.700" />
      {court !== 'K' && <path class="court-lips" d="M59 83q4 1.500 8 0-4 4.500-8 0z" />}
      {court === 'Q' && (
        <>
          <circle class="court-gold" cx="48" cy="85" r="2.500" />
          <circle class="court-gold" cx="78" cy="85" r="2.500" />
        </>
      )}
      <path class="court-emblem" d={SUIT_PATHS[suit]} transform={`translate(63 125) scale(0.15) translate(-50 -50)`} />
    </g>
  );
}
