/** A backup of a simulated Redis: how much had been written a while ago. */
import type { World } from './world.js';

const EVERY_MS = 1_000;
/** So old is the backup that is kept. */
const AGE_MS = 10_000;

export class Backups {
  /** Lengths of the primary's log, oldest first. */
  private lengths: number[] = [0];

  constructor(private readonly world: World) {
    this.take();
  }

  /** Length of the primary's log then, as far as it was not lost since. */
  get length(): number {
    return Math.min(this.lengths[0] ?? 0, this.world.server.written);
  }

  private take(): void {
    const { world } = this;
    world.timeline.after(EVERY_MS, () => {
      this.lengths.push(world.server.written);
      if (this.lengths.length > AGE_MS / EVERY_MS) this.lengths.shift();
      this.take();
    });
  }
}
