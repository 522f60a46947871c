/** Everything a server sends over a WebSocket. */
import type { Seat, Typed } from '../game/seat.js';
import type { CommandId, Digest, Epoch, RoomCode, Seq } from './ids.js';
import type { Seating } from './seating.js';
import type { Talk } from './vocabulary.js';

/** A point in a room's history: with it a client asks for what it missed. */
export interface Cursor {
  readonly epoch: Epoch;
  readonly seq: Seq;
  /** Of the log up to and with `seq`. */
  readonly digest: Digest;
}

/** Who sits at a seat, as everybody may see it. */
export interface SeatView {
  readonly name: string;
  readonly bot: boolean;
  /** The player is away and a bot plays the seat until the player is back. */
  readonly substituted: boolean;
  /** The player has come while a hand is on: a bot plays it, and the player from the next hand on. Absent otherwise. */
  readonly waits?: boolean;
}

/** lobby: before the first match. playing: a match is on. finished: between matches. closed: nobody can join any more. */
export type RoomStatus = 'lobby' | 'playing' | 'finished' | 'closed';

/** What one viewer may know of a room. */
export interface RoomView extends Seating {
  readonly room: RoomCode;
  readonly game: string;
  readonly options: unknown;
  readonly turn_ms: number;
  readonly status: RoomStatus;
  readonly host: Seat | null;
  /** The viewer's seat; null for a spectator. */
  readonly seat: Seat | null;
  readonly seats: readonly (SeatView | null)[];
  /** Number of the match, from 1; 0 before the first. */
  readonly match: number;
  /** The game's own view, null before the first match. */
  readonly table: unknown;
}

/** Sent with everything that may change whose turn it is. */
export interface TurnInfo {
  /** When the seat to act is played for, cluster time in ms since the epoch; null when nobody has to act. */
  readonly deadline: number | null;
  /** The commands this seat may give now; absent when it is not its turn. */
  readonly legal?: readonly unknown[];
  /** With `legal`: the log entry with which this turn began. A command may say by it which turn it is meant for. */
  readonly turn?: Seq;
}

/** First answer to hello. With `resumed` the missed events follow and there is no view. */
export interface Welcome extends Cursor, TurnInfo {
  readonly type: 'welcome';
  readonly v: number;
  readonly room: RoomCode;
  readonly seat: Seat | null;
  /** Present only when this hello has taken the seat: keep it, it is the only proof that the seat is yours. */
  readonly token?: string;
  /** Highest command counter seen from this seat; a client's next command counts on from here. */
  readonly last_command: number;
  readonly resumed: boolean;
  /** What this server takes beyond the first release of its version; absent in that. */
  readonly accepts?: readonly string[];
  /** Cluster time, ms since the epoch: deadlines are told in it. */
  readonly now: number;
  readonly presence: Presence;
  readonly view?: RoomView;
}

/** The whole view again, when events alone cannot bring a client up to date. */
export interface Snapshot extends Cursor, TurnInfo {
  readonly type: 'snapshot';
  readonly now: number;
  readonly view: RoomView;
}

/** One entry of the room's log as this viewer may see it; `events` is empty when all of it is hidden. */
export interface EventFrame extends TurnInfo {
  readonly type: 'event';
  readonly seq: Seq;
  readonly digest: Digest;
  readonly epoch: Epoch;
  /** When it happened, cluster time. */
  readonly at: number;
  readonly events: readonly Typed[];
}

/** Answer to a command that took effect. */
export interface Ack {
  readonly type: 'ack';
  readonly id: CommandId;
  /** The log entry that holds what the command did. */
  readonly seq: Seq;
}

/** Answer to a command that was refused (then it has its `id`), or why the server refuses or ends the connection. */
export interface ErrorFrame {
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
  readonly retry: boolean;
  /** Of the command that caused it. */
  readonly id?: string;
  /** The game's own word for why a move is illegal. */
  readonly reason?: string;
}

/** Who is connected. */
export interface Presence {
  /** Whether the player of each seat is connected. */
  readonly seats: readonly boolean[];
  readonly spectators: number;
}

/** Sent whenever somebody connects or goes away. */
export interface PresenceFrame extends Presence {
  readonly type: 'presence';
}

/** frozen: clocks stand, nothing is lost. resumed: play goes on. moving: open a new connection, then close this one. */
export interface Notice {
  readonly type: 'notice';
  readonly kind: 'frozen' | 'resumed' | 'moving';
}

/** What a player said to the table. */
export type Said = { readonly type: 'said'; readonly seat: Seat } & Talk;

/** Answer to `ping`, with the cluster time in ms since the epoch. */
export interface Pong {
  readonly type: 'pong';
  readonly now: number;
}

/** Every message of the server; told apart by `type`. */
export type ClientOut = Welcome | Snapshot | EventFrame | Ack | ErrorFrame | PresenceFrame | Notice | Said | Pong;
