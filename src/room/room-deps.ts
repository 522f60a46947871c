/** What a room needs of its instance. */
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { Lease } from './lease.js';
import type { SeatNotes } from './seat-notes.js';
import type { RoomStore } from './store.js';

export interface RoomDeps extends SeatNotes {
  readonly store: RoomStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lease: Lease;
  /** Where the store has just lost something: resolves when other owners have had the time to store it again. */
  readonly whenRestored: () => Promise<void> | undefined;
  /** 32 fresh random bytes as hex. */
  readonly newSeed: () => string;
  /** `host:port` of this instance. */
  readonly address: () => string;
  /** Close a room that nobody is connected to after this, ms. */
  readonly idleMs: number;
  /** Log entries kept behind the snapshot. */
  readonly logKeep: number;
  /** Time to live of a closed room's keys, ms. */
  readonly closedTtlMs: number;
}
