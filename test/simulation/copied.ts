/** Which writes of the primary its copies have: what somebody is told of a `replicated` room must be among them. */
import type { Node } from './redis/node.js';

/** A write, by the length of the primary's log behind it. */
interface Written {
  readonly end: number;
  readonly note: () => void;
}

export class Copied {
  private waiting: Written[] = [];

  /** @param needed so many copies, beside the primary, are a majority with it. */
  constructor(private readonly needed: number) {}

  /** Calls `note` when enough copies have what was written up to there; never when a failover loses it. */
  when(end: number, note: () => void): void {
    this.waiting.push({ end, note });
  }

  /** A copy has something more. */
  look(replicas: readonly Node[]): void {
    const reached = replicas.map(({ log }) => log.length).toSorted((one, other) => other - one)[this.needed - 1] ?? 0;
    for (let [next] = this.waiting; next !== undefined && next.end <= reached; [next] = this.waiting) {
      this.waiting.shift();
      next.note();
    }
  }

  /** What was written behind this length is lost. */
  shorten(length: number): void {
    this.waiting = this.waiting.filter(({ end }) => end <= length);
  }
}
