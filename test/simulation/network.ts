/** What lies between the processes of a simulated cluster: delays, and cuts in one direction or both. */
import type { Seeded } from '../chaos/seeded.js';
import type { Timeline } from './timeline.js';

/** A process, Redis, or a player's device. */
export type Place = string;

/** One direction of a TCP connection: in order, with delays; a cut holds everything back until it is healed. */
export class Stream {
  private free = 0;
  private held: (() => void)[] = [];

  constructor(
    private readonly network: Network,
    private readonly from: Place,
    private readonly to: Place,
  ) {}

  send(arrive: () => void): void {
    if (this.network.isCut(this.from, this.to)) {
      if (this.held.length === 0) this.network.whenHealed(this.from, this.to, () => this.release());
      this.held.push(arrive);
      return;
    }
    const { timeline } = this.network;
    this.free = Math.max(this.free, timeline.now + this.network.delay() + this.network.distanceOf(this.from, this.to));
    timeline.after(this.free - timeline.now, arrive);
  }

  private release(): void {
    for (const arrive of this.held.splice(0)) this.send(arrive);
  }
}

export class Network {
  private readonly cuts = new Map<string, (() => void)[]>();
  /** Longest usual delay of a packet, ms. */
  slowness = 1;
  /** A place that is far from all others, ms in one direction. */
  distance: { readonly place: Place; readonly ms: number } | undefined;

  constructor(
    readonly timeline: Timeline,
    private readonly random: Seeded,
  ) {}

  stream(from: Place, to: Place): Stream {
    return new Stream(this, from, to);
  }

  /** Mostly short, now and then long. */
  delay(): number {
    const part = this.random.next();
    return 0.1 + this.slowness * (part > 0.98 ? 20 * this.random.next() : part);
  }

  distanceOf(from: Place, to: Place): number {
    return this.distance && (this.distance.place === from || this.distance.place === to) ? this.distance.ms : 0;
  }

  /** Whether anything is cut. */
  get torn(): boolean {
    return this.cuts.size > 0;
  }

  isCut(from: Place, to: Place): boolean {
    return this.cuts.has(key(from, to));
  }

  cut(from: Place, to: Place): void {
    if (!this.isCut(from, to)) this.cuts.set(key(from, to), []);
  }

  heal(from: Place, to: Place): void {
    const waiting = this.cuts.get(key(from, to));
    this.cuts.delete(key(from, to));
    for (const tell of waiting ?? []) tell();
  }

  healAll(): void {
    for (const [cut, waiting] of [...this.cuts]) {
      this.cuts.delete(cut);
      for (const tell of waiting) tell();
    }
  }

  whenHealed(from: Place, to: Place, tell: () => void): void {
    this.cuts.get(key(from, to))?.push(tell);
  }
}

const key = (from: Place, to: Place) => `${from} > ${to}`;
