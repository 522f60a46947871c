/** Tells of seats that are taken and given up, for whoever keeps a list of them. */
import type { Seat } from '../game/game.js';
import type { RoomCode } from '../protocol/ids.js';
import type { LogEntry } from './history.js';
import { holderOf, type Lapsed, type Occupant, type RoomState } from './state.js';

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
      const lapsed = before.lapsed[event.seat];
      if (lapsed?.tokenHash !== event.token_hash) noteLeft(notes, lapsed);
      notes.onSeatTaken?.(code, event.seat, event.token_hash);
    } else if (event.type === 'seat_changed' && 'from' in event) {
      noteLeft(notes, before.lapsed[event.to]);
    } else if (event.type === 'seat_left' && 'reason' in event && event.reason !== 'gone') {
      noteLeft(notes, holderOf(before, event.seat));
    }
  }
}

/** The seat is `holder`'s no more, and cannot be again. */
export function noteLeft(notes: SeatNotes, holder: Occupant | Lapsed | null | undefined): void {
  if (holder && 'tokenHash' in holder) notes.onSeatLeft?.(holder.tokenHash);
}
