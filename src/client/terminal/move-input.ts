/** What a typed word means as a move: a card, a trump, a new deal. PURE. */
import { type Card, cardText, RANKS, type Rank, SUITS, type Suit, suitOf, suitSymbol } from '../../game/cards.js';
import type { Command } from '../../game/hokm/command.js';
import { TRUMP_MODES } from '../../game/hokm/options.js';
import { legal, type View } from '../../game/hokm/view.js';
import type { RoomView } from '../../protocol/client-out.js';
import type { TableState } from '../table.js';
import { isSuit, SUIT_NAMES } from './card-text.js';
import { playableOf } from './hand-text.js';
import { gameOf, playerName } from './names.js';

export type Move = Command;

/** What was typed cannot be done; `message` says why to the player. */
export interface Mistake {
  readonly kind: 'mistake';
  readonly message: string;
}

const mistake = (message: string): Mistake => ({ kind: 'mistake', message });

/** `text` in lower case, with digits from 0 to 9. */
export function parseMove(text: string, state: TableState, view: RoomView): Move | Mistake {
  const trump = trumpOf(text);
  const card = cardOf(text);
  const number = /^\d+$/.test(text) ? Number(text) : undefined;
  if (trump === undefined && card === undefined && number === undefined && text !== 'redeal') {
    return mistake(`“${text}” is not understood; help lists what is.`);
  }
  const game = gameOf(view);
  if (!game || view.status !== 'playing') return mistake('No match is running.');
  if (state.pending > 0) return mistake('Your last move is still on its way.');
  const { turn, phase } = game.table;
  if (view.seat !== null && view.seats[view.seat]?.waits) return mistake('You play from the next hand on.');
  if (turn !== view.seat)
    return mistake(turn === null ? 'Wait: the cards are shuffled.' : `It is ${playerName(view, turn)}'s turn.`);
  if (phase === 'trump') return nameTrump(text, trump, game);
  const wanted = card ?? (number === undefined ? undefined : game.hand[number - 1]);
  if (wanted !== undefined) return play(wanted, game);
  if (number !== undefined)
    return mistake(`You hold ${game.hand.length} cards: a number from 1 to ${game.hand.length}.`);
  return mistake(
    text === 'redeal'
      ? 'A new deal can be asked for only before trump is named.'
      : 'Trump is named already: play a card.',
  );
}

function nameTrump(text: string, trump: ReturnType<typeof trumpOf>, game: View): Move | Mistake {
  const wished = legal(game).find((move) => (move.type === 'name_trump' ? move.trump === trump : move.type === text));
  if (wished) return wished;
  if (text === 'redeal')
    return mistake('A new deal is for a hakem with no card above ten, once, where the room allows it.');
  if (trump !== undefined && !isSuit(trump)) return mistake(`This room does not allow ${text}.`);
  return mistake('Name trump first: s (♠), h (♥), c (♣) or d (♦).');
}

function play(card: Card, game: View): Move | Mistake {
  if (!game.hand.includes(card)) return mistake(`You do not hold ${cardText(card)}.`);
  const playable = playableOf(game);
  if (playable.has(card)) return { type: 'play', card };
  const led = game.table.trick?.cards[0];
  return mistake(
    `You must follow ${led === undefined ? 'suit' : suitSymbol(suitOf(led))}: ${[...playable].map(cardText).join(' ')}.`,
  );
}

const SUIT_WORDS: ReadonlyMap<string, Suit> = new Map(
  SUITS.flatMap((suit) =>
    [suit.toLowerCase(), suitSymbol(suit), SUIT_NAMES[suit], SUIT_NAMES[suit].slice(0, -1)].map(
      (word): [string, Suit] => [word, suit],
    ),
  ),
);

function trumpOf(text: string): Suit | (typeof TRUMP_MODES)[number] | undefined {
  return SUIT_WORDS.get(text) ?? TRUMP_MODES.find((mode) => mode === text.replace('-', '_'));
}

/** `as`, `sa`, `10h`, `th`, `♥10`, `a♠`. */
function cardOf(text: string): Card | undefined {
  const found = /^(?:(10|[2-9tjqka])([shcd♠♥♣♦])|([shcd♠♥♣♦])(10|[2-9tjqka]))$/u.exec(
    text.replace(/\s|\p{Variation_Selector}/gu, ''),
  );
  if (!found) return undefined;
  const rank = (found[1] ?? found[4] ?? '').replace('10', 't').toUpperCase();
  const suit = SUIT_WORDS.get(found[2] ?? found[3] ?? '');
  const known = RANKS.find((each): each is Rank => each === rank);
  return known === undefined || suit === undefined ? undefined : `${known}${suit}`;
}
