/**
 * What a card game is to the rest of the cluster: a set of pure functions.
 *
 * A game knows no clock, no randomness and no I/O. All its values are plain JSON. Replaying the same events gives the
 * equal state. A second game is one folder with an object of this type and one line in `games.ts`.
 */
import type { z } from 'zod';
import type { Holder, Seat, Typed } from './seat.js';

export type { Holder, Seat, Typed } from './seat.js';

/** Who looks at the table: a seat, or somebody who holds no cards. */
export type Viewer = Seat | 'spectator';

/** 32 fresh random bytes in lower-case hex; the only source of chance a game has. */
export type Seed = string;

/** Why a command was not taken. `reason` is the game's own upper-case word, `message` says it to a person in English. */
export interface Refusal {
  readonly code: 'NOT_YOUR_TURN' | 'ILLEGAL_MOVE';
  readonly reason: string;
  readonly message: string;
}

export type Decision<Event> =
  | { readonly ok: true; readonly events: readonly Event[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** What the game waits for: a move of one of `seats`, fresh chance, or nothing any more. */
export type Turn =
  | { readonly waitsFor: 'seats'; readonly seats: readonly Seat[] }
  | { readonly waitsFor: 'seed' }
  | { readonly waitsFor: 'nothing' };

/** The outcome of a finished match. */
export interface Result {
  /** Seats of the winning side. */
  readonly winners: readonly Seat[];
  /** Match points by seat; partners carry the same figure. */
  readonly points: readonly number[];
}

export interface Game<
  State = unknown,
  Command = unknown,
  Event extends Typed = Typed,
  View = unknown,
  PublicEvent extends Typed = Typed,
  Options = unknown,
> {
  /** Lower-case word on the wire and in Redis. */
  readonly id: string;
  /** Raised whenever an old log would replay to another state; stored in every room. */
  readonly rulesVersion: number;
  /** Parses a room's options for this game and fills in the defaults. */
  readonly optionsSchema: z.ZodType<Options>;
  /** Parses a player's command. */
  readonly commandSchema: z.ZodType<Command>;

  /** Number of seats that must be filled before a match starts. */
  seatCount(options: Options): number;
  /** The state before the first event of a match. */
  setup(options: Options): State;
  /** What `command` of `seat` would do, without doing it. Never throws for a parsed command. */
  decide(state: State, seat: Seat, command: Command): Decision<Event>;
  /** What happens when `seat` claims the running match because its opponents have gone. `holders` are those of all seats. */
  forfeit(state: State, seat: Seat, holders: readonly Holder[]): Decision<Event>;
  /** The events that follow when the game, waiting for a seed, is given one. The seed itself is kept in an event. */
  chance(state: State, seed: Seed): readonly Event[];
  /** The next state; `state` is left as it was. */
  evolve(state: State, event: Event): State;
  turn(state: State): Turn;
  /** Whether no card of a hand has been played: a pause disturbs less than in the middle of one. */
  betweenHands(state: State): boolean;
  /**
   * Whether a hand is on: seats may hold cards that are not everybody's to know. Who takes a seat meanwhile is shown none of
   * them. Told alike by the state and by every view of it.
   */
  handOn(seen: State | View): boolean;

  /** Everything `viewer` may know, and nothing else. */
  view(state: State, viewer: Viewer): View;
  /** What `viewer` learns from `event`; null when nothing. Uses the event alone, so that old logs can be shown again. */
  project(event: Event, viewer: Viewer): PublicEvent | null;
  /** A viewer's next view: `fold(view(s, v), project(e, v))` equals `view(evolve(s, e), v)`. Runs in clients as well. */
  fold(view: View, event: PublicEvent): View;
  /** The commands the seat that sees `view` may give now; empty when it is not its turn. */
  legal(view: View): readonly Command[];
  /** Whether the match that `view` shows is over. */
  over(view: View): boolean;
  /** The rule bot's choice among `legal(view)`; also plays for a seat whose time is up. Only called on that seat's turn. */
  bot(view: View): Command;
  /** Null while the match goes on. */
  result(state: State): Result | null;
}
