/** The viewer's hand: suit by suit, numbered; on his turn [1] may be played and the rest is dimmed. */
import { type Card, cardText, suitOf } from '../../game/cards.js';
import { legal, type View } from '../../game/hokm/view.js';
import { inSuit } from './card-text.js';
import { centre } from './columns.js';
import type { Paint } from './paint.js';

const CARD_COLUMNS = 5;
const SUIT_GAP = '  ';

/** Two lines, cards above their numbers; none for a spectator. `acting`: whether a card is asked for. */
export function handText(view: View, acting: boolean, paint: Paint): string[] {
  if (view.hand.length === 0) return [];
  const playable = acting ? playableOf(view) : undefined;
  let cards = '';
  let numbers = '';
  for (const [at, card] of view.hand.entries()) {
    const before = view.hand[at - 1];
    const gap = before !== undefined && suitOf(before) !== suitOf(card) ? SUIT_GAP : '';
    const may = playable === undefined || playable.has(card);
    const number = String(at + 1);
    const face = cardText(card);
    cards += gap + centre(may ? inSuit(suitOf(card), face, paint) : paint.dim(face), CARD_COLUMNS);
    numbers += gap + centre(playable?.has(card) ? paint.bold(`[${number}]`) : paint.dim(number), CARD_COLUMNS);
  }
  return [cards, numbers];
}

/** The cards that may be played now. */
export function playableOf(view: View): ReadonlySet<Card> {
  return new Set(legal(view).flatMap((command) => (command.type === 'play' ? [command.card] : [])));
}
