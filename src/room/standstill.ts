/** Whether a table stands still, and since when: the store was asked and takes too long, or may not be asked. */
import type { Clock } from '../runtime/clock.js';
import { Alarm } from './alarm.js';

/** An answer of a store nearby that takes longer freezes the table visibly, ms. */
const FREEZE_AFTER_MS = 400;
/** From a store far away: what takes so many times as long as usual, but never longer than this, ms. */
const MARGIN = 2;
const LONGEST_MS = 2_000;

export class Standstill {
  /** For a store that takes too long; monotonic ms since when it was asked. */
  private readonly patience: Alarm;
  private askedAt = 0;
  /** What the last two answers took, ms. A store far away does not freeze a table at every move; one late answer proves nothing. */
  private last = 0;
  private lastButOne = 0;
  /** Monotonic ms; undefined while the table plays. */
  private since: number | undefined;

  /** @param onFrozen the table has begun to stand still. */
  constructor(
    private readonly clock: Clock,
    private readonly onFrozen: () => void,
  ) {
    this.patience = new Alarm(clock, () => this.freeze(this.askedAt));
  }

  get frozen(): boolean {
    return this.since !== undefined;
  }

  /** The store is asked, at `askedAt` (monotonic ms). */
  asked(askedAt: number): void {
    this.askedAt = askedAt;
    const usual = Math.min(this.last, this.lastButOne);
    this.patience.set(this.clock.now() + Math.min(LONGEST_MS, Math.max(FREEZE_AFTER_MS, MARGIN * usual)));
  }

  /** The store has answered, or nobody waits for it any more. */
  answered(): void {
    this.lastButOne = this.last;
    this.last = this.clock.monotonic() - this.askedAt;
    this.patience.set(null);
  }

  freeze(since: number): void {
    if (this.since !== undefined) return;
    this.since = since;
    this.onFrozen();
  }

  /** The table plays on: for how long it has stood still, ms; undefined when it has not. */
  end(): number | undefined {
    const { since } = this;
    this.since = undefined;
    return since === undefined ? undefined : this.clock.monotonic() - since;
  }

  cancel(): void {
    this.patience.cancel();
  }
}
