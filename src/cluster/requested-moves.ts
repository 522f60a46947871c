/** Rooms of this instance that others ask for: one by its name at once, or some of its choice, between hands first. */
import type { MessageOf } from '../protocol/cluster.js';
import type { Mailbox } from '../room/mailbox.js';
import { type Clock, sleep } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { Bus } from './bus.js';
import type { Fencing } from './fencing.js';
import type { Migration } from './migration.js';
import type { Ownership } from './ownership.js';
import type { InstanceRecord, Registry } from './registry.js';
import type { Self } from './self.js';

export interface RequestedMovesDeps {
  readonly self: Self;
  readonly bus: Bus;
  readonly fencing: Fencing;
  readonly migration: Migration;
  readonly ownership: Ownership;
  readonly registry: Pick<Registry, 'get' | 'fencingBounds'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** So long the owner waits for hands to end; what is missing then moves in the middle of one. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 100;

export class RequestedMoves {
  constructor(private readonly deps: RequestedMovesDeps) {
    const { bus, self, migration } = deps;
    bus.on('game_migration_request', (message) =>
      message.to === self.id ? migration.offered(message) : this.asked(message),
    );
  }

  /** @throws when the registry does not answer: nothing has been done then, and the request is handled again */
  private async asked({ room, rooms, to, fencing }: MessageOf<'game_migration_request'>): Promise<void> {
    const { fencing: orders, log, registry, ownership, migration } = this.deps;
    if (!orders.admits(fencing, await registry.fencingBounds())) {
      log.warn({ to, fencing, seen: orders.seen }, 'outdated request to move refused');
      return;
    }
    const target = await registry.get(to);
    if (!target) return log.warn({ to }, 'asked to move rooms to an instance that is not there');
    if (room === undefined) return this.moveSome(rooms ?? 0, target);
    const mailbox = ownership.here(room);
    if (mailbox) await migration.move(mailbox, target);
  }

  private async moveSome(count: number, target: InstanceRecord): Promise<void> {
    const deadline = this.deps.clock.monotonic() + PATIENCE_MS;
    for (let left = count; left > 0; left--) {
      const mailbox = await this.choose(deadline);
      // Who takes one no more takes none of the others.
      if (!mailbox || (await this.deps.migration.move(mailbox, target)) !== 'moved') return;
    }
  }

  /** A room between hands as soon as there is one; after the deadline any. */
  private async choose(deadline: number): Promise<Mailbox | undefined> {
    const { ownership, clock } = this.deps;
    for (;;) {
      const rooms = [...ownership.rooms];
      const mailbox = rooms.find(({ betweenHands }) => betweenHands);
      if (mailbox || rooms.length === 0) return mailbox;
      if (clock.monotonic() >= deadline) return rooms[0];
      await sleep(clock, LOOK_MS);
    }
  }
}
