/** One process of a simulated cluster: it can be stopped and go on, or be killed, between any two of its events. */
import type { Ticks, Timer } from '../../src/runtime/clock.js';
import type { Timeline } from './timeline.js';

export class Process implements Ticks {
  private state: 'running' | 'frozen' | 'dead' = 'running';
  /** What came while it was frozen. */
  private readonly timers: (() => void)[] = [];
  private readonly packets: (() => void)[] = [];
  private readonly onDeath: (() => void)[] = [];

  constructor(
    private readonly timeline: Timeline,
    readonly name: string,
  ) {}

  get running(): boolean {
    return this.state === 'running';
  }

  get frozen(): boolean {
    return this.state === 'frozen';
  }

  get dead(): boolean {
    return this.state === 'dead';
  }

  monotonic(): number {
    return this.timeline.now;
  }

  after(delayMs: number, callback: () => void): Timer {
    let cancelled = false;
    const due = () => {
      if (cancelled || this.dead) return;
      if (this.frozen) this.timers.push(due);
      else callback();
    };
    const timer = this.timeline.after(delayMs, due);
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** Something has arrived from outside. */
  run(handle: () => void): void {
    if (this.frozen) this.packets.push(handle);
    else if (this.running) handle();
  }

  freeze(): void {
    if (this.running) this.state = 'frozen';
  }

  /** Goes on: first the timers that are due, then what has arrived, as Node does. */
  thaw(): void {
    if (!this.frozen) return;
    this.state = 'running';
    for (const due of this.timers.splice(0)) this.timeline.after(0, due);
    for (const handle of this.packets.splice(0)) this.timeline.after(0, () => this.run(handle));
  }

  kill(): void {
    if (this.dead) return;
    this.state = 'dead';
    for (const tell of this.onDeath.splice(0)) tell();
  }

  /** The kernel ends its connections. */
  whenDead(tell: () => void): void {
    if (this.dead) tell();
    else this.onDeath.push(tell);
  }
}
