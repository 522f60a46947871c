/** The four suits as shapes on a grid of 100. */
import type { Suit } from '../../game/cards.js';

export const SUIT_PATHS: Readonly<Record<Suit, string>> = {
  S: 'M50 4C57 24 92 40 92 66c0 15-11 24-23 24-7 0-12-2-16-7 1 6 4 10 10 13H37c6-3 9-7 10-13-4 5-9 7-16 7C19 90 8 81 8 66 8 40 43 24 50 4z',
  H: 'M50 94C44 78 6 58 6 31 6 16 17 6 30 6c9 0 16 5 20 14C54 11 61 6 70 6c13 0 24 10 24 25 0 27-38 47-44 63z',
  C: 'M50 5c13 0 22 10 22 21 0 6-2 11-6 15 2-1 5-1 7-1 12 0 22 9 22 22S85 85 73 85c-8 0-15-4-19-10 1 10 4 17 11 21H35c7-4 10-11 11-21-4 6-11 10-19 10C15 85 5 75 5 62s10-22 22-22c2 0 5 0 7 1-4-4-6-9-6-15C28 15 37 5 50 5z',
  D: 'M50 3C58 19 71 37 86 50 71 63 58 81 50 97 42 81 29 63 14 50 29 37 42 19 50 3z',
};

export function SuitShape({ suit }: { readonly suit: Suit }) {
  return (
    <svg class="suit" data-suit={suit} viewBox="0 0 100 100" aria-hidden="true">
      <path d={SUIT_PATHS[suit]} />
    </svg>
  );
}
