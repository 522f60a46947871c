/**
 * Bounds what a storm of equal log lines writes: a fault that every message or every room meets says the same thousands of
 * times a second, and the disk that it fills is that of Redis.
 */

/** So many lines of one kind are written in a window. */
export const LINES_A_WINDOW = 200;
/** Ms. */
export const WINDOW_MS = 10_000;
/** Kinds that are told apart in a window; those beyond share one budget: a line may have a text of its own each time. */
const KINDS = 500;

export interface LeftOut {
  readonly line: string;
  readonly times: number;
}

export class LineBudget {
  private readonly lines = new Map<string, number>();
  private since: number;

  /** @param now monotonic ms */
  constructor(private readonly now: () => number) {
    this.since = now();
  }

  /** What was left out in a window that has ended; told once. */
  ended(): readonly LeftOut[] {
    const now = this.now();
    if (now - this.since < WINDOW_MS) return [];
    this.since = now;
    const left: LeftOut[] = [];
    for (const [line, count] of this.lines) {
      if (count > LINES_A_WINDOW) left.push({ line, times: count - LINES_A_WINDOW });
    }
    this.lines.clear();
    return left;
  }

  /** Whether a line of this kind may be written. */
  take(line: string): boolean {
    const kind = this.lines.has(line) || this.lines.size < KINDS ? line : '(others)';
    const count = (this.lines.get(kind) ?? 0) + 1;
    this.lines.set(kind, count);
    return count <= LINES_A_WINDOW;
  }
}
