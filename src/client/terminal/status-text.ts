/** The line that says what the table waits for. */
import { rankOf, suitSymbol } from '../../game/cards.js';
import type { Seat } from '../../game/game.js';
import { sideOf } from '../../game/hokm/seats.js';
import type { View } from '../../game/hokm/view.js';
import type { RoomView } from '../../protocol/client-out.js';
import { mayClaim } from '../forfeit.js';
import type { TableState } from '../table.js';
import { inSuit, SUIT_NAMES } from './card-text.js';
import { capital, gameOf, playerName, sideName } from './names.js';
import type { Paint } from './paint.js';

export function statusText(state: TableState, now: number, paint: Paint): string {
  const { view } = state;
  if (!view) return '';
  if (state.connection === 'connecting') return ` ${paint.yellow('Connecting …')} your seat is kept.`;
  if (state.connection === 'frozen') return ` ${paint.yellow('Frozen:')} the clocks stand, nothing is lost.`;
  if (view.status === 'closed') return ' The room is closed.';
  const game = gameOf(view);
  if (view.status === 'finished' && game) return ` ${paint.bold(outcome(view, game))}`;
  if (view.status !== 'playing' || !game) return '';
  const { turn, phase } = game.table;
  if (view.seat !== null && view.seats[view.seat]?.waits) {
    return paint.dim(' You play from the next hand on; until then a bot plays your seat.');
  }
  const offer = mayClaim(view) ? ' · your opponents have left: claim' : '';
  if (turn === null) return paint.dim(' Shuffling …');
  const seconds = secondsLeft(state, turn, now);
  if (turn !== view.seat) {
    const wait = phase === 'trump' ? 'names trump' : 'plays';
    return paint.dim(` ${playerName(view, turn)} ${wait} …${seconds}${offer}`);
  }
  if (state.pending > 0) return paint.dim(' Your move is on its way …');
  const ask = phase === 'trump' ? `Name trump: ${trumps(game, paint)}` : 'Your turn: a card by number or name';
  return ` ${paint.inverse(' ▶ ')} ${paint.bold(ask)}${seconds}${offer}`;
}

function outcome(view: RoomView, { table }: View): string {
  const { result } = table;
  if (result === null) return 'The match is over.';
  const side = sideOf(result.winners[0] ?? (0 as Seat));
  const score = `${result.points[side]}:${result.points[1 - side]}`;
  const again = view.seat !== null && view.host === view.seat ? '  Type start for another match.' : '';
  return `Match over: ${capital(sideName(view, side))} win ${score}.${again}`;
}

/** " · 12 s"; nothing for a bot, which takes no time worth counting. */
function secondsLeft({ view, deadline }: TableState, turn: Seat, now: number): string {
  const sitting = view?.seats[turn];
  if (deadline === null || !sitting || sitting.bot || sitting.substituted || sitting.waits) return '';
  return ` · ${Math.max(0, Math.round((deadline - now) / 1000))} s`;
}

function trumps({ table, hand }: View, paint: Paint): string {
  const suits = (['S', 'H', 'C', 'D'] as const).map(
    (suit) => `${suit.toLowerCase()} ${inSuit(suit, `${suitSymbol(suit)} ${SUIT_NAMES[suit]}`, paint)}`,
  );
  const { trump_modes, redeal_right } = table.options;
  const modes = trump_modes.map((mode) => mode.replace('_', '-'));
  const redeal = redeal_right && !table.redealt && hand.every((card) => rankOf(card) <= 8) ? ['redeal'] : [];
  return [...suits, ...modes, ...redeal].join(', ');
}
