/**
 * This instance's lease: the heartbeat that renews it, and what it says about the rooms owned under it.
 *
 * INVARIANT: `fresh` turns false before anybody else may think that this instance is gone; whatever was believed of
 * ownership before is then checked again, room by room.
 */
import type { Lease } from '../room/lease.js';
import type { ClusterClock, Timer } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { LossWatch } from './loss-watch.js';
import type { InstanceFields, Registry } from './registry.js';

/** A heartbeat older than this many periods makes others ask whether its sender still lives. */
export const SUSPECT_PERIODS = 2;
const RETRY_MS = 100;
/** Nothing is done under a lease in its last second. */
export const SAFETY_MS = 1_000;

export interface LeaseDeps {
  readonly registry: Registry;
  readonly losses: Pick<LossWatch, 'nextMark' | 'found' | 'look'>;
  readonly clock: ClusterClock;
  readonly log: Logger;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  /** The entry to be written; called at every heartbeat. */
  readonly fields: () => InstanceFields;
  /** The lease stopped being fresh: rooms stand still until it is again. */
  readonly onStale: () => void;
}

export class HeartbeatLease implements Lease {
  generation = 0;
  /** When the last heartbeat that was answered had been sent, monotonic ms. */
  private confirmedAt = Number.NEGATIVE_INFINITY;
  /** Since when heartbeats have been answered without a gap, monotonic ms. */
  private steadySince = Number.POSITIVE_INFINITY;
  private wasFresh = false;
  private waiters: (() => void)[] = [];
  private timer: Timer | undefined;
  private watch: Timer | undefined;
  private beating: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly deps: LeaseDeps) {}

  /** Sends the first heartbeat and goes on by itself. @throws when the first one fails. */
  async start(): Promise<void> {
    await this.beat();
    this.loop();
    this.watchOver();
  }

  fresh(): boolean {
    return this.age() <= this.deps.heartbeatMs * SUSPECT_PERIODS;
  }

  holds(): boolean {
    return this.age() <= this.deps.leaseMs - SAFETY_MS;
  }

  /** Milliseconds since the last confirmed heartbeat was sent. */
  age(): number {
    return this.deps.clock.monotonic() - this.confirmedAt;
  }

  whenFresh(): Promise<void> {
    if (this.fresh()) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /**
   * Whether heartbeats have run for a full lease without a gap. Before that an expired lease proves nothing: Redis may
   * have been away long enough for every lease to run out.
   */
  steady(): boolean {
    return this.steadyFor() >= this.deps.leaseMs;
  }

  /** For how long heartbeats have run without a gap, ms; 0 when the lease is not fresh. */
  steadyFor(): number {
    return this.fresh() ? Math.max(0, this.deps.clock.monotonic() - this.steadySince) : 0;
  }

  /** Sends a heartbeat now, as after a change of status. */
  async renew(): Promise<void> {
    await this.beating?.catch(() => undefined);
    await this.beat();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.watch?.cancel();
  }

  private loop(): void {
    if (this.stopped) return;
    const { clock, heartbeatMs, log } = this.deps;
    const startedAt = clock.monotonic();
    this.timer = clock.after(Math.max(0, heartbeatMs - (startedAt - this.confirmedAt)), () => {
      this.beating = this.beat()
        .catch(async (error: unknown) => {
          log.warn({ err: (error as Error).message, age: Math.round(this.age()) }, 'heartbeat failed');
          await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
        })
        .finally(() => {
          this.beating = undefined;
          this.loop();
        });
    });
  }

  /** Notices that the lease is no longer fresh although no heartbeat comes back to tell. */
  private watchOver(): void {
    if (this.stopped) return;
    if (this.wasFresh && !this.fresh()) {
      this.wasFresh = false;
      this.deps.onStale();
    }
    this.watch = this.deps.clock.after(this.deps.heartbeatMs / 4, () => this.watchOver());
  }

  private async beat(): Promise<void> {
    const { registry, losses, clock, fields, heartbeatMs } = this.deps;
    const sentAt = clock.monotonic();
    const mark = losses.nextMark();
    const reply = await registry.heartbeat(fields(), clock.now(), mark);
    losses.found(mark, reply.mark);
    clock.synchronise(reply.now, sentAt);
    // By now, not by when it was sent: an answer can be late for the one before although it came quickly.
    const gap = this.age() > heartbeatMs * SUSPECT_PERIODS || clock.monotonic() - sentAt > heartbeatMs;
    // One that was frozen while a backup was made finds its own mark as it was: others may have noticed.
    if (gap) await losses.look();
    if (gap || !reply.renewed) {
      this.generation += 1;
      this.steadySince = clock.monotonic();
    }
    this.confirmedAt = sentAt;
    if (!this.fresh()) return;
    this.wasFresh = true;
    for (const resolve of this.waiters.splice(0)) resolve();
  }
}
