/**
 * A room's whole behaviour as one function: `step(room, input, now)` gives the next room, the events to be logged and
 * the effects to be run once they are safe. PURE: no clock, no randomness, no I/O; connections are opaque to it.
 */

import type { ErrorCode } from '../errors.js';
import type { Game, Seat, Seed } from '../game/game.js';
import type { Hello } from '../protocol/client-in.js';
import type { Cursor } from '../protocol/client-out.js';
import type { CommandId, Seq } from '../protocol/ids.js';
import type { Talk } from '../protocol/vocabulary.js';
import type { CommandWindows, Refused } from './commands.js';
import { decide } from './decide.js';
import {
  lapse,
  type Presence,
  seatFor,
  successor,
  take,
  takeAgain,
  withPresence,
  withSignOfLife,
  withTimeGivenBack,
} from './seats.js';
import {
  actingSeats,
  afterRoomEvents,
  isSubstituted,
  type LogEvent,
  lapsedSeatOf,
  playedByBot,
  type RoomEvent,
  type RoomHead,
  type RoomState,
  seatOf,
  turnLength,
} from './state.js';

/** Who watches costs as much as who plays. */
const MAX_SPECTATORS = 100;

/** What a step looks at. `windows` is only read here. */
export interface Room {
  readonly game: Game;
  readonly head: RoomHead;
  readonly state: RoomState;
  readonly presence: Presence;
  readonly windows: CommandWindows;
}

export type Input<Connection> =
  | {
      readonly type: 'hello';
      readonly from: Connection;
      readonly hello: Hello;
      /** SHA-256 of the token in the hello. */
      readonly presented?: string;
      /** A new token, for the case that this hello takes a seat. */
      readonly fresh: { readonly token: string; readonly hash: string };
    }
  | {
      readonly type: 'command';
      readonly from: Connection;
      /** SHA-256 of the seat token that the sender holds. */
      readonly holder: string;
      readonly id: CommandId;
      readonly command: { readonly type: string };
      /** The turn that it is meant for. */
      readonly turn?: Seq | undefined;
    }
  | { readonly type: 'say'; readonly from: Connection; readonly holder: string; readonly talk: Talk }
  /** Somebody looks at the room without joining it. */
  | { readonly type: 'read'; readonly from: Connection }
  /** A connection is gone and no other has taken its place. */
  | { readonly type: 'gone'; readonly seat: Seat | null }
  /** Time has passed: whatever is due by now happens. */
  | { readonly type: 'tick' }
  /** The game asked for chance. */
  | { readonly type: 'seed'; readonly seed: Seed }
  /**
   * The room stood still for `forMs`, which players get back. Less than 0 where it comes from an owner whose clock is ahead
   * of ours: its deadlines are moved into our time.
   */
  | { readonly type: 'thaw'; readonly forMs: number }
  /** Another owner has handed the room over, and it stood still meanwhile: the log says so, whatever else has happened. */
  | { readonly type: 'adopted'; readonly forMs: number };

export interface Refusal {
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly reason?: string;
}

export type Effect<Connection> =
  | {
      readonly type: 'admit';
      readonly to: Connection;
      readonly seat: Seat | null;
      readonly token?: string;
      readonly resume?: Cursor;
    }
  /** Without `seq` the ack is for the entry of this very step. */
  | { readonly type: 'ack'; readonly to: Connection; readonly id: CommandId; readonly seq?: Seq }
  | { readonly type: 'refuse'; readonly to: Connection; readonly refusal: Refusal; readonly id?: CommandId }
  | { readonly type: 'say'; readonly seat: Seat; readonly talk: Talk }
  /** The room may be shown to the reader: its owner has been confirmed since the question came. */
  | { readonly type: 'show'; readonly to: Connection }
  | { readonly type: 'presence' }
  /** The seat's connections are closed with the code. */
  | { readonly type: 'unseat'; readonly seat: Seat; readonly code: ErrorCode }
  /** All at once: what moves to a seat is not moved on from it. */
  | { readonly type: 'reseat'; readonly moves: readonly { readonly from: Seat; readonly to: Seat }[] };

export interface Step<Connection> {
  readonly presence: Presence;
  /** Empty when nothing durable happens. */
  readonly events: readonly LogEvent[];
  /** An entry is written also without events, if none of its batch has been before. */
  readonly marked?: boolean;
  readonly by?: { readonly seat: Seat; readonly id: CommandId };
  /** A refusal to be remembered with the command id. */
  readonly outcome?: { readonly seat: Seat; readonly id: CommandId; readonly outcome: Refused };
  readonly effects: readonly Effect<Connection>[];
}

/** A room that stood still for less has lost nothing worth an entry, ms. */
const UNNOTICED_MS = 20;

/** What follows from `input` at `now` (cluster time, ms). The state is left to `evolve` with the step's events. */
export function step<Connection>(room: Room, input: Input<Connection>, now: number, idleMs: number): Step<Connection> {
  const { state, presence } = room;
  switch (input.type) {
    case 'hello':
      return hello(room, input, now);
    case 'command':
      return command(room, input, now);
    case 'say':
      return say(room, input);
    case 'read':
      return { presence, events: [], effects: [{ type: 'show', to: input.from }] };
    case 'gone': {
      const next = withPresence(presence, input.seat, false, now);
      return { presence: next, events: [], effects: [{ type: 'presence' }] };
    }
    case 'tick':
      return { presence, events: due(room, now, idleMs), effects: [] };
    case 'seed':
      return { presence, events: room.game.chance(state.table, input.seed), effects: [] };
    case 'thaw':
      return thaw(room, input.forMs, now);
    case 'adopted':
      return { ...thaw(room, input.forMs, now), marked: true };
  }
}

function thaw<C>(room: Room, forMs: number, now: number): Step<C> {
  const { state, presence } = room;
  const byMs = Math.round(forMs);
  if (Math.abs(byMs) < UNNOTICED_MS) return { presence, events: [], effects: [] };
  const moved = state.deadline === null ? 0 : moveOf(room, state.deadline, byMs, now);
  return {
    presence: byMs > 0 ? withTimeGivenBack(presence, byMs, now) : presence,
    events: moved === 0 ? [] : [{ type: 'clock_moved', by_ms: moved }],
    effects: [],
  };
}

/** By how much a deadline moves: never to further away than a whole turn, whatever a clock has said. */
function moveOf({ game, head, state }: Room, deadline: number, byMs: number, now: number): number {
  return Math.min(deadline + byMs, now + turnLength(game, head, state)) - deadline;
}

/** Whether the game cannot go on without a seed. */
export function wantsSeed(room: Room): boolean {
  return room.state.status === 'playing' && room.game.turn(room.state.table).waitsFor === 'seed';
}

function hello<C>(room: Room, input: Extract<Input<C>, { type: 'hello' }>, now: number): Step<C> {
  const { state, presence } = room;
  const { from, hello: said, presented, fresh } = input;
  const refuse = (code: ErrorCode): Step<C> => ({
    presence,
    events: [],
    effects: [{ type: 'refuse', to: from, refusal: { code } }],
  });
  const admit = (seat: Seat | null, events: LogEvent[], token?: string): Step<C> => ({
    presence: seat !== null && presence.connected[seat] ? presence : withPresence(presence, seat, true, now),
    events,
    effects: [
      {
        type: 'admit',
        to: from,
        seat,
        ...(token === undefined ? {} : { token }),
        ...(said.resume ? { resume: said.resume } : {}),
      },
      { type: 'presence' },
    ],
  });

  /** Back at the seat that has become free meanwhile, where no other player has taken it. */
  const again = (holder: string, token?: string): Step<C> | undefined => {
    const seat = lapsedSeatOf(state, holder);
    return seat === undefined ? undefined : admit(seat, takeAgain(state, seat), token);
  };

  if (state.status === 'closed') return refuse('ROOM_CLOSED');
  if (presented !== undefined) {
    const seat = seatOf(state, presented);
    if (seat === undefined) return again(presented) ?? refuse('WRONG_TOKEN');
    return admit(seat, isSubstituted(state, seat) ? [{ type: 'player_returned', seat }] : []);
  }
  if (said.spectate) return presence.spectators < MAX_SPECTATORS ? admit(null, []) : refuse('SPECTATORS_FULL');
  // The same hello as before: its seat was taken, and the welcome that would have told was lost.
  const taken = seatOf(state, fresh.hash);
  if (taken !== undefined) {
    return admit(taken, isSubstituted(state, taken) ? [{ type: 'player_returned', seat: taken }] : [], fresh.token);
  }
  const back = again(fresh.hash, fresh.token);
  if (back) return back;
  const seat = seatFor(state, said.seat);
  if (typeof seat === 'string') return refuse(seat);
  return admit(seat, take(state, seat, said.name ?? `Player ${seat + 1}`, fresh.hash), fresh.token);
}

function say<C>({ state, presence }: Room, input: Extract<Input<C>, { type: 'say' }>): Step<C> {
  const seat = seatOf(state, input.holder);
  const effect: Effect<C> =
    seat === undefined
      ? { type: 'refuse', to: input.from, refusal: { code: 'NOT_SEATED' } }
      : { type: 'say', seat, talk: input.talk };
  return { presence, events: [], effects: [effect] };
}

function command<C>(before: Room, input: Extract<Input<C>, { type: 'command' }>, now: number): Step<C> {
  const { from, holder, id } = input;
  const held = seatOf(before.state, holder);
  const seat = held ?? lapsedSeatOf(before.state, holder);
  if (seat === undefined) {
    const seq = before.windows.departedIn(holder, id);
    return answered(
      before.presence,
      seq === undefined
        ? { type: 'refuse', to: from, id, refusal: { code: 'NOT_SEATED' } }
        : { type: 'ack', to: from, id, seq },
    );
  }
  const presence = withSignOfLife(before.presence, seat, now);
  const seen = before.windows.lookup(seat, id);
  if (seen === 'stale') return answered(presence, { type: 'refuse', to: from, id, refusal: { code: 'STALE_COMMAND' } });
  if (seen !== 'new') {
    return answered(
      presence,
      'seq' in seen
        ? { type: 'ack', to: from, id, seq: seen.seq }
        : { type: 'refuse', to: from, id, refusal: refusalOf(seen) },
    );
  }
  // Without a connection there was no hello that would have told.
  const substituted: RoomEvent[] = isSubstituted(before.state, seat) ? [{ type: 'player_returned', seat }] : [];
  const returned = held === undefined ? takeAgain(before.state, seat) : substituted;
  const state = held === undefined ? afterRoomEvents(before.game, before.head, before.state, returned) : before.state;
  const room = { ...before, state, presence };
  const answer = decide(room, seat, input.command, input.turn, now);
  if (answer.ok) {
    const effects: Effect<C>[] = [{ type: 'ack', to: from, id }];
    if (answer.effects) effects.push(...answer.effects);
    if (answer.presence) effects.push({ type: 'presence' });
    const events = returned.length === 0 ? answer.events : [...returned, ...answer.events];
    return { presence: answer.presence ?? presence, events, by: { seat, id }, effects };
  }
  const { refusal } = answer;
  return {
    presence,
    events: returned,
    outcome: { seat, id, outcome: outcomeOf(refusal) },
    effects: [{ type: 'refuse', to: from, id, refusal }],
  };
}

/** Nothing but an answer. */
const answered = <C>(presence: Presence, effect: Effect<C>): Step<C> => ({ presence, events: [], effects: [effect] });

/** A refusal as it is kept with its command id: its text can quote what was sent, and 256 of each seat are in a snapshot. */
function outcomeOf({ code, reason }: Refusal): Refused {
  return { refused: code, ...(reason === undefined ? {} : { reason }) };
}

function refusalOf({ refused, reason }: Refused): Refusal {
  return { code: refused as ErrorCode, ...(reason === undefined ? {} : { reason }) };
}

/** Everything whose time has come: an automatic move, a seat whose hold has ended, another host, an abandoned room. */
function due(room: Room, now: number, idleMs: number): LogEvent[] {
  const { game, head, state, presence } = room;
  if (state.status === 'closed') return [];
  if (presence.emptySince !== null && now >= presence.emptySince + idleMs) {
    return [{ type: 'room_closed', reason: 'abandoned' }];
  }
  const lapsed = lapsingSeats(room).filter((seat) => now >= (presence.goneAt[seat] ?? now) + LAPSE_MS);
  if (lapsed.length > 0) return lapse(state, presence, lapsed);
  const expired = heldSeats(room).filter((seat) => now >= (presence.goneAt[seat] ?? now) + head.settings.hold_ms);
  if (expired.length > 0) {
    const events: LogEvent[] = [];
    if (state.status === 'playing') {
      const players = expired.filter((seat) => !isSubstituted(state, seat));
      events.push(...players.map((seat) => ({ type: 'bot_substituted', seat }) as const));
    }
    if (state.host !== null && expired.includes(state.host)) {
      const next = successor(state, presence, state.host);
      if (next !== null && presence.connected[next]) events.push({ type: 'host_changed', seat: next });
    }
    if (events.length > 0) return events;
  }
  if (state.deadline === null || now < state.deadline) return [];
  const seat = actingSeats(game, state).find((acting) => playedByBot(state, acting)) ?? actingSeats(game, state)[0];
  if (seat === undefined) return [];
  const decision = game.decide(state.table, seat, game.bot(game.view(state.table, seat)));
  if (!decision.ok) throw new Error(`the bot's move was refused: ${decision.refusal.reason}`);
  return playedByBot(state, seat) ? [...decision.events] : [{ type: 'turn_timed_out', seat }, ...decision.events];
}

/** Before the first match the seat of whoever is away is free again after this, ms. */
const LAPSE_MS = 30_000;

/** Seats of players who are away before the first match. Who has only put the telephone away takes the same seat again. */
function lapsingSeats({ state, presence }: Room): readonly Seat[] {
  if (state.status !== 'lobby' || !presence.connected.includes(false)) return NO_SEATS;
  return state.seats.flatMap((occupant, at) =>
    occupant?.kind === 'human' && !presence.connected[at] ? [at as Seat] : [],
  );
}

const NO_SEATS: readonly Seat[] = [];

/** Seats of players who are away and for whom something is still to happen when their hold ends. */
function heldSeats({ state, presence }: Room): readonly Seat[] {
  if (!presence.connected.includes(false)) return NO_SEATS;
  const othersHere = (seat: number) => presence.connected.some((here, at) => here && at !== seat);
  return state.seats.flatMap((occupant, at) => {
    if (occupant?.kind !== 'human' || presence.connected[at]) return [];
    const substitutes = state.status === 'playing' && !occupant.substituted;
    const succeeds = state.host === at && othersHere(at);
    return substitutes || succeeds ? [at as Seat] : [];
  });
}

/** When `tick` next has something to do, cluster time; null when time alone changes nothing. */
export function nextTick(room: Room, idleMs: number): number | null {
  const { head, state, presence } = room;
  if (state.status === 'closed') return null;
  let next = state.deadline ?? Number.POSITIVE_INFINITY;
  for (const seat of heldSeats(room)) next = Math.min(next, (presence.goneAt[seat] ?? 0) + head.settings.hold_ms);
  for (const seat of lapsingSeats(room)) next = Math.min(next, (presence.goneAt[seat] ?? 0) + LAPSE_MS);
  if (presence.emptySince !== null) next = Math.min(next, presence.emptySince + idleMs);
  return next === Number.POSITIVE_INFINITY ? null : next;
}
