/**
 * The nodes of a simulated Redis: one primary, and replicas that follow it with a delay. What has not arrived at a replica
 * when its primary dies is lost, as in Redis; nothing that was on its way arrives any more.
 */
import type { Seeded } from '../../chaos/seeded.js';
import type { Timeline } from '../timeline.js';
import { Dataset } from './dataset.js';
import { Node, type Write } from './node.js';

export interface ReplicationOptions {
  /** Copies of the data, the primary included. */
  readonly copies: number;
  /** Longest usual delay of a replica, ms. */
  readonly lagMs: number;
}

export class Replication {
  readonly nodes: readonly Node[];
  primary: Node;
  /** A primary that does not know yet that it is none any more. */
  zombie: Node | undefined;
  /** Length of the log that a WAIT has confirmed for a majority of the copies. */
  safe = 0;
  /** Writes that promotions have lost. */
  lost = 0;
  /** Replicas for which something is on its way. */
  private readonly shipping = new Set<Node>();

  constructor(
    private readonly timeline: Timeline,
    private readonly random: Seeded,
    private readonly options: ReplicationOptions,
    /** Told when a replica has applied a write, and when the primary knows what replicas have. */
    private readonly events: { applied(node: Node, write: Write): void; confirmed(): void; shortened(): void },
  ) {
    this.nodes = Array.from({ length: options.copies }, (_, at) => new Node(`redis-${at}`));
    this.primary = this.nodes[0] as Node;
    for (const node of this.nodes) node.readOnly = node !== this.primary;
  }

  /** Writes that go to a node: what it executes is sent to whoever follows it. */
  write(node: Node, write: Write): void {
    node.log.push(write);
    if (node === this.primary) for (const replica of this.nodes) this.ship(replica);
  }

  /** How many replicas are known to have the first `length` writes of `node`. */
  copiesOf(node: Node, length: number): number {
    let copies = 0;
    for (const confirmed of node.confirmed.values()) if (confirmed >= length) copies += 1;
    return copies;
  }

  /** Notes that somebody was told that the first `length` writes of `node` are on `copies` replicas. */
  noteConfirmed(node: Node, length: number, copies: number): void {
    if (node === this.primary && copies >= Math.floor(this.options.copies / 2)) this.safe = Math.max(this.safe, length);
  }

  /** The replicas that may be promoted, least log first. */
  get candidates(): readonly Node[] {
    return this.nodes
      .filter((node) => node !== this.primary && node.alive)
      .toSorted((one, other) => one.log.length - other.log.length);
  }

  /** Whether the best replica has what a majority has confirmed. */
  get survivable(): boolean {
    return (this.candidates.at(-1)?.log.length ?? -1) >= this.safe;
  }

  /** Another node is the primary; what only its predecessor had is gone. */
  promote(next: Node): void {
    this.lost += this.primary.log.length - next.log.length;
    this.primary = next;
    this.safe = Math.min(this.safe, next.log.length);
    next.readOnly = false;
    next.confirmed.clear();
    this.events.shortened();
    for (const node of this.nodes) if (node !== next && node.alive && node !== this.zombie) this.follow(node);
  }

  /** All data are as they were after the first `length` writes, on every node. */
  restore(length: number): void {
    const { primary } = this;
    const log = primary.log.slice(0, length);
    for (const node of this.nodes) {
      node.data = new Dataset();
      node.log = [];
      node.confirmed.clear();
    }
    for (const write of log) primary.apply(write);
    primary.log = log;
    this.safe = Math.min(this.safe, length);
    this.events.shortened();
    for (const node of this.nodes) if (this.follows(node)) this.follow(node);
  }

  /** From now on the node is a copy of the primary: what only it had is gone. */
  follow(node: Node): void {
    const { log } = this.primary;
    const same = node.log.length <= log.length && node.log.every((write, at) => log[at] === write);
    if (!same) {
      node.data = new Dataset();
      node.log = [];
    }
    node.readOnly = true;
    node.confirmed.clear();
    this.ship(node);
  }

  private follows(node: Node): boolean {
    return node !== this.primary && node !== this.zombie && node.alive;
  }

  /** Sends the replica what it lacks by now; it arrives after its delay, and the primary hears of it a little later. */
  private ship(replica: Node): void {
    if (this.shipping.has(replica) || !this.follows(replica)) return;
    const { primary, timeline, random } = this;
    const sent = primary.log.length;
    const usual = random.next() ** 3 * this.options.lagMs;
    this.shipping.add(replica);
    timeline.after(0.2 + Math.max(usual, replica.behindMs), () => {
      this.shipping.delete(replica);
      if (!this.follows(replica)) return;
      if (this.primary !== primary) return this.ship(replica);
      // What was on its way from a primary that died meanwhile does not arrive.
      if (!primary.alive) return;
      for (const write of primary.log.slice(replica.log.length, sent)) {
        replica.apply(write);
        replica.log.push(write);
        this.events.applied(replica, write);
      }
      const { length } = replica.log;
      timeline.after(0.1 + random.next(), () => {
        if (!this.follows(replica) || this.primary !== primary || !primary.alive) return;
        primary.confirmed.set(replica, length);
        this.events.confirmed();
      });
      if (primary.log.length > length) this.ship(replica);
    });
  }
}
