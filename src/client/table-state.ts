/** What a table is asked for and what it shows: the types around `Table`. */
import type { Seat } from '../game/seat.js';
import type { ClientOut, Cursor, ErrorFrame, Presence, RoomView } from '../protocol/client-out.js';
import type { RoomCode, Seq } from '../protocol/ids.js';
import type { Device } from './device.js';
import type { SeatStore } from './seat-store.js';
import type { OpenSocket } from './socket.js';

/** Which table to join, and as whom. */
export interface TableOptions {
  /** `ws://host/ws` or `wss://host/ws`, without the room code; several, where one cluster is reached by several. */
  readonly url: string | readonly string[];
  readonly room: string;
  readonly name?: string;
  readonly seat?: Seat;
  /** Watch only. */
  readonly spectate?: boolean;
  /** Of a seat taken before: the only proof that it is ours. */
  readonly token?: string;
  /** Kept by the device: a new connection with the same id replaces the old one silently. */
  readonly clientId?: string;
  /** Where this device keeps its seats: gives token and client id where they are not given, and keeps a new token. */
  readonly store?: SeatStore;
  /** How to open a socket; the browser's WebSocket by default. */
  readonly openSocket?: OpenSocket;
  /** Whose time and chance there are; those of the machine it runs on by default. */
  readonly device?: Device;
  /** Sees every frame that arrives. */
  readonly onFrame?: (frame: ClientOut) => void;
}

/** connecting: no answer yet, or again. frozen: connected, but the table stands still. closed: for good. */
export type Connection = 'connecting' | 'open' | 'frozen' | 'closed';

/** A command of the room or of the game: see the protocol's page for their fields. */
export interface TableCommand {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What is known of the table now. A new object after every change. */
export interface TableState {
  readonly connection: Connection;
  readonly room: RoomCode | null;
  readonly seat: Seat | null;
  readonly token: string | null;
  readonly view: RoomView | null;
  readonly cursor: Cursor | null;
  readonly presence: Presence;
  /** When the seat to act is played for, in this machine's `Date.now()`; null when nobody has to act. */
  readonly deadline: number | null;
  /** The commands this seat may give now. */
  readonly legal: readonly TableCommand[];
  /** This seat's turn, by the log entry with which it began; null when it has none, or the server does not tell. */
  readonly turn: Seq | null;
  /** Commands not yet acknowledged. */
  readonly pending: number;
  /** Why the connection is closed for good. */
  readonly error: ErrorFrame | null;
}

/** A command was refused, or the table was closed before it was answered. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';

  constructor(readonly frame: ErrorFrame) {
    super(frame.message);
  }
}

/** Why a table is closed that no server has closed. */
export const CLOSED: ErrorFrame = { type: 'error', code: 'CLOSED', message: 'The table was closed.', retry: false };

export const BAD_CODE: ErrorFrame = {
  ...CLOSED,
  code: 'BAD_ROOM_CODE',
  message: 'A room code has 8 letters and digits.',
};
