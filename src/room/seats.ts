/** Who sits where: joining, leaving, moving, and who is host. PURE: functions from a state to events. */

import type { ErrorCode } from '../errors.js';
import type { Seat } from '../game/game.js';
import { looksLike } from '../protocol/names.js';
import type { LogEvent, Occupant, RoomEvent, RoomState } from './state.js';

/** Whether each seat's player is connected, and since when not. */
export interface Presence {
  readonly connected: readonly boolean[];
  /** When the player of a seat was last seen to leave, cluster time; null while connected. */
  readonly goneAt: readonly (number | null)[];
  readonly spectators: number;
  /** Since when nobody at all is connected; null while somebody is. */
  readonly emptySince: number | null;
}

/** Everybody away since `now`, as after a change of owner. */
export function nobodyPresent(seatCount: number, now: number): Presence {
  return {
    connected: Array.from({ length: seatCount }, () => false),
    goneAt: Array.from({ length: seatCount }, () => now),
    spectators: 0,
    emptySince: now,
  };
}

export function withPresence(presence: Presence, seat: Seat | null, here: boolean, now: number): Presence {
  const connected = presence.connected.map((was, at) => (at === seat ? here : was));
  const goneAt = presence.goneAt.map((was, at) => (at === seat ? (here ? null : now) : was));
  const spectators = presence.spectators + (seat === null ? (here ? 1 : -1) : 0);
  const empty = spectators === 0 && !connected.includes(true);
  return { connected, goneAt, spectators, emptySince: empty ? (presence.emptySince ?? now) : null };
}

/** The player of `seat` was heard of without a connection: the time that the seat is held starts anew. */
export function withSignOfLife(presence: Presence, seat: Seat, now: number): Presence {
  if (presence.connected[seat]) return presence;
  const goneAt = presence.goneAt.map((was, at) => (at === seat ? now : was));
  return { ...presence, goneAt, emptySince: presence.emptySince === null ? null : now };
}

/** The table stood still for `byMs`: nobody was away for that time, as nobody could come back. */
export function withTimeGivenBack(presence: Presence, byMs: number, now: number): Presence {
  const later = (at: number | null) => (at === null ? null : Math.min(now, at + byMs));
  return { ...presence, goneAt: presence.goneAt.map(later), emptySince: later(presence.emptySince) };
}

/** The player of `from` sits at `to` now. */
export function withSeatMoved(presence: Presence, from: Seat, to: Seat, now: number): Presence {
  const here = presence.connected[from] === true;
  return withPresence(withPresence(presence, to, here, now), from, false, now);
}

/** The players of the two seats have changed places. */
export function withSeatsSwapped(presence: Presence, one: Seat, other: Seat): Presence {
  const swapped = <Value>(values: readonly Value[]): Value[] =>
    values.map((value, at) => (at === one ? values[other] : at === other ? values[one] : value) as Value);
  return { ...presence, connected: swapped(presence.connected), goneAt: swapped(presence.goneAt) };
}

/**
 * The seat a newcomer gets: the wished one, else the first empty one, else the first of a bot. One to which somebody may come
 * back is taken only where there is no other.
 */
export function seatFor(state: RoomState, wished: Seat | undefined): Seat | ErrorCode {
  if (wished !== undefined) {
    if (wished >= state.seats.length) return 'SEAT_TAKEN';
    return state.seats[wished]?.kind === 'human' ? 'SEAT_TAKEN' : wished;
  }
  const empty = seatsOf(state, (occupant) => occupant === null);
  const free = empty.length > 0 ? empty : seatsOf(state, (occupant) => occupant?.kind === 'bot');
  return free.find((seat) => state.lapsed[seat] === null) ?? free[0] ?? 'ROOM_UNAVAILABLE';
}

const seatsOf = ({ seats }: RoomState, which: (occupant: Occupant | null) => boolean): Seat[] =>
  seats.flatMap((occupant, at) => (which(occupant) ? [at as Seat] : []));

/** A human takes the seat; the first one becomes host. */
export function take(state: RoomState, seat: Seat, name: string, tokenHash: string): RoomEvent[] {
  const events: RoomEvent[] = [{ type: 'seat_taken', seat, name: distinct(state, seat, name), token_hash: tokenHash }];
  if (state.host === null) events.push({ type: 'host_changed', seat });
  return events;
}

/** The player who held the seat until it became free takes it again: under the same name, and as the host who was it then. */
export function takeAgain(state: RoomState, seat: Seat): RoomEvent[] {
  const lapsed = state.lapsed[seat];
  if (!lapsed) return [];
  const { name, tokenHash, host } = lapsed;
  const events = take(state, seat, name, tokenHash);
  if (host && state.host !== null) events.push({ type: 'host_changed', seat });
  return events;
}

/** The seats are free again: their players have been away for too long. */
export function lapse(state: RoomState, presence: Presence, seats: readonly Seat[]): LogEvent[] {
  const events: LogEvent[] = seats.map((seat) => ({ type: 'seat_left', seat, reason: 'gone' }));
  const { host } = state;
  if (host === null || !seats.includes(host)) return events;
  const left = { ...state, seats: state.seats.map((occupant, at) => (seats.includes(at as Seat) ? null : occupant)) };
  return [...events, { type: 'host_changed', seat: successor(left, presence, host) }];
}

export function takeByBot(state: RoomState, seat: Seat): LogEvent {
  return { type: 'seat_taken', seat, name: distinct(state, seat, `Bot ${seat + 1}`) };
}

/** The seat is given up; a running match gets a bot in its place, and the room another host where needed. */
export function vacate(state: RoomState, presence: Presence, seat: Seat, reason: 'left' | 'kicked'): LogEvent[] {
  const events: LogEvent[] = [{ type: 'seat_left', seat, reason }];
  if (state.status === 'playing') events.push(takeByBot(state, seat));
  if (state.host === seat) events.push({ type: 'host_changed', seat: successor(state, presence, seat) });
  return events;
}

/** The next host in order of play: a connected human, else any human, else nobody. */
export function successor(state: RoomState, presence: Presence, seat: Seat): Seat | null {
  const count = state.seats.length;
  const others = Array.from({ length: count - 1 }, (_, at) => ((seat + 1 + at) % count) as Seat);
  const humans = others.filter((other) => state.seats[other]?.kind === 'human');
  return humans.find((other) => presence.connected[other]) ?? humans[0] ?? null;
}

/** Names at one table look different: a second Sara, in whatever letters, is told apart as "Sara (2)". */
function distinct(state: RoomState, seat: Seat, name: string): string {
  const others = state.seats.flatMap((occupant, at) => (occupant && at !== seat ? [occupant.name] : []));
  let candidate = name;
  for (let count = 2; others.some((other) => looksLike(other, candidate)); count++) candidate = `${name} (${count})`;
  return candidate;
}
