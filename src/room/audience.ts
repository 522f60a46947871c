/**
 * The connections of one room and every frame that leaves for them. Nothing is sent from anywhere else, and every frame
 * is built from one viewer's view.
 */
import { type ErrorCode, errors } from '../errors.js';
import type { Game, Seat, Viewer } from '../game/game.js';
import { ABILITIES, PROTOCOL_VERSION } from '../protocol/client-in.js';
import type { ClientOut, Cursor, Presence as PresenceView, Snapshot, TurnInfo } from '../protocol/client-out.js';
import { encode, errorFrame } from '../protocol/encode.js';
import type { Frame } from '../protocol/frame.js';
import type { Epoch } from '../protocol/ids.js';
import type { Clock } from '../runtime/clock.js';
import type { CommandWindows } from './commands.js';
import { EventFrames } from './event-frames.js';
import { entryOf, type History, type LogEntry } from './history.js';
import type { Presence } from './seats.js';
import { isRoomEvent, type LogEvent, type RoomHead, type RoomState, waitsForHand } from './state.js';
import type { Effect, Input, Refusal } from './step.js';
import { cardsFor, projectEntry, viewOwnTurn, viewRoom, viewTurn } from './view.js';

/** Whoever is on the other end: a socket, or one HTTP request. */
export interface Connection {
  /** Equal for two sockets of the same client. */
  readonly clientId: string;
  send(frame: Frame): void;
  /** Says why and ends the connection. */
  close(code: ErrorCode): void;
  /** The room is played elsewhere: whoever is here should connect again. */
  moved(): void;
  /** Answers a `read`: the room as it may be shown now; whoever reads leaves it as it is. */
  confirmed?(room: Committed): void;
}

/** The room as it is safe to be shown. */
export interface Committed {
  state: RoomState;
  presence: Presence;
  readonly windows: CommandWindows;
  readonly history: History;
}

/** The turn as it was is not told of entries that others have followed. */
const NO_TURN = {};

export class Audience {
  private readonly seats = new Map<Connection, Seat | null>();

  constructor(
    private readonly game: Game,
    private readonly head: RoomHead,
    private readonly epoch: () => Epoch,
    private readonly clock: Clock,
    private readonly room: Committed,
  ) {}

  /** Connections, spectators included. */
  get size(): number {
    return this.seats.size;
  }

  /** The seat a connection plays; null for a spectator, undefined when it is not (or no longer) of the room. */
  seatAt(connection: Connection): Seat | null | undefined {
    return this.seats.get(connection);
  }

  /** The connection has ended: what that is to the room, where it was anybody's. */
  leave(connection: Connection): Input<Connection> | undefined {
    const seat = this.seats.get(connection);
    this.seats.delete(connection);
    return seat === undefined ? undefined : { type: 'gone', seat };
  }

  broadcast(frame: ClientOut): void {
    const encoded = encode(frame);
    for (const connection of this.seats.keys()) connection.send(encoded);
  }

  /** Shows a committed entry, the latest of the history, to everybody. @param before the room before it */
  show(entry: LogEntry, before: RoomState): void {
    const { game, head } = this;
    const { state } = this.room;
    const frames = new EventFrames(entry, state.deadline);
    for (const [connection, seat] of this.seats) {
      const waited = seat !== null && waitsForHand(before, seat);
      const viewer = seat === null || waited ? 'spectator' : cardsFor(state, seat);
      const events = projectEntry(game, head, entry.entry, viewer);
      connection.send(frames.frame(events, viewOwnTurn(game, state, viewer)));
      // No event leads from the view of whoever waited to that of a player. A seat that was left is a bot's by now.
      if (waited && isPlayedFrom(state, seat)) connection.send(encode(this.snapshot(seat)));
    }
  }

  apply(effect: Effect<Connection>): void {
    switch (effect.type) {
      case 'admit':
        this.admit(effect.to, effect.seat, effect.token, effect.resume);
        break;
      case 'ack':
        effect.to.send(encode({ type: 'ack', id: effect.id, seq: effect.seq ?? this.room.history.position.seq }));
        break;
      case 'refuse':
        refuse(effect.to, effect.refusal, effect.id);
        break;
      case 'say':
        this.broadcast({ type: 'said', seat: effect.seat, ...effect.talk });
        break;
      case 'show':
        effect.to.confirmed?.(this.room);
        break;
      case 'presence':
        this.broadcast({ type: 'presence', ...this.presence() });
        break;
      case 'unseat':
        for (const connection of this.of(effect.seat)) {
          this.seats.delete(connection);
          connection.close(effect.code);
        }
        break;
      case 'reseat':
        for (const { connection, to } of effect.moves.flatMap(({ from, to }) =>
          this.of(from).map((connection) => ({ connection, to })),
        )) {
          this.seats.set(connection, to);
          connection.send(encode(this.snapshot(to)));
        }
        break;
    }
  }

  /** The room is played elsewhere from now on. */
  /** The room is over: all who are attached are told, and those who still `wait` to be. */
  end(code: ErrorCode, waiting: Iterable<Connection>): void {
    const strangers = new Set([...waiting].filter((connection) => !this.seats.has(connection)));
    for (const connection of this.seats.keys()) {
      if (code === 'MOVED') connection.moved();
      else connection.close(code);
    }
    this.seats.clear();
    for (const connection of strangers) connection.close(code);
  }

  private admit(connection: Connection, seat: Seat | null, token?: string, resume?: Cursor): void {
    if (seat !== null) {
      for (const other of this.of(seat)) {
        this.seats.delete(other);
        if (other !== connection) {
          other.close(other.clientId === connection.clientId ? 'SOCKET_REPLACED' : 'SEAT_REPLACED');
        }
      }
    }
    this.seats.set(connection, seat);
    const viewer = seat ?? 'spectator';
    const missed = resume && this.missedSince(resume, seat);
    const { position } = this.room.history;
    const turn = this.turn(viewer);
    connection.send(
      encode({
        type: 'welcome',
        v: PROTOCOL_VERSION,
        room: this.head.code,
        seat,
        token,
        last_command: seat === null ? 0 : this.room.windows.highest(seat),
        resumed: missed !== undefined,
        now: this.clock.now(),
        epoch: this.epoch(),
        seq: position.seq,
        digest: position.digest,
        presence: this.presence(),
        accepts: ABILITIES,
        ...turn,
        view: missed ? undefined : viewRoom(this.game, this.head, this.room.state, viewer),
      }),
    );
    for (const entry of missed ?? []) {
      // The turn is known as it is now: after the last entry.
      const isLast = entry.seq === position.seq;
      const events = projectEntry(this.game, this.head, entry.entry, cardsFor(this.room.state, viewer));
      connection.send(new EventFrames(entry, isLast ? turn.deadline : null).frame(events, isLast ? turn : NO_TURN));
    }
  }

  /** What a client at `cursor` missed; undefined when it needs the whole view. */
  private missedSince(cursor: Cursor, seat: Seat | null): readonly LogEntry[] | undefined {
    // Who waited then saw no cards.
    if (seat !== null && cursor.seq < (this.room.state.shownSince[seat] ?? 0)) return undefined;
    const lines = cursor.epoch > this.epoch() ? undefined : this.room.history.after(cursor);
    const missed = lines?.map((line) => ({ ...line, entry: entryOf(line) }));
    // Who changed or took a seat has seen the table from elsewhere: events do not lead from that view to this one.
    const moved = (event: LogEvent) =>
      isRoomEvent(event) &&
      (event.type === 'seat_changed' ||
        event.type === 'seats_swapped' ||
        (event.type === 'seat_taken' && event.seat === seat));
    return missed?.some(({ entry }) => entry.events.some(moved)) ? undefined : missed;
  }

  private snapshot(viewer: Viewer): Snapshot {
    const { seq, digest } = this.room.history.position;
    const view = viewRoom(this.game, this.head, this.room.state, viewer);
    return { type: 'snapshot', now: this.clock.now(), epoch: this.epoch(), seq, digest, ...this.turn(viewer), view };
  }

  private turn(viewer: Viewer): TurnInfo {
    return viewTurn(this.game, this.room.state, viewer);
  }

  private presence(): PresenceView {
    return { seats: this.room.presence.connected, spectators: this.room.presence.spectators };
  }

  private of(seat: Seat): Connection[] {
    return [...this.seats].flatMap(([connection, at]) => (at === seat ? [connection] : []));
  }
}

const isPlayedFrom = (state: RoomState, seat: Seat): boolean =>
  state.seats[seat]?.kind === 'human' && !waitsForHand(state, seat);

function refuse(to: Connection, { code, detail, reason }: Refusal, id?: string): void {
  if (id === undefined && errors[code].close !== undefined) to.close(code);
  else to.send(encode(errorFrame(code, detail, id, reason)));
}
