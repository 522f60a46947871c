/** Tells of seats that are taken and given up, for whoever keeps a list of them. */
import type { Seat } from '../game/game.js';
import type { RoomCode } from '../protocol/ids.js';
import type { LogEntry } from './history.js';
import { leaverOf, type RoomState } from './state.js';

export interface SeatNotes {
  /** A seat has been taken with this token hash. */
  readonly onSeatTaken?: (code: RoomCode, seat: Seat, tokenHash: string) => void;
  /** The seat of this token hash has been given up for good, or its room closed. */
  readonly onSeatLeft?: (tokenHash: string) => void;
}

/** Tells what a committed entry did to the seats of a room that was `before`. */
export function noteSeats(notes: SeatNotes, code: RoomCode, { entry }: LogEntry, before: RoomState): void {
  for (const event of entry.events) {
    if (event.type === 'seat_taken' && 'token_hash' in event && event.token_hash !== undefined) {
      const lapsed = before.lapsed[event.seat]?.tokenHash;
      if (lapsed !== event.token_hash) noteLeft(notes, lapsed);
      notes.onSeatTaken?.(code, event.seat, event.token_hash);
    } else if (event.type === 'seat_changed' && 'from' in event) {
      noteLeft(notes, before.lapsed[event.to]?.tokenHash);
    } else if (event.type === 'seat_left' && 'reason' in event) {
      noteLeft(notes, leaverOf(before, event));
    }
  }
}

/** The token of this hash, if there is one, has lost its seat for good. */
export function noteLeft(notes: SeatNotes, tokenHash: string | undefined): void {
  if (tokenHash !== undefined) notes.onSeatLeft?.(tokenHash);
}
