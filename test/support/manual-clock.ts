/** Time that stands still until a test moves it. */
import type { Clock, Timer } from '../../src/runtime/clock.js';

interface Armed {
  readonly at: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  private elapsed = 0;
  private readonly armed = new Set<Armed>();

  /** @param startsAt cluster time at the start, ms. */
  constructor(private readonly startsAt = 1_700_000_000_000) {}

  now(): number {
    return this.startsAt + this.elapsed;
  }

  monotonic(): number {
    return this.elapsed;
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { at: this.elapsed + Math.max(0, delayMs), callback };
    this.armed.add(timer);
    return { cancel: () => this.armed.delete(timer) };
  }

  /** Timers that wait. */
  get timers(): number {
    return this.armed.size;
  }

  /** Lets time pass; every timer that falls due is run at its time, and what follows from it is done before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    await settled();
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.armed.delete(next);
      this.elapsed = Math.max(this.elapsed, next.at);
      next.callback();
      await settled();
    }
    this.elapsed = end;
  }

  /** Time passes and nothing is done, as in a process that was stopped; what is due is run by the next `advance`. */
  stall(ms: number): void {
    this.elapsed += ms;
  }

  private next(end: number): Armed | undefined {
    let first: Armed | undefined;
    for (const timer of this.armed) if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer;
    return first;
  }
}

/** Resolves when every promise that can be settled without time or I/O has been. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
