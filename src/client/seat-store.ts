/**
 * The seats that a device holds: for each room the token that proves its seat, and one client id for the device. With
 * them a player comes back to the seat after closing the page, the browser or the lid.
 */
import type { RoomCode } from '../protocol/ids.js';
import { nonce } from './chance.js';

/** A seat that this device holds. */
export interface KeptSeat {
  readonly room: RoomCode;
  /** A secret. */
  readonly token: string;
}

/** Where a device keeps its seats. `SeatsInStorage` is one on `localStorage`. */
export interface SeatStore {
  /** Of the device: a second connection with it replaces the first one silently. */
  readonly clientId: string;
  find(room: RoomCode): KeptSeat | undefined;
  /** The seat taken last. */
  latest(): KeptSeat | undefined;
  keep(seat: KeptSeat): void;
  forget(room: RoomCode): void;
}

/** What `SeatsInStorage` needs of a browser's `localStorage`. */
export interface TextStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const SEATS = 'hokm.seats';
const CLIENT = 'hokm.client';
/** Rooms that are older are over. */
const LIMIT = 12;

/** Seats in `localStorage` or what takes its place. Storage that refuses (private windows, full disks) is no error. */
export class SeatsInStorage implements SeatStore {
  readonly clientId: string;

  constructor(private readonly storage: TextStorage) {
    const known = this.read(CLIENT);
    this.clientId = known !== null && /^[0-9A-Za-z_-]{8,64}$/.test(known) ? known : nonce(16);
    if (this.clientId !== known) this.write(CLIENT, this.clientId);
  }

  find(room: RoomCode): KeptSeat | undefined {
    return this.seats().find((seat) => seat.room === room);
  }

  latest(): KeptSeat | undefined {
    return this.seats()[0];
  }

  keep(seat: KeptSeat): void {
    const others = this.seats().filter(({ room }) => room !== seat.room);
    this.write(SEATS, JSON.stringify([seat, ...others].slice(0, LIMIT)));
  }

  forget(room: RoomCode): void {
    this.write(SEATS, JSON.stringify(this.seats().filter((seat) => seat.room !== room)));
  }

  /** Newest first. Read anew every time: other tabs write too. */
  private seats(): readonly KeptSeat[] {
    try {
      const stored: unknown = JSON.parse(this.read(SEATS) ?? '[]');
      return Array.isArray(stored) ? stored.filter(isSeat) : [];
    } catch {
      return [];
    }
  }

  private read(key: string): string | null {
    try {
      return this.storage.getItem(key);
    } catch {
      return null;
    }
  }

  private write(key: string, value: string): void {
    try {
      this.storage.setItem(key, value);
    } catch {
      // The seat is then known until the page is closed.
    }
  }
}

function isSeat(value: unknown): value is KeptSeat {
  const { room, token } = (value ?? {}) as Record<string, unknown>;
  return typeof room === 'string' && typeof token === 'string';
}
