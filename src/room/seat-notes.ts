/** Tells of seats that are taken and given up, for whoever keeps a list of them. */
import type { Seat } from '../game/game.js';
import type { RoomCode } from '../protocol/ids.js';
import type { LogEntry } from './history.js';
import type { Occupant, RoomState } from './state.js';

export interface SeatNotes {
  /** A seat has been taken with this token hash. */
  readonly onSeatTaken?: (code: RoomCode, seat: Seat, tokenHash: string) => void;
  /** The seat of this token hash has been given up, or its room closed. */
  readonly onSeatLeft?: (tokenHash: string) => void;
}

/** Tells what a committed entry did to the seats of a room that was `before`. */
export function noteSeats(notes: SeatNotes, code: RoomCode, { entry }: LogEntry, before: RoomState): void {
  for (const event of entry.events) {
    if (event.type === 'seat_taken' && 'token_hash' in event && event.token_hash !== undefined) {
      notes.onSeatTaken?.(code, event.seat, event.token_hash);
    } else if (event.type === 'seat_left' && 'seat' in event) {
      noteLeft(notes, before.seats[event.seat]);
    }
  }
}

export function noteLeft(notes: SeatNotes, occupant: Occupant | null | undefined): void {
  if (occupant?.kind === 'human') notes.onSeatLeft?.(occupant.tokenHash);
}
