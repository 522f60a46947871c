/**
 * Compares the index of rooms with the truth, a slice at a time: every room that names an owner is in the index that
 * survivors read.
 *
 * The owner's part: what it plays and the index lacks is entered; what the index names and is not played here is played,
 * where the room names this instance as its owner, and else taken out. Everybody's part: an instance that the registry has
 * lost although it has an index is listed again, as one whose lease has run out. At rest these are two questions a period.
 */
import type { InstanceId, RoomCode } from '../protocol/ids.js';
import type { RoomStore } from '../room/store.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { Ownership } from './ownership.js';
import type { Registry } from './registry.js';
import type { RoomIndex } from './room-index.js';
import type { Self } from './self.js';

export interface IndexReconcilerDeps {
  readonly self: Pick<Self, 'id' | 'status'>;
  readonly registry: Pick<Registry, 'isListed' | 'listAsExpired'>;
  readonly index: RoomIndex;
  readonly store: Pick<RoomStore, 'meta'>;
  readonly ownership: Pick<Ownership, 'rooms' | 'size' | 'concerns' | 'open'>;
  /** The ids in the registry as last seen, with a lease or without. */
  readonly listed: () => ReadonlySet<InstanceId>;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const PERIOD_MS = 1_000;
/** An index with the right number of rooms may still name the wrong ones: it is read every so many periods. */
const READ_EVERY = 5;
/** Rooms that are looked up in one period. */
const SLICE = 64;
/** A room that was given to this instance has this long to be handed over before it is loaded from the store. */
const HANDED_OVER_MS = 2_000;
/** An entry is written before its room is claimed or moved: it may stand so long without one. */
const AHEAD_MS = 10_000;

export class IndexReconciler {
  private timer: Timer | undefined;
  private stopped = false;
  private period = 0;
  /** Rooms that the index names and that are not played here: since when (monotonic ms). */
  private readonly strangers = new Map<RoomCode, number>();
  /** Instances that have an index and are not listed: since when (monotonic ms). */
  private readonly unlisted = new Map<InstanceId, number>();

  constructor(private readonly deps: IndexReconcilerDeps) {}

  start(): void {
    this.timer = this.deps.clock.after(PERIOD_MS, () => {
      this.reconcile()
        .catch((error: Error) => this.deps.log.debug({ err: error.message }, 'index of rooms not compared'))
        .finally(() => {
          if (!this.stopped) this.start();
        });
    });
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private async reconcile(): Promise<void> {
    const { self, index, ownership } = this.deps;
    this.period += 1;
    const isDue = this.period % READ_EVERY === 0;
    await this.findUnlisted();
    if (isDue || this.strangers.size > 0 || (await index.size(self.id)) !== ownership.size) await this.compare(isDue);
  }

  private async compare(isDue: boolean): Promise<void> {
    const { self, index, ownership, clock, log } = this.deps;
    const named = new Set(await index.rooms(self.id));
    const missing = [...ownership.rooms].map(({ code }) => code).filter((code) => !named.has(code));
    if (isDue && named.size > 0) await index.enter(self.id);
    for (const code of missing) await index.add(self.id, code);
    if (missing.length > 0) log.warn({ rooms: missing.length }, 'rooms were missing in the index');
    const now = clock.monotonic();
    for (const code of this.strangers.keys()) {
      if (!named.has(code) || ownership.concerns(code)) this.strangers.delete(code);
    }
    for (const code of named) {
      if (!ownership.concerns(code) && !this.strangers.has(code)) this.strangers.set(code, now);
    }
    const old = [...this.strangers].filter(([, since]) => now - since >= HANDED_OVER_MS);
    for (const [code, since] of old.slice(0, SLICE)) {
      // Behind all others: those that stay as they are must not keep the rest from being looked at.
      this.strangers.delete(code);
      this.strangers.set(code, since);
      await this.settle(code, now - since);
    }
  }

  /** A room in the index of this instance that it does not play. */
  private async settle(code: RoomCode, ageMs: number): Promise<void> {
    const { self, index, store, ownership, log } = this.deps;
    const owner = (await store.meta(code))?.owner ?? null;
    if (owner === self.id) {
      if (self.status !== 'ready') return;
      log.info({ room: code }, 'loading a room that was given to this instance');
      await ownership
        .open(code)
        .catch((error: Error) => log.warn({ room: code, err: error.message }, 'room not loaded'));
    } else if (ageMs >= AHEAD_MS && !ownership.concerns(code)) {
      await index.remove(self.id, code);
      this.strangers.delete(code);
      // Given to this instance in between: its entry was that of the move.
      if ((await store.meta(code))?.owner === self.id) await index.add(self.id, code);
    }
  }

  /**
   * Instances with an index that the registry does not name: nobody would look for their rooms. One that lives is listed
   * again by its next heartbeat, also where a failover has lost the last ones.
   */
  private async findUnlisted(): Promise<void> {
    const { registry, index, listed, leaseMs, clock, log } = this.deps;
    const now = clock.monotonic();
    const known = listed();
    const ids = (await index.ids()).filter((id) => !known.has(id));
    for (const id of this.unlisted.keys()) if (!ids.includes(id)) this.unlisted.delete(id);
    for (const id of ids) {
      const since = this.unlisted.get(id) ?? now;
      this.unlisted.set(id, since);
      if (now - since < leaseMs || (await registry.isListed(id))) continue;
      const rooms = await index.size(id);
      if (rooms === 0) {
        await index.forget(id);
        continue;
      }
      log.warn({ instance: id, rooms }, 'an instance that is not registered has rooms');
      await registry.listAsExpired(id);
    }
  }
}
