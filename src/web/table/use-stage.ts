/**
 * What lies in the middle of the table. The view clears a trick the moment it is complete; here it stays until it was
 * seen, then goes to its winner. It never holds up play: whoever plays a card ends the show.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Seat } from '../../client/browser.js';
import type { Card } from '../../game/cards.js';
import { after } from '../../game/hokm/seats.js';
import type { Trick } from '../../game/hokm/trick.js';
import type { View } from '../../game/hokm/view.js';
import type { Memory } from './memory.js';

export interface Lying {
  readonly seat: Seat;
  readonly card: Card;
}

export interface Stage {
  readonly cards: readonly Lying[];
  /** Who has taken the cards that lie; null while the trick is on. */
  readonly winner: Seat | null;
  /** The cards are on their way to the winner. */
  readonly sweeping: boolean;
}

const SEEN_MS = 750;
const SWEEP_MS = 330;

export const lying = (trick: Trick): readonly Lying[] =>
  trick.cards.map((card, at) => ({ seat: after(trick.leader, at), card }));

export function useStage(view: View, memory: Memory): Stage {
  const [shown, setShown] = useState({ number: memory.tricksSeen, sweeping: false });
  const last = memory.lastTrick;
  const isOn = last !== null && memory.tricksSeen > shown.number;
  const timers = useRef<ReturnType<typeof setTimeout>[]>([]);
  useEffect(() => {
    if (!isOn) return;
    const { tricksSeen: number } = memory;
    timers.current = [
      setTimeout(() => setShown((before) => ({ ...before, sweeping: true })), SEEN_MS),
      setTimeout(() => setShown({ number, sweeping: false }), SEEN_MS + SWEEP_MS),
    ];
    return () => timers.current.forEach(clearTimeout);
  }, [memory.tricksSeen, isOn]);

  const trick = view.table.trick;
  const present = trick === null ? [] : lying(trick);
  const played = present.some(({ seat }) => seat === view.seat);
  useEffect(() => {
    if (isOn && played) setShown({ number: memory.tricksSeen, sweeping: false });
  }, [isOn, played, memory.tricksSeen]);
  if (isOn && !played) return { cards: lying(last), winner: last.winner, sweeping: shown.sweeping };
  return { cards: present, winner: null, sweeping: false };
}
