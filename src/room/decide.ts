/** What each command of a seat does, of the room's commands and of the game's. PURE. */
import type { ErrorCode } from '../errors.js';
import type { Decision, Seat, Typed } from '../game/game.js';
import { firstIssue, isRoomCommand, parseRoomCommand, type RoomCommand } from '../protocol/client-in.js';
import type { Seq } from '../protocol/ids.js';
import { holdersOf } from '../protocol/seating.js';
import { type Presence, takeByBot, vacate, withPresence, withSeatMoved, withSeatsSwapped } from './seats.js';
import { type LogEvent, type Occupant, turnOf, waitsForHand } from './state.js';
import type { Effect, Refusal, Room } from './step.js';

/** What a command does, or why it is refused. */
export type Decided =
  | {
      readonly ok: true;
      readonly events: readonly LogEvent[];
      readonly effects?: readonly Effect<never>[];
      readonly presence?: Presence;
    }
  | { readonly ok: false; readonly refusal: Refusal };

const refused = (code: ErrorCode, detail?: string): Decided => ({
  ok: false,
  refusal: detail === undefined ? { code } : { code, detail },
});

/** @param turn that the command is meant for, where the sender has said so */
export function decide(
  room: Room,
  seat: Seat,
  command: { readonly type: string },
  turn: Seq | undefined,
  now: number,
): Decided {
  if (isRoomCommand(command.type)) {
    if (turn !== undefined) return refused('BAD_FRAME', 'for: a command of the room belongs to no turn');
    return decideRoom(room, seat, parseRoomCommand(command), now);
  }
  if (waitsForHand(room.state, seat)) return refused('NEXT_HAND');
  if (turn !== undefined && turn !== turnOf(room.game, room.state, seat)) return refused('TURN_OVER');
  return decideTable(room, seat, command);
}

/** A command of the game. */
function decideTable({ game, state }: Room, seat: Seat, command: unknown): Decided {
  if (state.status !== 'playing') return refused('NO_MATCH');
  const parsed = game.commandSchema.safeParse(command);
  if (!parsed.success) return refused('BAD_FRAME', `command: ${firstIssue(parsed.error)}`);
  return decided(game.decide(state.table, seat, parsed.data));
}

/** A game's decision as the room's. */
function decided(decision: Decision<Typed>): Decided {
  if (decision.ok) return { ok: true, events: decision.events };
  const { code, reason, message } = decision.refusal;
  return { ok: false, refusal: { code, reason, detail: message } };
}

/** A command of the room, parsed or with what is wrong with it. */
function decideRoom(room: Room, seat: Seat, command: RoomCommand | { readonly detail: string }, now: number): Decided {
  const { state, presence } = room;
  if (!('type' in command)) return refused('BAD_FRAME', `command.${command.detail}`);
  const isHost = state.host === seat;
  const running = state.status === 'playing';
  switch (command.type) {
    case 'start': {
      if (!isHost) return refused('NOT_HOST');
      if (running) return refused('MATCH_RUNNING');
      const empty = state.seats.flatMap((occupant, at) => (occupant === null ? [at as Seat] : []));
      if (empty.length > 0 && !command.fill_with_bots) return refused('SEATS_EMPTY');
      return {
        ok: true,
        events: [...empty.map((at) => takeByBot(state, at)), { type: 'match_started', match: state.match + 1 }],
      };
    }
    case 'choose_seat': {
      if (running) return refused('MATCH_RUNNING');
      const to = command.seat;
      if (to >= state.seats.length || state.seats[to]?.kind === 'human') return refused('SEAT_TAKEN');
      const events: LogEvent[] = [{ type: 'seat_changed', from: seat, to }];
      if (isHost) events.push({ type: 'host_changed', seat: to });
      return {
        ok: true,
        events,
        effects: [{ type: 'reseat', moves: [{ from: seat, to }] }],
        presence: withSeatMoved(presence, seat, to, now),
      };
    }
    case 'swap_seats':
      if (running) return refused('MATCH_RUNNING');
      return swapSeats(room, seat, command.seat);
    case 'add_bot':
      if (!isHost) return refused('NOT_HOST');
      if (command.seat >= state.seats.length || state.seats[command.seat] !== null) return refused('SEAT_TAKEN');
      return { ok: true, events: [takeByBot(state, command.seat)] };
    case 'kick': {
      if (!isHost || command.seat === seat) return refused('NOT_HOST');
      const occupant = state.seats[command.seat] ?? null;
      if (occupant === null) return refused('NO_PLAYER');
      if (occupant.kind === 'bot' && running) return refused('MATCH_RUNNING');
      return {
        ok: true,
        events: vacate(state, presence, command.seat, 'kicked'),
        effects: [{ type: 'unseat', seat: command.seat, code: 'KICKED' }],
        presence: withPresence(presence, command.seat, false, now),
      };
    }
    case 'leave':
      return {
        ok: true,
        events: vacate(state, presence, seat, 'left'),
        effects: [{ type: 'unseat', seat, code: 'SEAT_LEFT' }],
        presence: withPresence(presence, seat, false, now),
      };
    case 'claim_forfeit':
      if (!running) return refused('NO_MATCH');
      return decided(room.game.forfeit(state.table, seat, holdersOf(state.seats.map(held), state.deserted)));
  }
}

const held = (occupant: Occupant | null) =>
  occupant && { bot: occupant.kind === 'bot', substituted: occupant.kind === 'human' && occupant.substituted };

/** Two who wish it of each other change places; before that the wish is kept. */
function swapSeats({ state, presence }: Room, seat: Seat, to: Seat | null): Decided {
  if (to === null) return { ok: true, events: [{ type: 'swap_wished', from: seat, to }] };
  if (to === seat || state.seats[to]?.kind !== 'human') return refused('NO_PLAYER');
  if (!state.swaps.some((wish) => wish.from === to && wish.to === seat)) {
    return { ok: true, events: [{ type: 'swap_wished', from: seat, to }] };
  }
  const events: LogEvent[] = [{ type: 'seats_swapped', seats: [seat, to] }];
  if (state.host === seat || state.host === to) {
    events.push({ type: 'host_changed', seat: state.host === seat ? to : seat });
  }
  return {
    ok: true,
    events,
    effects: [
      {
        type: 'reseat',
        moves: [
          { from: seat, to },
          { from: to, to: seat },
        ],
      },
    ],
    presence: withSeatsSwapped(presence, seat, to),
  };
}
