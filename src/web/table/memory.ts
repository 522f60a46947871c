/**
 * What a player who watches remembers and the view does not show any more: the last trick after the table was cleared,
 * the hands that were played, the fingerprints seen before each deal. PURE.
 */
import type { RoomView } from '../../client/browser.js';
import type { Card } from '../../game/cards.js';
import type { HandResult } from '../../game/hokm/table.js';
import type { WonTrick } from '../../game/hokm/trick.js';
import type { View } from '../../game/hokm/view.js';

export interface PlayedHand extends HandResult {
  /** Every card in the order played; empty when this device came too late to see them. */
  readonly played: readonly Card[];
  /** Whether its fingerprint was seen before its cards. */
  readonly foreseen: boolean;
}

export interface Memory {
  readonly match: number;
  /** Tricks seen to be taken; tells one from the next. */
  readonly tricksSeen: number;
  readonly lastTrick: WonTrick | null;
  readonly hands: readonly PlayedHand[];
  /** Fingerprint of the hand that is on, if it was seen before anything was played. */
  readonly foreseen: string | null;
}

export const NOTHING: Memory = { match: 0, tricksSeen: 0, lastTrick: null, hands: [], foreseen: null };

/** The room's table as Hokm shows it; null before the first match. */
export const hokmOf = (view: RoomView | null): View | null => (view?.table ?? null) as View | null;

/** Call with every view, one after the other: what a view leaves out of the one before is lost. */
export function remember(memory: Memory, view: RoomView | null): Memory {
  const seen = hokmOf(view);
  if (!view || !seen) return memory;
  const { table } = seen;
  let next = memory.match === view.match ? memory : { ...NOTHING, match: view.match, tricksSeen: memory.tricksSeen };
  if (table.commitment !== null && table.played.length === 0 && next.foreseen !== table.commitment) {
    next = { ...next, foreseen: table.commitment };
  }
  if (table.last_trick !== null && !sameTrick(table.last_trick, next.lastTrick)) {
    next = { ...next, lastTrick: table.last_trick, tricksSeen: next.tricksSeen + 1 };
  }
  const { last_hand } = table;
  if (last_hand !== null && next.hands.at(-1)?.hand !== last_hand.hand) {
    // Between the end of a hand and the next deal its cards are still in the view.
    const played = table.phase === 'trump' || table.phase === 'play' ? [] : table.played;
    const foreseen = next.foreseen === last_hand.commitment;
    next = { ...next, hands: [...next.hands, { ...last_hand, played, foreseen }] };
  }
  return next;
}

function sameTrick(a: WonTrick, b: WonTrick | null): boolean {
  return (
    b !== null &&
    a.leader === b.leader &&
    a.cards.length === b.cards.length &&
    a.cards.every((card, at) => card === b.cards[at])
  );
}
