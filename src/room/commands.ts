/**
 * Which commands a seat has given, so that each takes effect at most once, however often it is sent.
 *
 * Ids carry a counter. What has left the window (the last 256 of a seat) is refused as stale and never run again.
 */
import type { Seat } from '../game/game.js';
import type { CommandId, Seq } from '../protocol/ids.js';
import type { Entry } from './state.js';

export const WINDOW = 256;

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

export const counterOf = (id: CommandId): number => Number.parseInt(id, 10);

export class CommandWindows {
  private readonly seats = new Map<Seat, SeatWindow>();

  constructor(stored: StoredWindows = []) {
    for (const { seat, highest, floor, outcomes } of stored) {
      this.seats.set(seat, { highest, floor, outcomes: new Map(outcomes) });
    }
  }

  /** What came of the command before; `new` when it was never seen, `stale` when that can no longer be told. */
  lookup(seat: Seat, id: CommandId): Outcome | 'new' | 'stale' {
    const window = this.seats.get(seat);
    if (window === undefined) return 'new';
    return window.outcomes.get(id) ?? (counterOf(id) <= window.floor ? 'stale' : 'new');
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

  /** Takes over what a log entry says: its command, and seats that changed hands. */
  apply(entry: Entry, seq: Seq): void {
    if (entry.by) this.record(entry.by.seat, entry.by.id, { seq });
    for (const event of entry.events) {
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

  stored(): StoredWindows {
    return [...this.seats].map(([seat, { highest, floor, outcomes }]) => ({
      seat,
      highest,
      floor,
      outcomes: [...outcomes],
    }));
  }
}
