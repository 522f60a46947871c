/** Notices tables that stand still, and players who are left behind, although nothing that must be waited out happens. */
import { metaOf } from './check.js';
import type { Sitter } from './sitter.js';
import type { PlayedRoom, World } from './world.js';

/** Above the longest stop that is promised; a player whose move was refused may then wait until the turn's clock runs out. */
const LONGEST_MS = 15_000;
/** The same, and an attempt to come back that took as long as it may. */
const LEFT_BEHIND_MS = 20_000;
const LOOK_MS = 1_000;

export class Watchdog {
  private readonly told = new Set<PlayedRoom>();
  /** Where the room was at the last look, and when each player had come so far. */
  private readonly reached = new Map<PlayedRoom, number>();
  private readonly abreast = new Map<Sitter, number>();
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
        if (plan.redisAwayMs === 0) this.lookAfterPlayers(room);
        const since = timeline.now - Math.max(this.until, room.movedAt);
        if (since < longest || room.players.length === 0 || this.told.has(room)) continue;
        this.told.add(room);
        this.world.complain(room.head.code, `the table stood still for ${longest} ms`);
      }
      this.look();
    });
  }

  /** Whoever stays with an instance that is cut off sees nothing of what the room does elsewhere. */
  private lookAfterPlayers(room: PlayedRoom): void {
    const { timeline } = this.world;
    const was = this.reached.get(room) ?? 0;
    for (const player of room.players) {
      if ((player.cursor?.seq ?? 0) >= was) this.abreast.set(player, timeline.now);
      const since = timeline.now - Math.max(this.until, this.abreast.get(player) ?? timeline.now);
      if (since < LEFT_BEHIND_MS || this.told.has(room)) continue;
      this.told.add(room);
      this.world.complain(room.head.code, `a player has seen nothing for ${LEFT_BEHIND_MS} ms of what the others did`);
    }
    this.reached.set(room, metaOf(this.world, room)?.seq ?? was);
  }
}
