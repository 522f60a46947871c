/** The last warnings and errors of each room, for operators: bounded, in memory, gone with the process. */
import type { Clock } from './clock.js';

export interface RecentError {
  /** Cluster time, ms since the epoch. */
  readonly at: number;
  readonly text: string;
}

const ROOMS = 500;
const PER_ROOM = 10;
const LENGTH = 200;

export class RecentErrors {
  /** The room that had trouble last is the last. */
  private readonly rooms = new Map<string, RecentError[]>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** Keeps a line of the log if it is about a room. */
  take(fields: unknown, message: string): void {
    const { room, err } = (typeof fields === 'object' && fields !== null ? fields : {}) as Record<string, unknown>;
    if (typeof room !== 'string') return;
    const cause = err instanceof Error ? err.message : typeof err === 'string' ? err : '';
    const text = (cause === '' ? message : `${message}: ${cause}`).slice(0, LENGTH);
    const known = this.rooms.get(room) ?? [];
    this.rooms.delete(room);
    this.rooms.set(room, [...known, { at: this.clock.now(), text }].slice(-PER_ROOM));
    for (const oldest of this.rooms.keys()) {
      if (this.rooms.size <= ROOMS) break;
      this.rooms.delete(oldest);
    }
  }

  /** Oldest first. */
  of(room: string): readonly RecentError[] {
    return this.rooms.get(room) ?? [];
  }
}
