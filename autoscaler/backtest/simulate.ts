/** The fleet of a backtest, minute by minute: how many instances there are in which state, and what that costs. */
import { STAYS } from './demand.js';

export interface FleetView {
  readonly active: number;
  readonly starting: number;
  readonly draining: number;
}

/** Decides how many instances shall be there, starting ones included. Called once a minute, with the past only. */
export type Scaler = (minute: number, players: number, fleet: FleetView) => number;

export interface SimulationOptions {
  /** Players an instance holds. */
  readonly capacity: number;
  readonly bootMin: number;
  readonly minimum: number;
  /** Rooms move away from a draining instance; else it waits for its players to leave. */
  readonly migration: boolean;
}

/** One value a minute. */
export interface Course {
  /** Instances in any state. */
  readonly paid: Int32Array;
  readonly active: Int32Array;
  readonly unmet: Int32Array;
  readonly started: Int32Array;
  readonly moved: Float64Array;
  readonly forced: Int32Array;
}

/** Share of an instance's capacity that can be moved away in a minute. */
const MOVED_SHARE = 0.6;
/** Without migration a drain ends by force after this. */
const FORCED_MIN = 240;

export function simulate(players: Int32Array, options: SimulationOptions, scaler: Scaler): Course {
  const length = players.length;
  const course: Course = {
    paid: new Int32Array(length),
    active: new Int32Array(length),
    unmet: new Int32Array(length),
    started: new Int32Array(length),
    moved: new Float64Array(length),
    forced: new Int32Array(length),
  };
  const fleet = new Fleet(options, players[0] ?? 0);
  for (let minute = 0; minute < length; minute++) {
    const present = players[minute] ?? 0;
    fleet.pass(minute, present, course);
    course.unmet[minute] = Math.max(0, present - Math.floor(fleet.onDraining) - options.capacity * fleet.active);
    course.active[minute] = fleet.active;
    fleet.follow(minute, present, scaler(minute, present, fleet), course);
    course.paid[minute] = fleet.active + fleet.starting + fleet.draining;
  }
  return course;
}

class Fleet implements FleetView {
  active: number;
  starting = 0;
  onDraining = 0;
  /** Boots in the order of their end: ready at this minute, so many. */
  private boots: { readyAt: number; count: number }[] = [];
  private drains: { since: number; left: number }[] = [];

  constructor(
    private readonly options: SimulationOptions,
    players: number,
  ) {
    this.active = Math.max(options.minimum, Math.ceil(players / options.capacity));
  }

  get draining(): number {
    return this.drains.length;
  }

  /** A minute goes by: boots end, players leave and are moved, empty instances go. */
  pass(minute: number, players: number, course: Course): void {
    const { capacity, migration } = this.options;
    for (let boot = this.boots[0]; boot && boot.readyAt <= minute; boot = this.boots[0]) {
      this.active += boot.count;
      this.starting -= boot.count;
      this.boots.shift();
    }
    if (this.drains.length === 0) return;
    let onDraining = 0;
    for (const drain of this.drains) {
      drain.left *= STAYS;
      onDraining += drain.left;
    }
    // The trace may lose players faster than their stays end.
    const shrink = onDraining > players ? players / onDraining : 1;
    let room = Math.max(0, capacity * this.active - (players - onDraining * shrink));
    onDraining = 0;
    for (const drain of this.drains) {
      drain.left *= shrink;
      if (migration) {
        const moved = Math.min(drain.left, MOVED_SHARE * capacity, room);
        drain.left -= moved;
        room -= moved;
        course.moved[minute] = (course.moved[minute] ?? 0) + moved;
      } else if (minute - drain.since >= FORCED_MIN && drain.left >= 0.5) {
        course.forced[minute] = (course.forced[minute] ?? 0) + 1;
        drain.left = 0;
      }
      onDraining += drain.left;
    }
    this.drains = this.drains.filter(({ left }) => left >= 0.5);
    this.onDraining = this.drains.length === 0 ? 0 : onDraining;
  }

  /** Makes the fleet what the scaler wants: more by cancelled drains, then boots; less by cancelled boots, then drains. */
  follow(minute: number, players: number, wanted: number, course: Course): void {
    const { minimum, bootMin } = this.options;
    let change = Math.max(minimum, Math.round(wanted)) - this.active - this.starting;
    for (; change > 0 && this.drains.length > 0; change--) {
      this.onDraining -= this.drains.pop()?.left ?? 0;
      this.active += 1;
    }
    if (change > 0) {
      this.boots.push({ readyAt: minute + bootMin, count: change });
      this.starting += change;
      course.started[minute] = change;
    }
    while (change < 0 && this.starting > 0) {
      const last = this.boots.at(-1);
      if (!last) break;
      const stopped = Math.min(-change, last.count);
      last.count -= stopped;
      if (last.count === 0) this.boots.pop();
      this.starting -= stopped;
      change += stopped;
    }
    for (; change < 0 && this.active > 1; change++) {
      const left = Math.max(0, players - this.onDraining) / this.active;
      this.drains.push({ since: minute, left });
      this.onDraining += left;
      this.active -= 1;
    }
  }
}
