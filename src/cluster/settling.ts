/**
 * What follows when the connection to Redis comes back. It may lead to a copy that lacks the last writes, claims among
 * them: such a copy calls a room free, or a dead instance's, that is played. Owners look at once and claim again what was
 * taken back; until they had the time, nobody takes a room.
 */
import type { Mailbox } from '../room/mailbox.js';
import { type Clock, sleep } from '../runtime/clock.js';

/** For an owner to come back to Redis as well and to ask for its rooms, ms. */
const SETTLE_MS = 1_000;
/** For an owner that has kept its connection: it finds out by its next heartbeat that Redis has lost something, ms. */
const SETTLE_AFTER_LOSS_MS = 2_500;

export class Settling {
  private until = Number.NEGATIVE_INFINITY;
  /** The same after the last loss. */
  private restoredAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly rooms: () => Iterable<Pick<Mailbox, 'prove'>>,
  ) {}

  /** The connection to Redis has come back. */
  returned(): void {
    this.settle(SETTLE_MS);
  }

  /** Redis has lost something. */
  lost(): void {
    this.restoredAt = this.clock.monotonic() + SETTLE_AFTER_LOSS_MS;
    this.settle(SETTLE_AFTER_LOSS_MS);
  }

  private settle(forMs: number): void {
    const now = this.clock.monotonic();
    this.until = Math.max(this.until, now + forMs);
    for (const room of this.rooms()) room.prove(now);
  }

  /** Resolves when a room may be claimed: at once, unless the connection has just come back. */
  async settled(): Promise<void> {
    for (let left = this.left(); left > 0; left = this.left()) await sleep(this.clock, left);
  }

  /** Resolves when owners have had the time to store again what Redis has lost; undefined when they have. */
  whenRestored(): Promise<void> | undefined {
    const left = this.restoredAt - this.clock.monotonic();
    return left > 0 ? sleep(this.clock, left) : undefined;
  }

  private left(): number {
    return this.until - this.clock.monotonic();
  }
}
