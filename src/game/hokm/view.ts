/** What one viewer knows, how it changes, and what it lets him do. Runs in browsers too. */
import { type Card, rankOf, SUITS, without } from '../cards.js';
import type { Viewer } from '../game.js';
import type { Command } from './command.js';
import type { PublicEvent } from './event.js';
import { type Table, tableAfter } from './table.js';
import { playable } from './trick.js';

export interface View {
  readonly seat: Viewer;
  /** The viewer's own cards, sorted; none for a spectator. */
  readonly hand: readonly Card[];
  readonly table: Table;
}

const TEN = 8;

/** The view after `event`, which is the event as this viewer sees it. */
export function fold(view: View, event: PublicEvent): View {
  return { seat: view.seat, hand: handAfter(view, event), table: tableAfter(view.table, event) };
}

/** The commands the viewer may give now. */
export function legal(view: View): readonly Command[] {
  const { table, hand, seat } = view;
  if (seat === 'spectator' || seat !== table.turn) return [];
  if (table.phase === 'trump') {
    const trumps = [...SUITS, ...table.options.trump_modes];
    const named = trumps.map((trump): Command => ({ type: 'name_trump', trump }));
    return mayRedeal(table, hand) ? [...named, { type: 'redeal' }] : named;
  }
  if (table.phase !== 'play') return [];
  return playable(hand, table.trick?.cards[0]).map((card): Command => ({ type: 'play', card }));
}

/** Whether cards are dealt, if only the hakem's first. */
export function handOn({ table }: { readonly table: Table }): boolean {
  return table.phase === 'trump' || table.phase === 'play';
}

/** Whether the match is over. */
export function over(view: View): boolean {
  return view.table.result !== null;
}

/** Whether a hakem who holds `five` may have a new deal. */
export function mayRedeal(table: Table, five: readonly Card[]): boolean {
  return table.options.redeal_right && !table.redealt && five.every((card) => rankOf(card) <= TEN);
}

function handAfter(view: View, event: PublicEvent): readonly Card[] {
  switch (event.type) {
    case 'first_five_dealt':
      return event.cards ?? view.hand;
    case 'rest_dealt':
      return event.hand ?? view.hand;
    case 'card_played':
      return event.seat === view.seat ? without(view.hand, event.card) : view.hand;
    case 'redeal_claimed':
    case 'hand_ended':
      return [];
    default:
      return view.hand;
  }
}
