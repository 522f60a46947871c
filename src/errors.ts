/**
 * The error catalogue: every refusal and failure that a player, an operator or another instance can meet.
 * `test/errors.test.ts` holds it against the wire's documentation.
 */

export interface ErrorEntry {
  /** One English sentence that says what happened and, where there is something to do, what to do. */
  readonly message: string;
  /** HTTP status when the error answers a request. */
  readonly http: number;
  /** WebSocket close code when the error ends the connection; undefined when the connection goes on. */
  readonly close?: number;
  /** Whether the same request can succeed later without being changed. */
  readonly retry: boolean;
}

const catalogue = {
  // What was sent cannot be read.
  BAD_FRAME: { message: 'The message is not a JSON object of a known shape.', http: 400, retry: false },
  UNKNOWN_MESSAGE: { message: 'There is no message of this type.', http: 400, retry: false },
  FRAME_TOO_LARGE: { message: 'A message may have at most 4096 bytes.', http: 413, close: 1009, retry: false },
  BINARY_FRAME: { message: 'Messages are text, not binary.', http: 400, close: 1003, retry: false },
  VERSION_UNSUPPORTED: {
    message: 'This server speaks version 1 of the protocol.',
    http: 400,
    close: 4400,
    retry: false,
  },
  HELLO_EXPECTED: { message: 'The first message must be hello.', http: 400, close: 4400, retry: false },
  HELLO_REPEATED: { message: 'This connection has said hello already.', http: 400, retry: false },
  BAD_REQUEST: { message: 'The request cannot be read.', http: 400, retry: false },
  BAD_OPTIONS: { message: 'The options of the room are not valid.', http: 400, retry: false },
  NO_COPIES: {
    message: 'This cluster keeps no copies of its data; choose the durability "primary" or "async".',
    http: 409,
    retry: false,
  },
  BAD_ROOM_CODE: {
    message: 'A room code has 8 letters and digits, as in ?room_code=7KQ2M9XZ.',
    http: 400,
    retry: false,
  },
  NOT_FOUND: { message: 'There is nothing at this address.', http: 404, retry: false },
  METHOD_NOT_ALLOWED: { message: 'This address does not take this method.', http: 405, retry: false },

  // Who asks may not.
  ORIGIN_REFUSED: { message: 'Pages of this origin may not connect.', http: 403, retry: false },
  UNAUTHORIZED: { message: 'This needs a valid bearer token.', http: 401, retry: false },
  WRONG_TOKEN: {
    message: 'The seat token does not belong to a seat of this room.',
    http: 401,
    close: 4401,
    retry: false,
  },
  ROOM_UNAVAILABLE: {
    message: 'No free seat was found at a room with this code.',
    http: 404,
    close: 4404,
    retry: false,
  },
  SEAT_TAKEN: { message: 'This seat is taken; choose another.', http: 409, close: 4409, retry: false },
  SEAT_REPLACED: { message: 'Your seat was opened on another device.', http: 409, close: 4001, retry: false },
  SOCKET_REPLACED: { message: 'This client has opened a newer connection.', http: 409, close: 4002, retry: false },
  KICKED: { message: 'The host has given your seat away.', http: 403, close: 4003, retry: false },
  SEAT_LEFT: { message: 'You have left the table.', http: 409, close: 4000, retry: false },
  NOT_SEATED: { message: 'Only players at the table can do this.', http: 403, retry: false },
  NOT_HOST: { message: 'Only the host can do this.', http: 403, retry: false },

  // The table is not in a state for it.
  NOT_YOUR_TURN: { message: 'It is not your turn.', http: 409, retry: false },
  TURN_OVER: { message: 'The turn that this move was meant for is over.', http: 409, retry: false },
  NEXT_HAND: { message: 'A hand is being played; you play from the next one on.', http: 409, retry: false },
  ILLEGAL_MOVE: { message: 'The rules do not allow this move.', http: 409, retry: false },
  MATCH_RUNNING: { message: 'This can be done only between matches.', http: 409, retry: false },
  NO_MATCH: { message: 'No match is running.', http: 409, retry: false },
  SEATS_EMPTY: { message: 'A match starts when every seat is filled; bots can fill them.', http: 409, retry: false },
  NO_PLAYER: { message: 'No player sits on this seat for whom this could be done.', http: 409, retry: false },
  ROOM_CLOSED: { message: 'The room is closed; create a new one.', http: 410, close: 4410, retry: false },
  STALE_COMMAND: {
    message: 'The command id is older than the last 256 of this seat; it was not run.',
    http: 409,
    retry: false,
  },

  // Too much of it.
  TALK_LIMITED: { message: 'You have just said a lot; wait a moment.', http: 429, retry: true },
  RATE_LIMITED: { message: 'Too many messages; slow down.', http: 429, close: 4429, retry: true },
  TABLES_LIMITED: {
    message: 'People from your address sit at several public tables already; leave one of them first.',
    http: 429,
    close: 4409,
    retry: false,
  },
  SLOW_READER: { message: 'The connection does not keep up with the game.', http: 503, retry: true },
  SPECTATORS_FULL: {
    message: 'As many watch this table as can; try again later.',
    http: 503,
    close: 1013,
    retry: true,
  },
  STORAGE_LOW: {
    message: 'The servers have little storage left and open no new table; running tables go on. Try again later.',
    http: 503,
    retry: true,
  },
  CLUSTER_FULL: { message: 'The servers are full at the moment; try again in a minute.', http: 503, retry: true },

  // The cluster is at fault; the room is safe.
  FROZEN: { message: 'The table is frozen for the moment; nothing is lost.', http: 503, retry: true },
  MOVED: { message: 'The table has moved; connect again.', http: 503, close: 1012, retry: true },
  OWNER_UNREACHABLE: {
    message: 'The table cannot be reached at the moment; try again.',
    http: 503,
    close: 1013,
    retry: true,
  },
  ROOM_FAILED: { message: 'The table had an internal error and was closed.', http: 500, close: 4500, retry: false },
  INTERNAL: { message: 'An internal error happened.', http: 500, close: 1011, retry: true },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof catalogue;

export const errors: Readonly<Record<ErrorCode, ErrorEntry>> = catalogue;

/** An error of the catalogue on its way to whoever caused it. `detail` replaces the catalogue's sentence. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';

  constructor(
    readonly code: ErrorCode,
    readonly detail?: string,
  ) {
    super(detail ?? errors[code].message);
  }
}
