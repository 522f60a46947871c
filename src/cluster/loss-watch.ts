/**
 * Notices that Redis has lost something: it was emptied, or restored from a backup, or a copy that lacked the last writes
 * took over. Every heartbeat leaves a mark; one that is older than the last that Redis has confirmed, or none, tells.
 *
 * INVARIANT: for a lease and two seconds after a loss nobody is told finally that a room, or a seat, does not exist: whoever
 * plays it stores it again. Who has noticed a loss leaves a note for those who have started since and have no mark from before;
 * they may be the first whom Redis answers, before there is a note, and so doubt for as long after their first heartbeat.
 */
import type { Clock } from '../runtime/clock.js';
import type { Registry } from './registry.js';
import type { Self } from './self.js';

export interface LossWatchDeps {
  readonly self: Pick<Self, 'id'>;
  readonly registry: Pick<Registry, 'mark' | 'noteLoss' | 'lossNotedFor'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly leaseMs: number;
  /** Called whenever a loss is noticed. */
  readonly onLoss: () => void;
}

/** Beside the lease: for owners to notice it as well, and to store their rooms again, ms. */
const RESTORED_MS = 2_000;

export class LossWatch {
  private latest = 0;
  /** Redis has had this mark. */
  private confirmed = 0;
  /** After a loss that was noticed, monotonic ms. */
  private doubtedUntil = Number.NEGATIVE_INFINITY;
  /** Until then Redis may have lost something before this instance started; without end before its first heartbeat. */
  private youngUntil = Number.POSITIVE_INFINITY;

  constructor(private readonly deps: LossWatchDeps) {}

  /** For the next heartbeat. */
  nextMark(): number {
    this.latest += 1;
    return this.latest;
  }

  /** A heartbeat with `mark` was answered; the one that Redis had before is told. */
  found(mark: number, before: number): void {
    const isOlder = before < this.confirmed;
    if (this.youngUntil === Number.POSITIVE_INFINITY) this.youngUntil = this.deps.clock.monotonic() + this.doubtMs;
    this.confirmed = mark;
    if (isOlder) this.lost();
  }

  /** Whether what Redis lacks may be stored again soon, as far as is known. */
  get doubtful(): boolean {
    return this.deps.clock.monotonic() < Math.max(this.doubtedUntil, this.youngUntil);
  }

  /** The same, as Redis says now. @throws when it does not answer */
  async look(): Promise<boolean> {
    const { self, registry } = this.deps;
    const { confirmed } = this;
    const [mark, notedFor] = await Promise.all([registry.mark(self.id), registry.lossNotedFor()]);
    if (mark < Math.min(confirmed, this.confirmed)) {
      // What it has now: the next heartbeat shall not tell the same again.
      this.confirmed = mark;
      this.lost();
    } else if (notedFor > 0) {
      const isNews = this.deps.clock.monotonic() >= this.doubtedUntil;
      this.doubt(notedFor);
      if (isNews) this.deps.onLoss();
    }
    return this.doubtful;
  }

  private lost(): void {
    const { registry, onLoss } = this.deps;
    this.doubt(this.doubtMs);
    registry.noteLoss(this.doubtMs).catch(() => undefined);
    onLoss();
  }

  private get doubtMs(): number {
    return this.deps.leaseMs + RESTORED_MS;
  }

  private doubt(forMs: number): void {
    this.doubtedUntil = Math.max(this.doubtedUntil, this.deps.clock.monotonic() + forMs);
  }
}
