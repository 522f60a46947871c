/** What the bench asks of its load generator, and the answers. A set is all tables of one server, by name. */
import type { DialectName } from './dialects.js';

export type Order =
  /** Seats everybody, `parallel` tables at a time. */
  | {
      readonly do: 'open';
      readonly set: string;
      /** `lobby`: a room of this project whose match is not started. */
      readonly dialect: DialectName;
      readonly port: number;
      readonly codes: readonly string[];
      readonly parallel: number;
    }
  /** Every table makes its next move as soon as the last has come to all four. */
  | { readonly do: 'play'; readonly set: string; readonly ms: number }
  /** Moves at a fixed rate, whatever the server does. */
  | { readonly do: 'pace'; readonly set: string; readonly ms: number; readonly perSecond: number }
  /** Plays until `halt`. */
  | { readonly do: 'start' | 'halt' | 'close'; readonly set: string };

export interface Played {
  readonly moves: number;
  /** Moves that were due and found no table ready. */
  readonly missed: number;
  /** From a move's sending to each of the four who heard of it, ms; empty when not at a fixed rate. */
  readonly latencies: readonly number[];
  /** Seats that had to come back. */
  readonly returns: number;
}

export const NOTHING: Played = { moves: 0, missed: 0, latencies: [], returns: 0 };
