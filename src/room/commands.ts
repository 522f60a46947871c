/**
 * Which commands a seat has given, so that each takes effect at most once, however often it is sent.
 *
 * Ids carry a counter. What has left the window (the last 256 of a seat) is refused as stale and never run again.
 */
import type { Seat } from '../game/game.js';
import type { CommandId, Seq } from '../protocol/ids.js';
import type { Entry, RoomState } from './state.js';

export const WINDOW = 256;
/** Players whose `leave` is still known by its id. */
const DEPARTED = 16;

/** What came of a command: the log entry that holds its effect, or the refusal that was answered. */
export type Outcome =
  | { readonly seq: Seq }
  | { readonly refused: string; readonly message: string; readonly reason?: string };

interface SeatWindow {
  readonly outcomes: Map<CommandId, Outcome>;
  /** Highest counter seen. */
  highest: number;
  /** Counters up to here may have left the window. */
  floor: number;
}

/** Plain JSON of all windows, for the snapshot. */
export type StoredWindows = readonly { seat: Seat; highest: number; floor: number; outcomes: [CommandId, Outcome][] }[];

/** The command with which a player gave the seat up, found by what proved the seat. */
export interface Departure {
  /** SHA-256 of the seat token. */
  readonly holder: string;
  readonly id: CommandId;
  readonly seq: Seq;
}

export const counterOf = (id: CommandId): number => Number.parseInt(id, 10);

export class CommandWindows {
  private readonly seats = new Map<Seat, SeatWindow>();

  /** @param departures the oldest first */
  constructor(
    stored: StoredWindows = [],
    private departures: readonly Departure[] = [],
  ) {
    for (const { seat, highest, floor, outcomes } of stored) {
      this.seats.set(seat, { highest, floor, outcomes: new Map(outcomes) });
    }
  }

  /** What came of the command before; `new` when it was never seen, `stale` when that can no longer be told. */
  lookup(seat: Seat, id: CommandId): Outcome | 'new' | 'stale' {
    const window = this.seats.get(seat);
    if (window === undefined || counterOf(id) > window.highest) return 'new';
    return window.outcomes.get(id) ?? (counterOf(id) <= window.floor ? 'stale' : 'new');
  }

  /** The log entry in which `holder`, who has no seat any more, gave it up by this very command. */
  departedIn(holder: string, id: CommandId): Seq | undefined {
    return this.departures.find((departure) => departure.holder === holder && departure.id === id)?.seq;
  }

  record(seat: Seat, id: CommandId, outcome: Outcome): void {
    let window = this.seats.get(seat);
    if (window === undefined) {
      window = { outcomes: new Map(), highest: 0, floor: 0 };
      this.seats.set(seat, window);
    }
    window.outcomes.set(id, outcome);
    window.highest = Math.max(window.highest, counterOf(id));
    if (window.outcomes.size <= WINDOW) return;
    for (const oldest of window.outcomes.keys()) {
      window.outcomes.delete(oldest);
      window.floor = Math.max(window.floor, counterOf(oldest));
      break;
    }
  }

  /** Takes over what a log entry says of a room that was `before`: its command, and seats that changed hands. */
  apply(entry: Entry, seq: Seq, before: RoomState): void {
    const { by } = entry;
    if (by) this.record(by.seat, by.id, { seq });
    for (const event of entry.events) {
      if (event.type === 'seat_left' && 'reason' in event && event.reason === 'left' && by) {
        const leaver = before.seats[event.seat];
        const departure = leaver?.kind === 'human' ? [{ holder: leaver.tokenHash, id: by.id, seq }] : [];
        this.departures = [...this.departures, ...departure].slice(-DEPARTED);
      }
      if (event.type === 'seat_changed' && 'from' in event) {
        const moved = this.seats.get(event.from);
        this.seats.delete(event.from);
        this.put(event.to, moved);
      } else if (event.type === 'seats_swapped' && 'seats' in event) {
        const [one, other] = event.seats;
        const [ofOne, ofOther] = [this.seats.get(one), this.seats.get(other)];
        this.put(one, ofOther);
        this.put(other, ofOne);
      } else if ((event.type === 'seat_taken' || event.type === 'seat_left') && 'seat' in event) {
        this.seats.delete(event.seat);
      }
    }
  }

  private put(seat: Seat, window: SeatWindow | undefined): void {
    if (window) this.seats.set(seat, window);
    else this.seats.delete(seat);
  }

  highest(seat: Seat): number {
    return this.seats.get(seat)?.highest ?? 0;
  }

  departed(): readonly Departure[] {
    return this.departures;
  }

  stored(): StoredWindows {
    return [...this.seats].map(([seat, { highest, floor, outcomes }]) => ({
      seat,
      highest,
      floor,
      outcomes: [...outcomes],
    }));
  }
}
