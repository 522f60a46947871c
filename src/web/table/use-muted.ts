/** Whom this player does not want to hear, for as long as the table is open. */
import { useState } from 'preact/hooks';
import type { Seat } from '../../client/browser.js';

export function useMuted(): readonly [ReadonlySet<Seat>, (seat: Seat) => void] {
  const [muted, setMuted] = useState<ReadonlySet<Seat>>(new Set());
  const toggle = (seat: Seat) => {
    const next = new Set(muted);
    if (!next.delete(seat)) next.add(seat);
    setMuted(next);
  };
  return [muted, toggle];
}
