/** Plays a room's log again and says where it does what the rules do not allow. PURE. */
import type { Game, Seat, Seed, Typed } from '../../src/game/game.js';
import { isRoomCommand } from '../../src/protocol/client-in.js';
import type { Seq } from '../../src/protocol/ids.js';
import { CommandWindows } from '../../src/room/commands.js';
import { decide } from '../../src/room/decide.js';
import { nobodyPresent, takeAgain } from '../../src/room/seats.js';
import {
  actingSeats,
  afterRoomEvents,
  type Entry,
  emptyRoom,
  evolve,
  isRoomEvent,
  isSubstituted,
  type LogEvent,
  playedByBot,
  type RoomEvent,
  type RoomHead,
  type RoomState,
} from '../../src/room/state.js';

type Command = { readonly type: string };

export class Replay {
  state: RoomState;
  private epoch = 0;

  constructor(
    private readonly game: Game,
    private readonly head: RoomHead,
  ) {
    this.state = emptyRoom(game.seatCount(head.options));
  }

  /**
   * Takes the next entry; what is wrong with it, or undefined. `command` is what the client sent under the entry's id.
   * @throws whatever the game throws when the events do not fit the state.
   */
  take(entry: Entry, seq: Seq, command: Command | undefined): string | undefined {
    const wrong = entry.by ? this.wrongMove(entry, entry.by.seat, command) : this.wrongByItself(entry);
    this.epoch = entry.epoch;
    this.state = evolve(this.game, this.head, this.state, entry, seq);
    return wrong;
  }

  private wrongMove(entry: Entry, seat: Seat, command: Command | undefined): string | undefined {
    // Who sent it is for the checker to say.
    if (command === undefined) return undefined;
    // So is who comes back to a seat that was free by then.
    const again = takeAgain(this.state, seat);
    if (again.length > 0 && same(entry.events.slice(0, again.length), again)) {
      this.state = afterRoomEvents(this.game, this.head, this.state, again);
      return this.wrongMove({ ...entry, events: entry.events.slice(again.length) }, seat, command);
    }
    if (this.state.seats[seat]?.kind !== 'human') return `seat ${seat} has no player who could move`;
    // Who comes back with a command, and not with a socket, is told of first.
    const returned = playedByBot(this.state, seat) && entry.events[0]?.type === 'player_returned';
    const events = returned ? entry.events.slice(1) : entry.events;
    return isRoomCommand(command.type)
      ? this.differsFromRoom(events, seat, command)
      : this.differs(events, seat, command);
  }

  private differsFromRoom(events: readonly LogEvent[], seat: Seat, command: Command): string | undefined {
    const { game, head, state } = this;
    const presence = nobodyPresent(state.seats.length, 0);
    const room = { game, head, state, presence, windows: new CommandWindows() };
    const decided = decide(room, seat, command, undefined, 0);
    if (!decided.ok) return `${command.type} was not allowed: ${decided.refusal.code}`;
    // Who is host next depends on who is connected, which no log tells.
    const anyHost = (event: LogEvent) => (event.type === 'host_changed' ? { type: event.type } : event);
    return same(events.map(anyHost), decided.events.map(anyHost)) ? undefined : `not what ${command.type} does`;
  }

  /** What happens without a command: chance, time, comings and goings. */
  private wrongByItself({ events, epoch }: Entry): string | undefined {
    const { game, state } = this;
    // Who is handed a room writes to it first, whatever has happened.
    if (events.length === 0) return epoch > this.epoch ? undefined : 'an entry without events';
    const playing = state.status === 'playing';
    if (playing && game.turn(state.table).waitsFor === 'seed') {
      const seed = seedOf(events);
      if (seed !== undefined)
        return same(events, game.chance(state.table, seed)) ? undefined : 'not what the seed gives';
      return events.every(isRoomEvent) ? undefined : 'a move where chance was awaited';
    }
    const [first, ...rest] = events;
    if (first === undefined || !isRoomEvent(first)) {
      const bot = actingSeats(game, state).find((seat) => playedByBot(state, seat));
      return bot === undefined ? 'a move that nobody asked for' : this.differsFromBot(events, bot);
    }
    if (first.type !== 'turn_timed_out') return events.map((event) => this.wrongEvent(event)).find(Boolean);
    if (!actingSeats(game, state).includes(first.seat)) return 'the time of a seat was up that had no turn';
    return this.differsFromBot(rest, first.seat);
  }

  private wrongEvent(event: LogEvent): string | undefined {
    if (!isRoomEvent(event)) return 'a move beside what happened to the room';
    return this.allows(event) ? undefined : `${event.type} was not possible`;
  }

  private allows(event: RoomEvent): boolean {
    const { state } = this;
    switch (event.type) {
      case 'seat_left':
        return event.reason === 'gone' && state.status === 'lobby' && state.seats[event.seat]?.kind === 'human';
      case 'seat_taken':
        return state.seats[event.seat]?.kind !== 'human';
      case 'clock_moved':
        // Less than 0 where the room has come to an owner whose clock is behind.
        return state.deadline !== null;
      case 'bot_substituted':
        return !isSubstituted(state, event.seat);
      case 'player_returned':
        return isSubstituted(state, event.seat);
      case 'host_changed':
        return (
          event.seat === null ||
          state.seats[event.seat]?.kind === 'human' ||
          state.host === null ||
          state.lapsed[event.seat]?.host === true
        );
      default:
        // Nobody leaves or changes seats without a command, and no script closes a room.
        return false;
    }
  }

  private differsFromBot(events: readonly LogEvent[], seat: Seat): string | undefined {
    const { game, state } = this;
    return this.differs(events, seat, game.bot(game.view(state.table, seat)) as Command);
  }

  private differs(events: readonly LogEvent[], seat: Seat, command: Command): string | undefined {
    const { game, state } = this;
    const parsed = game.commandSchema.safeParse(command);
    if (state.status !== 'playing' || !parsed.success) return 'a move where none was possible';
    const decision = game.decide(state.table, seat, parsed.data);
    if (!decision.ok) return `illegal: ${decision.refusal.reason}`;
    return same(events, decision.events) ? undefined : 'not what the command does';
  }
}

function seedOf(events: readonly Typed[]): Seed | undefined {
  const found = events.find((event): event is Typed & { seed: Seed } => 'seed' in event);
  return found?.seed;
}

const same = (one: readonly Typed[], other: readonly Typed[]) => JSON.stringify(one) === JSON.stringify(other);
