/** Notices tables that stand still although nothing that must be waited out happens to them. */
import type { PlayedRoom, World } from './world.js';

/** Above the longest stop that is promised; a player whose move was refused may then wait until the turn's clock runs out. */
const LONGEST_MS = 15_000;
const LOOK_MS = 1_000;

export class Watchdog {
  private readonly told = new Set<PlayedRoom>();
  /** Until then something happens to the cluster that has to be waited out, world ms. */
  private until = 0;
  private over = false;

  constructor(private readonly world: World) {
    this.look();
  }

  /** Something strikes now and lasts for `ms`. */
  excuse(ms = 0): void {
    this.until = Math.max(this.until, this.world.timeline.now + ms);
  }

  /** Players give no more commands. */
  end(): void {
    this.over = true;
  }

  private look(): void {
    const { timeline, rooms, plan } = this.world;
    const longest = LONGEST_MS + plan.turnMs;
    timeline.after(LOOK_MS, () => {
      if (this.over) return;
      for (const room of rooms) {
        const since = timeline.now - Math.max(this.until, room.movedAt);
        if (since < longest || room.players.length === 0 || this.told.has(room)) continue;
        this.told.add(room);
        this.world.complain(room.head.code, `the table stood still for ${longest} ms`);
      }
      this.look();
    });
  }
}
