/**
 * A card's face: drawn, so that it is sharp at every size. Made to be read when only its left edge shows: a large index
 * there, one large suit or a figure in the free corner. Says nothing to screen readers; whoever shows it does.
 */
import { type Card, suitOf } from '../../game/cards.js';
import { CourtFigure, isCourt } from './court-figure.js';
import { SUIT_PATHS } from './suit-shape.js';

export function CardFace({ card }: { readonly card: Card }) {
  const suit = suitOf(card);
  const rank = card.charAt(0);
  const shape = (x: number, y: number, size: number) => (
    <path d={SUIT_PATHS[suit]} transform={`translate(${x} ${y}) scale(${size / 100}) translate(-50 -50)`} />
  );
  return (
    <svg class="card-face" data-suit={suit} viewBox="0 0 100 140" aria-hidden="true">
      <rect class="card-paper" x="0.5" y="0.5" width="99" height="139" rx="10" />
      <text x="23" y="39" class={rank === 'T' ? 'rank-ten' : undefined}>
        {rank === 'T' ? '10' : rank}
      </text>
      {shape(23, 60, 26)}
      {isCourt(rank) ? <CourtFigure court={rank} suit={suit} /> : rank === 'A' ? shape(59, 92, 70) : shape(63, 98, 56)}
    </svg>
  );
}
