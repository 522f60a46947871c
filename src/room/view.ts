/**
 * What one viewer may know of a room and of what happens in it. PURE. Every frame that leaves is built here, so that
 * nothing hidden can leak by another way.
 */
import type { Game, Seat, Typed, Viewer } from '../game/game.js';
import type { RoomView, SeatView, TurnInfo } from '../protocol/client-out.js';
import {
  actingSeats,
  type Entry,
  isRoomEvent,
  type LogEvent,
  type Occupant,
  type RoomHead,
  type RoomState,
  waitsForHand,
} from './state.js';

export function viewRoom(game: Game, head: RoomHead, state: RoomState, viewer: Viewer): RoomView {
  return {
    room: head.code,
    game: head.game,
    options: head.options,
    turn_ms: head.settings.turn_ms,
    status: state.status,
    host: state.host,
    seat: viewer === 'spectator' ? null : viewer,
    seats: state.seats.map((occupant, at) => viewSeat(occupant, waitsForHand(state, at as Seat))),
    swaps: state.swaps,
    deserted: state.deserted,
    match: state.match,
    table: state.table === null ? null : game.view(state.table, cardsFor(state, viewer)),
  };
}

/** As whom `viewer` sees the cards: whoever waits for the next hand sees as much of this one as a spectator. */
export const cardsFor = (state: RoomState, viewer: Viewer): Viewer =>
  viewer !== 'spectator' && waitsForHand(state, viewer) ? 'spectator' : viewer;

function viewSeat(occupant: Occupant | null, waits: boolean): SeatView | null {
  if (occupant === null) return null;
  return {
    name: occupant.name,
    bot: occupant.kind === 'bot',
    substituted: occupant.kind === 'human' && occupant.substituted,
    ...(waits ? { waits } : {}),
  };
}

/** The deadline for everybody, and the legal commands for a seat whose turn it is. */
export function viewTurn(game: Game, state: RoomState, viewer: Viewer): TurnInfo {
  return { deadline: state.deadline, ...viewOwnTurn(game, state, viewer) };
}

const NO_TURN = {};

/** The turn of `viewer` and the commands that it may give; nothing when it has not to act. */
export function viewOwnTurn(game: Game, state: RoomState, viewer: Viewer): Pick<TurnInfo, 'legal' | 'turn'> {
  if (cardsFor(state, viewer) === 'spectator' || viewer === 'spectator') return NO_TURN;
  if (!actingSeats(game, state).includes(viewer)) return NO_TURN;
  const legal = game.legal(game.view(state.table, viewer));
  const turn = state.turns[viewer];
  return turn === undefined ? { legal } : { turn, legal };
}

/** The events of an entry as `viewer` may see them: the entry's own list where nothing is hidden or rewritten. */
export function projectEntry(game: Game, head: RoomHead, entry: Entry, viewer: Viewer): readonly Typed[] {
  const { events } = entry;
  let visible: Typed[] | undefined;
  for (let at = 0; at < events.length; at++) {
    const event = events[at] as LogEvent;
    const shown = projectEvent(game, head, event, viewer);
    if (shown !== event) visible ??= events.slice(0, at);
    if (shown !== null) visible?.push(shown);
  }
  return visible ?? events;
}

function projectEvent(game: Game, head: RoomHead, event: LogEvent, viewer: Viewer): Typed | null {
  if (!isRoomEvent(event)) return game.project(event, viewer);
  if (event.type === 'match_started') return { ...event, table: game.view(game.setup(head.options), viewer) } as Typed;
  if (event.type !== 'seat_taken') return event;
  return { type: 'seat_taken', seat: event.seat, name: event.name, bot: event.token_hash === undefined } as SeatTaken;
}

/** `seat_taken` as clients see it: without the hash of the seat's token. */
export interface SeatTaken extends Typed {
  readonly type: 'seat_taken';
  readonly seat: Seat;
  readonly name: string;
  readonly bot: boolean;
}
