/** Empties this instance: its rooms go to the others, or are stored when there is nobody to take them. */
import type { InstanceId } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Mailbox } from '../room/mailbox.js';
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { Migration } from './migration.js';
import type { Ownership } from './ownership.js';
import { place } from './placement.js';
import type { InstanceRecord, Registry } from './registry.js';
import type { Self } from './self.js';

export interface DrainDeps {
  readonly self: Self;
  readonly redis: RedisConnection;
  readonly registry: Registry;
  readonly ownership: Ownership;
  readonly migration: Migration;
  readonly clock: Clock;
  readonly log: Logger;
  /** A stored room that nobody claims is forgotten after this, ms. */
  readonly storedTtlMs: number;
  /** The process ends so long after it was told to, ms. */
  readonly deadlineMs: number;
}

/**
 * Rooms that move at the same time. The players of each open new sockets at once: when too many do, all of them wait
 * longer than their own move takes. With many rooms the end of the drain matters more.
 */
const PARALLEL = { least: 4, most: 16, roomsEach: 100 } as const;

/** Before the process ends it tells which rooms are left, ms. */
const LAST_WORD_MS = 1_000;

interface Destinations {
  readonly instances: readonly InstanceRecord[];
  readonly promised: Map<InstanceId, number>;
  /**
   * Instances that are asked only when no other is left: HAProxy does not reach them, or they have refused a room, or not
   * answered, which takes a second to find out.
   */
  readonly lastResort: Set<InstanceId>;
  readonly startedSince: number;
}

export class Drain {
  constructor(private readonly deps: DrainDeps) {}

  /** Moves or stores every room of this instance; waits for those who were handed one. */
  async run(): Promise<void> {
    const { ownership, migration, clock, log, storedTtlMs, deadlineMs } = this.deps;
    const lastWord = clock.after(deadlineMs - LAST_WORD_MS, () => {
      const unanswered = migration.pending;
      const left = [...ownership.rooms].map(({ code }) => code).filter((code) => !unanswered.includes(code));
      log.error({ unanswered, left }, 'not drained in time: rooms whose new owner has not answered, and all others');
    });
    await this.giveAway();
    const left = [...ownership.rooms];
    const release = async (room: Mailbox): Promise<void> => {
      // Others may have asked for it: while a new owner has not answered, the room is not given up.
      await migration.idle(room.code);
      await room.release(storedTtlMs);
    };
    await Promise.all(left.map(release));
    lastWord.cancel();
    log.info({ stored: left.length }, 'drained');
  }

  /** Moves every room that somebody takes; no further one once `signal` is aborted. Never throws. */
  async giveAway(signal?: AbortSignal): Promise<void> {
    const { ownership, clock, log } = this.deps;
    const startedAt = clock.monotonic();
    const rooms = [...ownership.rooms];
    if (rooms.length === 0) return;
    const destinations = await this.destinations();
    let moved = 0;
    const parallel = Math.min(PARALLEL.most, Math.max(PARALLEL.least, Math.ceil(rooms.length / PARALLEL.roomsEach)));
    const workers = Array.from({ length: parallel }, async () => {
      for (let room = rooms.pop(); room !== undefined && !signal?.aborted; room = rooms.pop()) {
        if (await this.moveOne(room, destinations)) moved += 1;
      }
    });
    await Promise.all(workers);
    log.info({ moved, left: ownership.size, ms: Math.round(clock.monotonic() - startedAt) }, 'rooms given away');
  }

  private async moveOne(
    room: Mailbox,
    { instances, promised, lastResort, startedSince }: Destinations,
  ): Promise<boolean> {
    const { self, migration } = this.deps;
    const not = new Set<InstanceId>([self.id]);
    const rules = `${room.head.game}@${room.head.rulesVersion}`;
    for (;;) {
      const others = new Set([...not, ...lastResort]);
      const target =
        place(instances, { rules, not: others, promised, startedSince }) ??
        place(instances, { rules, not: others, promised, startedSince: 0 }) ??
        place(instances, { rules, not, promised, startedSince: 0 });
      if (!target) return false;
      promised.set(target.id, (promised.get(target.id) ?? 0) + 1);
      const outcome = await migration.move(room, target);
      if (outcome === 'moved') return true;
      if (outcome === 'lost') {
        await room.outlasted;
        return false;
      }
      if (outcome === 'refused') lastResort.add(target.id);
      not.add(target.id);
    }
  }

  /** Who could take rooms; nobody when the whole cluster stops or Redis does not answer. */
  private async destinations(): Promise<Destinations> {
    const { redis, registry } = this.deps;
    const promised = new Map<InstanceId, number>();
    const nobody = { instances: [], promised, lastResort: new Set<InstanceId>(), startedSince: 0 };
    try {
      const { clusterState, rollingRestart } = redis.keyspace;
      const [cluster, rolling] = await Promise.all([redis.get(clusterState), redis.get(rollingRestart)]);
      if (cluster === 'stopping') return nobody;
      const [{ instances }, unreachable] = await Promise.all([registry.list(), registry.unreachable()]);
      return { instances, promised, lastResort: new Set(unreachable), startedSince: Number(rolling ?? 0) };
    } catch {
      return nobody;
    }
  }
}
