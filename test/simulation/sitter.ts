/** Whoever sits at a table of a simulated cluster, as the cluster's end is judged by it. */
import type { Seat } from '../../src/game/game.js';
import type { Cursor } from '../../src/protocol/client-out.js';

/** A frame that shows something of the room, as it came. */
export interface ShownFrame {
  readonly seq: number;
  readonly type: 'event' | 'welcome' | 'snapshot';
  readonly text: string;
}

export interface Sitter {
  readonly seat: Seat;
  readonly shown: readonly ShownFrame[];
  /** How far it knows the room. */
  readonly cursor: Cursor | null;
  /** Whether nothing is under way. */
  readonly calm: boolean;
  /** Gives no new commands. */
  rest(): void;
  /** Tells the history which view it has put together. */
  noteView(): void;
  /** The connection breaks, as when a train goes into a tunnel. */
  drop(): void;
}
