/**
 * Those that each have equally long for something. Nearly all of them make it, so nothing is done for those: who starts in
 * the same tenth of a second shares a timer, and is looked at when the time is over.
 */
import type { Ticks } from '../runtime/clock.js';

/** Nobody's time ends early; late by this at most, ms. */
const GRAIN_MS = 100;

export class Deadlines<Item> {
  private started: Item[] = [];
  private until = Number.NEGATIVE_INFINITY;

  /** @param onOver whose time is over, whether or not it has made it */
  constructor(
    private readonly clock: Ticks,
    private readonly timeMs: number,
    private readonly onOver: (item: Item) => void,
  ) {}

  start(item: Item): void {
    const now = this.clock.monotonic();
    if (now >= this.until) {
      const started: Item[] = [];
      this.started = started;
      this.until = now + GRAIN_MS;
      this.clock.after(this.timeMs + GRAIN_MS, () => {
        // Taken out: they are not to be kept until the next one starts.
        for (const item of started.splice(0)) this.onOver(item);
      });
    }
    this.started.push(item);
  }
}
