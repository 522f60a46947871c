/**
 * The Redis of a simulated cluster as its clients meet it: connections to one node each, requests in order, WAIT, blocking
 * reads and pub/sub, and whatever may become of the node. The nodes themselves are in `replication.ts`.
 */
import type { Seeded } from '../../chaos/seeded.js';
import type { Timeline } from '../timeline.js';
import type { ServerEvents, ServerOptions } from './events.js';
import type { Reply } from './lua.js';
import { nameOf } from './names.js';
import type { Node, Request } from './node.js';
import { Replication } from './replication.js';

export type { Request } from './node.js';

/** The other end of a connection, as Redis knows it. */
export interface Peer {
  /** A message of a channel it has subscribed to. */
  message(channel: string, text: string): void;
  /** Redis has ended the connection. */
  ended(): void;
}

/** What Redis keeps of a connection. */
export interface Session {
  readonly peer: Peer;
  readonly node: Node;
  readonly channels: Set<string>;
  /** Length of the node's log after this connection's last command, as Redis keeps it for WAIT. */
  written: number;
  /** Requests behind a WAIT that is not over, in order. */
  held: (() => void)[] | undefined;
  /** Redis has ended it. */
  ended: boolean;
}

/** How a connection attempt ends at present. */
export type Reach = 'open' | 'refused' | 'silent';

/**
 * kill: the process ends, and its connections with it. zombie: it answers for a moment beside its successor. vanish: its
 * host is gone, and no connection is closed. demote: it becomes a replica, and its connections stay.
 */
export type FailOverKind = 'kill' | 'zombie' | 'vanish' | 'demote';

export interface FailOver {
  readonly kind: FailOverKind;
  /** Until another node is promoted, ms. */
  readonly ms: number;
  /** Which of the replicas is promoted then; the one that has least comes first. */
  readonly choose: (candidates: readonly Node[]) => Node | undefined;
}

/** An owner can append as many entries again as it keeps; a primary that nobody follows must not take more meanwhile. */
const ZOMBIE_MS = 300;
/** A host that vanished is back after this. */
const HOST_AWAY_MS = 20_000;

export class RedisServer {
  /** False while there is nobody to connect to. */
  up = true;
  private reached: Reach = 'open';
  private readonly replication: Replication;
  private readonly sessions = new Set<Session>();
  private readonly blocked = new Set<{ session: Session; key: string; last: string; answer: (reply: Reply) => void }>();
  private readonly waits = new Set<() => void>();

  constructor(
    private readonly timeline: Timeline,
    random: Seeded,
    private readonly options: ServerOptions,
    private readonly events: ServerEvents,
  ) {
    this.replication = new Replication(timeline, random, options, {
      applied: (node, { request: [name, key = ''] }) => {
        if (name === 'XADD') this.wake(node, key);
        this.events.copied();
      },
      shortened: () => this.events.shortened(),
      confirmed: () => {
        for (const look of [...this.waits]) look();
      },
    });
  }

  get primary(): Node {
    return this.replication.primary;
  }

  /** How a connection attempt to the primary, as far as it is known, ends now. */
  get reach(): Reach {
    return this.reached;
  }

  /** Writes that failovers have lost. */
  get lost(): number {
    return this.replication.lost;
  }

  /** Whether no copy is away, and no former primary still answers beside its successor: it follows only after that. */
  get complete(): boolean {
    return this.replication.zombie === undefined && this.nodes.every(({ alive }) => alive);
  }

  /** Length of the log that a majority of the copies is known to have. */
  get confirmed(): number {
    return this.replication.safe;
  }

  /** Whether the best replica has what a majority of the copies has confirmed: else the copies that did are gone too. */
  get survivable(): boolean {
    return this.replication.survivable;
  }

  connect(peer: Peer): Session {
    const node = this.primary;
    const session: Session = { peer, node, channels: new Set(), written: 0, held: undefined, ended: false };
    this.sessions.add(session);
    return session;
  }

  disconnect(session: Session): void {
    this.sessions.delete(session);
    for (const one of this.blocked) if (one.session === session) this.blocked.delete(one);
  }

  /** Takes a request that has arrived; `answer` gets the reply, or nothing when nobody is there (any more) to give it. */
  take(session: Session, request: Request, answer: (reply: Reply | Error) => void): void {
    this.admit(session, () => {
      this.events.moment('arrived', nameOf(request));
      this.admit(session, () => {
        const reply = (given: Reply | Error) => {
          this.events.moment('executed', nameOf(request));
          if (!session.ended && session.node.alive) answer(given);
        };
        try {
          this.run(session, request, reply);
        } catch (error) {
          reply(error as Error);
        }
      });
    });
  }

  /** Calls `then` when the session's node gets to its next request; never when either is gone. */
  private admit(session: Session, then: () => void): void {
    // What comes late on a connection that has ended is read by nobody.
    if (session.ended || !session.node.alive) return;
    const left = session.node.pausedUntil - this.timeline.now;
    if (left > 0) this.timeline.after(left, () => this.admit(session, then));
    else if (session.held) session.held.push(() => this.admit(session, then));
    else then();
  }

  /** Answers nothing for `ms`; what arrives meanwhile is done after it. */
  pause(ms: number): void {
    this.primary.pausedUntil = this.timeline.now + ms;
  }

  /** Every connection ends. The data stay, as with an append-only file that is written through. */
  restart(ms: number): void {
    this.close('refused');
    this.primary.pausedUntil = 0;
    this.primary.forgetScripts();
    this.cut(() => true);
    this.timeline.after(ms, () => this.open());
  }

  /** Length of the primary's log. */
  get written(): number {
    return this.primary.log.length;
  }

  /** It ends, and comes back with a backup: all is as it was when so much had been written. */
  restore(length: number, ms: number): void {
    this.restart(ms);
    this.replication.restore(length);
  }

  /** The primary is none any more; after `ms` another copy is promoted. */
  failOver({ kind, ms, choose }: FailOver): void {
    const { replication } = this;
    const old = this.primary;
    this.close(kind === 'vanish' ? 'silent' : 'refused');
    old.alive = kind === 'zombie' || kind === 'demote';
    if (kind === 'zombie') replication.zombie = old;
    if (kind === 'kill') this.cut(({ node }) => node === old);
    const promote = () => {
      const { candidates } = replication;
      const next = choose(candidates) ?? candidates.at(-1);
      if (!next) throw new Error('a simulated Redis has nobody to promote');
      replication.promote(next);
      this.open();
    };
    if (kind === 'demote') {
      // Redis ends the connections that are blocked then; all others stay, and new ones find a replica.
      this.reached = 'open';
      old.readOnly = true;
      this.cut((session) => session.node === old && this.isBlocked(session));
      this.timeline.after(ms, promote);
      return;
    }
    this.timeline.after(kind === 'zombie' ? Math.max(0, ms - ZOMBIE_MS) : ms, promote);
    this.timeline.after(kind === 'vanish' ? ms + HOST_AWAY_MS : ms, () => {
      replication.zombie = undefined;
      old.forgetScripts();
      this.cut(({ node }) => node === old);
      old.alive = true;
      replication.follow(old);
    });
  }

  /** From now on, and for `forMs`, these replicas are so far behind. */
  fallBehind(replicas: readonly Node[], ms: number, forMs: number): void {
    for (const node of replicas) {
      node.behindMs = ms;
      this.timeline.after(forMs, () => {
        node.behindMs = 0;
      });
    }
  }

  get replicas(): readonly Node[] {
    return this.replication.nodes.filter((node) => node !== this.primary);
  }

  /** The clocks of these hosts are set by so much, ms; what has expired by then is gone. */
  stepClock(nodes: readonly Node[], ms: number): void {
    for (const node of nodes) {
      node.clockOffset += ms;
      if (node === this.primary) node.data.sweep(this.timeOf(node));
    }
  }

  get nodes(): readonly Node[] {
    return this.replication.nodes;
  }

  /** What the primary holds. */
  history(key: string): readonly (readonly [id: string, fields: string[]])[] {
    return this.primary.data.history(key);
  }

  /** Reads of the primary without a connection. */
  peek(...[name, ...args]: Request): Reply {
    return this.primary.data.call(this.timeOf(this.primary), name, args);
  }

  /** Whether it answers now. */
  get well(): boolean {
    return this.up && this.replication.zombie === undefined && this.timeline.now >= this.primary.pausedUntil;
  }

  /** Whether what is sent on this connection reaches the primary. */
  serves({ ended, node }: Session): boolean {
    return !ended && node === this.primary && node.alive;
  }

  private close(reach: Reach): void {
    this.up = false;
    this.reached = reach;
  }

  private open(): void {
    this.up = true;
    this.reached = 'open';
  }

  private timeOf(node: Node): number {
    return Math.round(this.options.startsAt + this.timeline.now + node.clockOffset);
  }

  private run(session: Session, [name, ...args]: Request, answer: (reply: Reply) => void): void {
    switch (name) {
      case 'PUBLISH':
        return answer(this.publish(session.node, args[0] ?? '', args[1] ?? ''));
      case 'SUBSCRIBE':
        for (const channel of args) session.channels.add(channel);
        return answer(args.length);
      case 'WAIT':
        return this.wait(session, Number(args[0]), Number(args[1]), answer);
      case 'WAITAOF':
        if (!this.options.tellsOfDisks) throw new Error("ERR unknown command 'WAITAOF'");
        // Its copies have nothing in memory that is not on their disks.
        return this.wait(session, Number(args[1]), Number(args[2]), (copies) => answer([1, copies]));
      case 'XREAD':
        return this.readBlocking(session, args, answer);
      default:
        answer(this.execute(session, [name, ...args]));
    }
  }

  private execute(session: Session, request: Request): Reply {
    const { node } = session;
    const now = this.timeOf(node);
    const { reply, wrote, ran } = node.execute(now, request);
    if (wrote) this.replication.write(node, { now, request });
    session.written = node.log.length;
    const end = node === this.primary ? node.log.length : undefined;
    for (const { args, reply: each } of ran?.runs ?? []) this.events.ran(ran?.name ?? '', args, each, end);
    const [name, key = ''] = request;
    if (name === 'XADD') this.wake(node, key);
    return reply;
  }

  private wait(session: Session, copies: number, timeoutMs: number, answer: (reply: Reply) => void): void {
    const { node, written } = session;
    if (node.readOnly) throw new Error('ERR WAIT cannot be used with replica instances.');
    const reached = () => this.replication.copiesOf(node, written);
    const tell = () => {
      const found = reached();
      this.replication.noteConfirmed(node, written, found);
      answer(found);
    };
    if (reached() >= copies) return tell();
    const held: (() => void)[] = [];
    session.held = held;
    const settle = () => {
      this.waits.delete(look);
      timer.cancel();
      session.held = undefined;
      tell();
      for (const request of held) request();
    };
    const look = () => {
      if (reached() >= copies) settle();
    };
    const timer = this.timeline.after(timeoutMs, settle);
    this.waits.add(look);
  }

  /** XREAD BLOCK ms STREAMS key last */
  private readBlocking(session: Session, args: readonly string[], answer: (reply: Reply) => void): void {
    const [, timeout, , key = '', last = '0'] = args;
    const rows = this.rowsAfter(session.node, key, last);
    if (rows.length > 0) return answer([[key, rows]]);
    const waiting = { session, key, last, answer };
    this.blocked.add(waiting);
    this.timeline.after(Number(timeout), () => {
      if (this.blocked.delete(waiting)) answer(null);
    });
  }

  private wake(node: Node, key: string): void {
    for (const one of this.blocked) {
      if (one.session.node !== node || one.key !== key) continue;
      this.blocked.delete(one);
      one.answer([[key, this.rowsAfter(node, key, one.last)]]);
    }
  }

  private rowsAfter(node: Node, key: string, last: string): Reply[] {
    return node.data.call(this.timeOf(node), 'XRANGE', [key, `(${last}`, '+']) as Reply[];
  }

  /** Messages go to replicas as well: who listens on a former primary that follows hears them, a little later. */
  private publish(node: Node, channel: string, text: string): number {
    let heard = 0;
    for (const session of this.sessions) {
      if (!session.channels.has(channel) || !session.node.alive) continue;
      if (session.node === node) {
        heard += 1;
        session.peer.message(channel, text);
      } else if (session.node.readOnly && node === this.primary) {
        this.timeline.after(1 + session.node.behindMs, () => {
          if (!session.ended && session.node.alive) session.peer.message(channel, text);
        });
      }
    }
    return heard;
  }

  private isBlocked(session: Session): boolean {
    if (session.held) return true;
    for (const one of this.blocked) if (one.session === session) return true;
    return false;
  }

  private cut(which: (session: Session) => boolean): void {
    for (const session of [...this.sessions]) {
      if (!which(session)) continue;
      this.disconnect(session);
      session.ended = true;
      session.peer.ended();
    }
  }
}
