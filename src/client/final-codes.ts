/** What ends a client's connection, or its seat, for good. */

/** Close codes after which a new connection has no sense: they say that the seat, the room or the client is refused. */
export const FINAL_CODES: ReadonlySet<number> = new Set([
  1002, 1003, 1007, 1008, 1009, 4000, 4001, 4002, 4003, 4400, 4401, 4404, 4409, 4410, 4500,
]);

/** The seat is gone with these; a token for it has no use any more. */
export const SEATLESS_CODES: ReadonlySet<string> = new Set([
  'KICKED',
  'SEAT_LEFT',
  'WRONG_TOKEN',
  'ROOM_CLOSED',
  'ROOM_FAILED',
  'ROOM_UNAVAILABLE',
]);
