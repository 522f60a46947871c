/**
 * Rings at a time that may be moved again and again. A time that moves on costs no new timer: the one that is set looks
 * again when it fires.
 */
import type { Clock, Timer } from '../runtime/clock.js';

export class Alarm {
  private timer: Timer | undefined;
  /** When the timer fires, and when the alarm is due, cluster time. */
  private firesAt = 0;
  private dueAt: number | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** Rings at `dueAt` (cluster time, ms) and at no other time; never when that is null. */
  set(dueAt: number | null): void {
    this.dueAt = dueAt;
    if (dueAt === null || (this.timer && this.firesAt <= dueAt)) return;
    this.timer?.cancel();
    this.firesAt = dueAt;
    this.timer = this.clock.after(dueAt - this.clock.now(), () => {
      this.timer = undefined;
      if (this.dueAt !== null && this.dueAt <= this.clock.now()) this.ring();
      else this.set(this.dueAt);
    });
  }

  cancel(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.dueAt = null;
  }
}
