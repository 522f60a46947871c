/**
 * Takes over the rooms of instances that are gone, also when no player comes back to ask for them. The survivors share
 * them by a hash, so that they do not all reach for the same.
 */
import type { InstanceId, RoomCode } from '../protocol/ids.js';
import { type Clock, sleep } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { HeartbeatWatch } from './heartbeat-watch.js';
import type { Ownership } from './ownership.js';
import type { Surroundings } from './peers.js';
import { heir } from './placement.js';
import type { InstanceRecord, Registry } from './registry.js';
import type { RoomIndex } from './room-index.js';
import type { Self } from './self.js';

export interface OrphansDeps {
  readonly self: Self;
  readonly registry: Registry;
  readonly index: RoomIndex;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether an expired lease proves anything now. */
  readonly steady: () => boolean;
  readonly heartbeats: Pick<HeartbeatWatch, 'note' | 'silentFor'>;
  readonly leaseMs: number;
}

const PARALLEL = 8;
/** An heir that has not taken its room after so many looks leaves it to anybody. */
const LOOKS = 4;
/** Until a room is tried again that only another version can play, ms. */
const AGAIN_MS = 5_000;

export class Orphans {
  /** How often a dead instance was seen with rooms left. */
  private readonly looks = new Map<InstanceId, number>();

  /** Rooms that could not be taken, and when they are tried again (monotonic ms). */
  private readonly notBefore = new Map<RoomCode, number>();

  constructor(private readonly deps: OrphansDeps) {}

  /** Takes this instance's share of the rooms of the dead. */
  async look({ instances, expired }: Surroundings): Promise<void> {
    const { steady, self, heartbeats, leaseMs } = this.deps;
    if (!steady() || self.status !== 'ready') return;
    for (const id of this.looks.keys()) if (!expired.includes(id)) this.looks.delete(id);
    for (const { id } of instances) {
      if (id !== self.id && heartbeats.silentFor(id) >= leaseMs) await this.endLease(id);
    }
    // As seen here: the entries of the living go, too, when the clock of Redis steps forward.
    const gone = expired.filter((id) => heartbeats.silentFor(id) >= leaseMs);
    for (const dead of gone) await this.inherit(dead, instances);
  }

  /**
   * Ends a lease in Redis too, which keeps an entry for longer when its clock is set back. Survivors and the controllers of
   * HAProxy would wait for that, and so would players whose instance is cut off and knows no other one. An instance that lives
   * after all renews its entry with its next heartbeat.
   */
  private async endLease(id: InstanceId): Promise<void> {
    const { registry, heartbeats, leaseMs, log } = this.deps;
    // As it is now: since the registry was read a heartbeat may have come.
    const latest = await registry.get(id);
    if (latest) heartbeats.note(latest);
    if (!latest || heartbeats.silentFor(id) < leaseMs) return;
    log.warn({ instance: id }, 'lease over, although Redis keeps its entry');
    await registry.expire(id);
  }

  private async inherit(dead: InstanceId, instances: readonly InstanceRecord[]): Promise<void> {
    const { index, registry, self, log } = this.deps;
    const rooms = await index.rooms(dead);
    const looks = (this.looks.get(dead) ?? 0) + 1;
    this.looks.set(dead, looks);
    let share = looks > LOOKS ? rooms : rooms.filter((room) => heir(room, instances) === self.id);
    const now = this.deps.clock.monotonic();
    for (const [room, at] of this.notBefore) if (at <= now) this.notBefore.delete(room);
    share = share.filter((room) => !this.notBefore.has(room));
    if (share.length > 0) log.info({ dead, rooms: share.length }, 'taking over');
    const queue = [...share];
    const workers = Array.from({ length: PARALLEL }, async () => {
      for (let room = queue.pop(); room !== undefined; room = queue.pop()) await this.take(room, dead);
    });
    await Promise.all(workers);
    if ((await index.rooms(dead)).length > 0) return;
    await Promise.all([registry.remove(dead), index.forget(dead)]);
    this.looks.delete(dead);
  }

  /** A room that was not taken: it is looked for here no more where it is not the dead instance's any longer. */
  private async leave(room: RoomCode, dead: InstanceId): Promise<void> {
    const { ownership, index, clock } = this.deps;
    const found = await ownership.locate(room);
    const owner = found.at === 'free' ? found.meta.owner : found.at === 'elsewhere' ? found.owner : null;
    if (owner !== dead) await index.remove(dead, room);
    else this.notBefore.set(room, clock.monotonic() + AGAIN_MS);
  }

  private async take(room: RoomCode, dead: InstanceId): Promise<void> {
    const { ownership, index, clock, log } = this.deps;
    try {
      const found = await ownership.open(room);
      // Not taken where its owner lives after all, or this instance takes no rooms any more: it must still be found.
      if (found.at === 'here') await index.remove(dead, room);
      else await this.leave(room, dead);
    } catch (error) {
      log.warn({ room, dead, err: (error as Error).message }, 'orphan not taken');
      await this.leave(room, dead).catch(() => undefined);
    }
    // Live rooms come first: one turn of the event loop for them after every orphan.
    await sleep(clock, 0);
  }
}
