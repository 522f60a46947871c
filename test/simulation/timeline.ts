/**
 * What will happen in a simulated world, in order of time. One event at a time: everything that follows from it without
 * time or network is done before the next.
 */
import type { Timer } from '../../src/runtime/clock.js';

interface Planned {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

export class Timeline {
  /** A binary heap: nothing is due before its parent. */
  private readonly heap: Planned[] = [];
  private order = 0;
  private time = 0;
  /** Events that have run. */
  count = 0;

  /** Ms since the world began. */
  get now(): number {
    return this.time;
  }

  after(delayMs: number, run: () => void): Timer {
    const planned: Planned = { at: this.time + Math.max(0, delayMs), order: this.order++, run };
    this.push(planned);
    return {
      cancel: () => {
        planned.run = undefined;
      },
    };
  }

  /** Runs event after event until `done`. False when there is none left, or `limitMs` has passed. */
  async runUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.time + limitMs;
    await settled();
    while (!done()) {
      if ((this.heap[0]?.at ?? Number.POSITIVE_INFINITY) > end) {
        this.time = end;
        return false;
      }
      const next = this.pop() as Planned;
      if (next.run === undefined) continue;
      this.time = next.at;
      this.count += 1;
      next.run();
      await settled();
    }
    return true;
  }

  private push(planned: Planned): void {
    const { heap } = this;
    let at = heap.push(planned) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Planned;
      if (!before(planned, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = planned;
  }

  private pop(): Planned | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Planned, heap[child] as Planned)) child += 1;
      if (!before(heap[child] as Planned, last)) break;
      heap[at] = heap[child] as Planned;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

const before = (one: Planned, other: Planned) => one.at < other.at || (one.at === other.at && one.order < other.order);

/** Resolves when every promise that needs neither time nor I/O is settled: Node takes its next tick after all of them. */
const settled = () => new Promise<void>((resolve) => queueMicrotask(() => process.nextTick(resolve)));
