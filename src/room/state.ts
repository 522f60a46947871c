/**
 * A room's durable state: what its log adds up to. PURE: the same entries give the equal state on every instance.
 */
import { z } from 'zod';
import type { Game, Seat, Typed } from '../game/game.js';
import type { RoomStatus } from '../protocol/client-out.js';
import type { CommandId, Epoch, RoomCode, Seq } from '../protocol/ids.js';
import { type Seating, seatingAfter } from '../protocol/seating.js';
import { isRoomEventType } from '../protocol/vocabulary.js';

/** What the creator of a room chose about the room itself; the game's own options are apart. */
export const roomSettingsSchema = z.strictObject({
  /** When a move counts as safe: `primary` after Redis has it, `replicated` after a majority of its copies has it. */
  durability: z.enum(['async', 'primary', 'replicated']).default('primary'),
  /** Time for one move, ms. */
  turn_ms: z.int().min(100).max(3_600_000),
  /** Pause before a bot moves, ms. */
  bot_ms: z.int().min(0).max(10_000),
  /** How long the seat of a player who is gone is held before a bot plays on, ms. */
  hold_ms: z.int().min(0).max(3_600_000),
  /** Whether the room is in the list of public tables; by its code alone when not. */
  public: z.boolean().optional(),
});
export type RoomSettings = z.output<typeof roomSettingsSchema>;
export type Durability = RoomSettings['durability'];

/** What never changes in a room's life. */
export interface RoomHead {
  readonly code: RoomCode;
  readonly game: string;
  readonly rulesVersion: number;
  readonly options: unknown;
  readonly settings: RoomSettings;
  readonly createdAt: number;
}

export type Occupant =
  | { readonly kind: 'human'; readonly name: string; readonly tokenHash: string; readonly substituted: boolean }
  | { readonly kind: 'bot'; readonly name: string };

export interface RoomState extends Seating {
  readonly status: RoomStatus;
  readonly host: Seat | null;
  readonly seats: readonly (Occupant | null)[];
  readonly match: number;
  /** The game's state; null before the first match. */
  readonly table: unknown;
  /** When the seat to act is played for, cluster time; null when nobody has to act. */
  readonly deadline: number | null;
  /** By seat, the log entry with which the turn began that it has now; undefined where that is not known. */
  readonly turns: readonly (Seq | undefined)[];
  /**
   * By seat, the hash of the token that has held it since the hand that is on was dealt; null while none is on. Nobody else
   * is shown the seat's cards.
   */
  readonly dealtTo: readonly (string | null)[] | null;
  /** By seat, the log entry since which a player who had to wait for the end of a hand is shown the seat's cards; else 0. */
  readonly shownSince: readonly Seq[];
  /** By seat, the player who was away until it became free: it is theirs again if they come before another player takes it. */
  readonly lapsed: readonly (Lapsed | null)[];
}

export interface Lapsed {
  readonly name: string;
  readonly tokenHash: string;
  /** Host of the room until then; at most one is. */
  readonly host: boolean;
}

/** What happens to a room whatever is played in it. All other events of a log are the game's. */
export type RoomEvent =
  | { readonly type: 'seat_taken'; readonly seat: Seat; readonly name: string; readonly token_hash?: string }
  | { readonly type: 'seat_left'; readonly seat: Seat; readonly reason: 'left' | 'kicked' | 'gone' }
  | { readonly type: 'seat_changed'; readonly from: Seat; readonly to: Seat }
  /** `to` is null when the wish is withdrawn. */
  | { readonly type: 'swap_wished'; readonly from: Seat; readonly to: Seat | null }
  | { readonly type: 'seats_swapped'; readonly seats: readonly [Seat, Seat] }
  | { readonly type: 'host_changed'; readonly seat: Seat | null }
  | { readonly type: 'match_started'; readonly match: number }
  | { readonly type: 'turn_timed_out'; readonly seat: Seat }
  | { readonly type: 'bot_substituted'; readonly seat: Seat }
  | { readonly type: 'player_returned'; readonly seat: Seat }
  | { readonly type: 'clock_moved'; readonly by_ms: number }
  | { readonly type: 'room_closed'; readonly reason: 'abandoned' | 'failed' };

export type LogEvent = RoomEvent | Typed;

/** One entry of the log: everything that one input did, together or not at all. */
export interface Entry {
  /** Version of this shape. */
  readonly v: 1;
  readonly epoch: Epoch;
  /** Cluster time, ms since the epoch. */
  readonly at: number;
  /**
   * Random and never shown. Clients are told digests: without it, whoever knows all of an entry but the other hands could
   * try hands until the digest fits.
   */
  readonly salt: string;
  /** The command that caused it; absent for timers and joins. */
  readonly by?: { readonly seat: Seat; readonly id: CommandId };
  /** Last in the text of an entry: from there they are shown. */
  readonly events: readonly LogEvent[];
}

export function emptyRoom(seatCount: number): RoomState {
  return {
    status: 'lobby',
    host: null,
    seats: Array.from({ length: seatCount }, () => null),
    match: 0,
    table: null,
    deadline: null,
    turns: [],
    dealtTo: null,
    shownSince: Array.from({ length: seatCount }, () => 0 as Seq),
    lapsed: Array.from({ length: seatCount }, () => null),
    swaps: [],
    deserted: [],
  };
}

export const isRoomEvent = (event: LogEvent): event is RoomEvent => isRoomEventType(event.type);

/** The state after `entry`, which is the log's `seq`. */
export function evolve(game: Game, head: RoomHead, state: RoomState, entry: Entry, seq: Seq): RoomState {
  let next = state;
  for (const event of entry.events) {
    next = isRoomEvent(event) ? evolveRoom(game, head, next, event) : evolveTable(game, next, event);
    next = withDeal(game, next);
  }
  if (next.dealtTo !== state.dealtTo) next = { ...next, shownSince: shownSince(state, next, seq) };
  if (!restartsClock(game, state, next, entry)) return next;
  const turns = movesGame(entry) ? turnsAfter(game, state, next, seq) : next.turns;
  return { ...next, turns, deadline: deadlineOf(game, head, next, entry.at) };
}

const movesGame = ({ events }: Entry): boolean =>
  events.some((event) => !isRoomEvent(event) || event.type === 'match_started');

/**
 * A turn ends with the next event of the game. Where several seats have to act at once, the others' turns go on.
 * Who plays a seat, its player or a bot, makes no difference: what is to be decided is the same.
 */
function turnsAfter(game: Game, before: RoomState, after: RoomState, seq: Seq): RoomState['turns'] {
  const acted = actingSeats(game, before);
  const turns: (Seq | undefined)[] = [];
  for (const seat of actingSeats(game, after)) {
    turns[seat] = acted.length > 1 && acted.includes(seat) ? before.turns[seat] : seq;
  }
  return turns;
}

/** The log entry with which the turn began that `seat` has now. */
export const turnOf = (game: Game, state: RoomState, seat: Seat): Seq | undefined =>
  actingSeats(game, state).includes(seat) ? state.turns[seat] : undefined;

/**
 * A turn begins anew with every event of the game, and when the very seat that has to act changes between player and
 * bot. Whoever comes and goes at another seat, or waits for the next hand, gives nobody time.
 */
function restartsClock(game: Game, before: RoomState, after: RoomState, entry: Entry): boolean {
  if (movesGame(entry)) return true;
  return actingSeats(game, after).some((seat) => playedByBot(before, seat) !== playedByBot(after, seat));
}

/** Whether nobody but a bot moves for the seat. */
export function playedByBot(state: RoomState, seat: Seat): boolean {
  return state.seats[seat]?.kind !== 'human' || isSubstituted(state, seat) || waitsForHand(state, seat);
}

/** Whether the player of the seat has been away for so long that a bot plays on. */
export function isSubstituted(state: RoomState, seat: Seat): boolean {
  const occupant = state.seats[seat];
  return occupant?.kind === 'human' && occupant.substituted;
}

/**
 * Whether the player of the seat has come to it while a hand is on: a bot plays the hand, and its cards are not shown.
 * Otherwise one person would see all hands, seat by seat. What counts is the token that held this very seat at the deal.
 */
export function waitsForHand({ seats, dealtTo }: RoomState, seat: Seat): boolean {
  const occupant = seats[seat];
  return dealtTo !== null && occupant?.kind === 'human' && dealtTo[seat] !== occupant.tokenHash;
}

/** By seat, whose token holds it now. */
export const heldBy = ({ seats }: RoomState): readonly (string | null)[] =>
  seats.map((occupant) => (occupant?.kind === 'human' ? occupant.tokenHash : null));

/** With a new hand it is noted who is dealt cards; with its end nobody has to wait any more. */
export function withDeal(game: Game, state: RoomState): RoomState {
  const isOn = state.status === 'playing' && game.handOn(state.table);
  if (isOn === (state.dealtTo !== null)) return state;
  return { ...state, dealtTo: isOn ? heldBy(state) : null };
}

const shownSince = (before: RoomState, after: RoomState, seq: Seq): readonly Seq[] =>
  before.shownSince.map((since, at) => {
    const seat = at as Seat;
    return waitsForHand(before, seat) && !waitsForHand(after, seat) ? seq : since;
  });

/** The seat whose token has this SHA-256. Hashes of 128 random bits are compared: their timing tells nothing. */
export function seatOf({ seats }: Pick<RoomState, 'seats'>, tokenHash: string): Seat | undefined {
  for (let seat = 0; seat < seats.length; seat++) {
    const occupant = seats[seat];
    if (occupant?.kind === 'human' && occupant.tokenHash === tokenHash) return seat as Seat;
  }
  return undefined;
}

/** The seats that have to act, empty when none has. */
export function actingSeats(game: Game, state: RoomState): readonly Seat[] {
  if (state.status !== 'playing') return [];
  const turn = game.turn(state.table);
  return turn.waitsFor === 'seats' ? turn.seats : [];
}

function deadlineOf(game: Game, head: RoomHead, state: RoomState, at: number): number | null {
  const wait = turnLength(game, head, state);
  return wait === Number.POSITIVE_INFINITY ? null : at + wait;
}

/** How long the seats that have to act may take, ms; infinite when none has. */
export function turnLength(game: Game, head: RoomHead, state: RoomState): number {
  const acting = actingSeats(game, state);
  return Math.min(...acting.map((seat) => (playedByBot(state, seat) ? head.settings.bot_ms : head.settings.turn_ms)));
}

function evolveTable(game: Game, state: RoomState, event: Typed): RoomState {
  const table = game.evolve(state.table, event);
  return { ...state, table, status: game.result(table) === null ? 'playing' : 'finished' };
}

function evolveRoom(game: Game, head: RoomHead, before: RoomState, event: RoomEvent): RoomState {
  const seating = seatingAfter(before, event, before.status === 'playing');
  const state = { ...before, ...seating, lapsed: lapsedAfter(before, event) };
  switch (event.type) {
    case 'seat_taken':
      return withSeat(
        state,
        event.seat,
        event.token_hash === undefined
          ? { kind: 'bot', name: event.name }
          : { kind: 'human', name: event.name, tokenHash: event.token_hash, substituted: false },
      );
    case 'seat_left': {
      // Whoever comes back with the same token is a newcomer.
      const dealtTo = state.dealtTo?.with(event.seat, null) ?? null;
      return { ...withSeat(state, event.seat, null), dealtTo };
    }
    case 'seat_changed': {
      const mover = state.seats[event.from] ?? null;
      return withSeat(withSeat(state, event.from, null), event.to, mover);
    }
    case 'seats_swapped': {
      const [one, other] = event.seats;
      const mover = state.seats[one] ?? null;
      return withSeat(withSeat(state, one, state.seats[other] ?? null), other, mover);
    }
    case 'host_changed':
      return { ...state, host: event.seat };
    case 'match_started':
      return { ...state, match: event.match, status: 'playing', table: game.setup(head.options) };
    case 'bot_substituted':
    case 'player_returned': {
      const occupant = state.seats[event.seat];
      if (occupant?.kind !== 'human') return state;
      return withSeat(state, event.seat, { ...occupant, substituted: event.type === 'bot_substituted' });
    }
    case 'clock_moved':
      return { ...state, deadline: state.deadline === null ? null : state.deadline + event.by_ms };
    case 'swap_wished':
    case 'turn_timed_out':
      return state;
    case 'room_closed':
      return { ...state, status: 'closed', deadline: null };
  }
}

function lapsedAfter({ seats, host, lapsed }: RoomState, event: RoomEvent): RoomState['lapsed'] {
  switch (event.type) {
    case 'seat_left': {
      const holder = seats[event.seat];
      if (event.reason !== 'gone' || holder?.kind !== 'human') return lapsed;
      const { name, tokenHash } = holder;
      return lapsed.with(event.seat, {
        name,
        tokenHash,
        host: host === event.seat && !lapsed.some((one) => one?.host),
      });
    }
    case 'seat_taken':
      // A bot makes place for whoever comes.
      return event.token_hash === undefined ? lapsed : lapsed.with(event.seat, null);
    case 'seat_changed':
      return lapsed.with(event.to, null);
    default:
      return lapsed;
  }
}

/** The state after events of the room that are still to be logged. */
export const afterRoomEvents = (
  game: Game,
  head: RoomHead,
  state: RoomState,
  events: readonly RoomEvent[],
): RoomState => events.reduce((next, event) => evolveRoom(game, head, next, event), state);

/** Hash of the token of the player who holds the seat, or who may still come back to it; undefined when there is none. */
export function tokenHashOf({ seats, lapsed }: RoomState, seat: Seat): string | undefined {
  const occupant = seats[seat];
  return occupant?.kind === 'human' ? occupant.tokenHash : lapsed[seat]?.tokenHash;
}

/**
 * Hash of the token that loses the seat for good by the event, in an entry that found the room as `before`. Undefined when
 * there is none: a player who is only away may come back, also after a bot was removed from the seat.
 */
export function leaverOf(before: RoomState, event: Extract<RoomEvent, { type: 'seat_left' }>): string | undefined {
  const { seat, reason } = event;
  const isBot = reason === 'kicked' && before.seats[seat]?.kind === 'bot';
  return reason === 'gone' || isBot ? undefined : tokenHashOf(before, seat);
}

/** The seat that was the token's until it became free, and that no other player has taken. */
export function lapsedSeatOf({ lapsed }: RoomState, tokenHash: string): Seat | undefined {
  const seat = lapsed.findIndex((one) => one?.tokenHash === tokenHash);
  return seat < 0 ? undefined : (seat as Seat);
}

function withSeat(state: RoomState, seat: Seat, occupant: Occupant | null): RoomState {
  return { ...state, seats: state.seats.map((present, at) => (at === seat ? occupant : present)) };
}
