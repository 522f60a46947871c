/**
 * The Redis of a simulated cluster: one primary, and replicas that follow it with a delay. What a replica does not have
 * when it is promoted is lost, as in Redis.
 */
import type { Seeded } from '../../chaos/seeded.js';
import type { Timeline } from '../timeline.js';
import { Dataset } from './dataset.js';
import type { Call, Reply } from './lua.js';
import type { RedisScripts } from './scripts.js';

/** One command as it was sent. */
export type Request = readonly [name: string, ...args: string[]];

/** The other end of a connection, as Redis knows it. */
export interface Peer {
  /** An answer, or a message of a channel it has subscribed to. */
  message(channel: string, text: string): void;
  /** Redis has ended the connection. */
  ended(): void;
}

/** What Redis keeps of a connection. */
export interface Session {
  readonly peer: Peer;
  readonly node: Node;
  readonly channels: Set<string>;
  /** Length of the node's log after this connection's last write. */
  written: number;
  /** Requests behind a WAIT that is not over, in order. */
  held: (() => void)[] | undefined;
  /** Redis has ended it. */
  ended: boolean;
}

interface Write {
  readonly now: number;
  readonly request: Request;
}

/** One Redis process. */
export class Node {
  data = new Dataset();
  /** Everything that was written here, in order: what replicas follow, and what a restart reads. */
  log: Write[] = [];
  /** How much of the primary's log each replica has confirmed. */
  readonly confirmed = new Map<Node, number>();

  constructor(readonly name: string) {}
}

export interface ServerOptions {
  /** Copies of the data, the primary included. */
  readonly copies: number;
  /** Longest delay of a replica, ms. */
  readonly lagMs: number;
  /** The server's clock when the world begins, ms since the epoch. */
  readonly startsAt: number;
}

/** An owner can append as many entries again as it keeps; a primary that nobody follows must not take more meanwhile. */
const ZOMBIE_MS = 300;

const READS: ReadonlySet<string> = new Set([
  'TIME',
  'GET',
  'EXISTS',
  'HGETALL',
  'SMEMBERS',
  'ZSCORE',
  'ZRANGE',
  'XRANGE',
]);

export class RedisServer {
  primary: Node;
  /** False while there is nobody to connect to. */
  up = true;
  /** Requests wait until then, world ms. */
  pausedUntil = 0;
  /** What waits for the end of a pause, in order of arrival. */
  private paused: (() => void)[] = [];
  readonly nodes: readonly Node[];
  private readonly sessions = new Set<Session>();
  private readonly blocked = new Set<{ session: Session; key: string; last: string; answer: (reply: Reply) => void }>();
  private readonly waits = new Set<() => void>();
  /** Replicas for which something is on its way. */
  private readonly shipping = new Set<Node>();
  /** A primary that does not know yet that it is none any more. */
  private zombie: Node | undefined;

  constructor(
    private readonly timeline: Timeline,
    private readonly random: Seeded,
    private readonly scripts: RedisScripts,
    private readonly options: ServerOptions,
    /** Told when a script has run. */
    private readonly ran: (name: string, args: readonly string[], reply: Reply) => void,
  ) {
    this.nodes = Array.from({ length: options.copies }, (_, at) => new Node(`redis-${at}`));
    this.primary = this.nodes[0] as Node;
  }

  connect(peer: Peer): Session {
    const session: Session = {
      peer,
      node: this.primary,
      channels: new Set(),
      written: 0,
      held: undefined,
      ended: false,
    };
    this.sessions.add(session);
    return session;
  }

  disconnect(session: Session): void {
    this.sessions.delete(session);
    for (const one of this.blocked) if (one.session === session) this.blocked.delete(one);
  }

  /** Takes a request that has arrived; `answer` gets the reply, or nothing when it errs. */
  take(session: Session, request: Request, answer: (reply: Reply | Error) => void): void {
    // What comes late on a connection that has ended is read by nobody.
    if (session.ended) return;
    if (this.timeline.now < this.pausedUntil) {
      this.paused.push(() => this.take(session, request, answer));
      return;
    }
    if (session.held) {
      session.held.push(() => this.take(session, request, answer));
      return;
    }
    try {
      this.run(session, request, answer);
    } catch (error) {
      answer(error as Error);
    }
  }

  /** Answers nothing for `ms`; what arrives meanwhile is done after it. */
  pause(ms: number): void {
    this.pausedUntil = this.timeline.now + ms;
    this.timeline.after(ms, () => {
      for (const one of this.paused.splice(0)) one();
    });
  }

  /** Every connection ends. The data stay, as with an append-only file that is written through. */
  restart(ms: number): void {
    this.up = false;
    this.paused = [];
    this.cut(() => true);
    this.timeline.after(ms, () => {
      this.up = true;
    });
  }

  /**
   * The primary is gone; after `ms` another copy is promoted: the one that has most of the log, or the one that has
   * least. With `zombie` the old one goes on answering its connections for a moment beside its successor.
   */
  failOver(ms: number, { best, zombie }: { best: boolean; zombie: boolean }): void {
    const old = this.primary;
    this.up = false;
    this.zombie = old;
    if (!zombie) {
      this.paused = [];
      this.cut(() => true);
    }
    const others = this.nodes.filter((node) => node !== old);
    const promote = () => {
      const sorted = others.toSorted((a, b) => a.log.length - b.log.length);
      const next = (best ? sorted.at(-1) : sorted[0]) as Node;
      this.primary = next;
      next.confirmed.clear();
      for (const node of others) if (node !== next) this.follow(node);
      this.up = true;
    };
    // A zombie lives on beside its successor for a while.
    this.timeline.after(zombie ? Math.max(0, ms - ZOMBIE_MS) : ms, promote);
    this.timeline.after(ms, () => {
      this.zombie = undefined;
      this.cut(({ node }) => node === old);
      this.follow(old);
    });
  }

  /** What the primary holds. */
  history(key: string): readonly (readonly [id: string, fields: string[]])[] {
    return this.primary.data.history(key);
  }

  /** Reads of the primary without a connection. */
  peek(...[name, ...args]: Request): Reply {
    return this.primary.data.call(this.now, name, args);
  }

  /** Whether it answers now. */
  get well(): boolean {
    return this.up && this.zombie === undefined && this.timeline.now >= this.pausedUntil;
  }

  get now(): number {
    return Math.round(this.options.startsAt + this.timeline.now);
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
      case 'XREAD':
        return this.readBlocking(session, args, answer);
      default:
        answer(this.write(session, [name, ...args]));
    }
  }

  private write(session: Session, request: Request): Reply {
    const { node } = session;
    const { now } = this;
    const reply = this.execute(node, now, request);
    if (!READS.has(request[0])) {
      node.log.push({ now, request });
      session.written = node.log.length;
      if (node === this.primary) for (const replica of this.nodes) if (this.follows(replica)) this.ship(replica);
    }
    const [name, ...args] = request;
    if (this.scripts.has(name)) this.ran(name, args, reply);
    if (name === 'XADD') this.wake(node, args[0] ?? '');
    return reply;
  }

  private execute({ data }: Node, now: number, [name, ...args]: Request): Reply {
    const script = this.scripts.get(name);
    if (!script) return data.call(now, name, args);
    const call: Call = (command, ...given) => data.call(now, command, given);
    return script.run(call, args.slice(0, script.keys), args.slice(script.keys));
  }

  /** The replica gets what it lacks of the primary's log, after its delay; the primary hears of it a little later. */
  private ship(replica: Node): void {
    if (this.shipping.has(replica)) return;
    this.shipping.add(replica);
    const primary = this.primary;
    this.timeline.after(0.2 + this.random.next() ** 3 * this.options.lagMs, () => {
      this.shipping.delete(replica);
      if (this.primary !== primary) {
        if (this.follows(replica)) this.ship(replica);
        return;
      }
      for (const write of primary.log.slice(replica.log.length)) {
        this.execute(replica, write.now, write.request);
        replica.log.push(write);
      }
      const { length } = replica.log;
      this.timeline.after(0.1 + this.random.next(), () => {
        primary.confirmed.set(replica, length);
        for (const look of [...this.waits]) look();
        if (primary === this.primary && primary.log.length > replica.log.length) this.ship(replica);
      });
    });
  }

  /** From now on the node is a copy of the primary: what only it had is gone. */
  private follow(node: Node): void {
    const { log } = this.primary;
    const same = node.log.every((write, at) => log[at] === write);
    if (!same) {
      node.data = new Dataset();
      node.log = [];
    }
    node.confirmed.clear();
    this.ship(node);
  }

  private follows(node: Node): boolean {
    return node !== this.primary && node !== this.zombie;
  }

  private wait(session: Session, copies: number, timeoutMs: number, answer: (reply: Reply) => void): void {
    const { node, written } = session;
    const reached = () => [...node.confirmed.values()].filter((length) => length >= written).length;
    if (reached() >= copies) return answer(reached());
    const held: (() => void)[] = [];
    session.held = held;
    const settle = () => {
      this.waits.delete(look);
      timer.cancel();
      session.held = undefined;
      answer(reached());
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
    return node.data.call(this.now, 'XRANGE', [key, `${Number.parseInt(last, 10) + 1}-0`, '+']) as Reply[];
  }

  private publish(node: Node, channel: string, text: string): number {
    const listeners = [...this.sessions].filter((one) => one.node === node && one.channels.has(channel));
    for (const { peer } of listeners) peer.message(channel, text);
    return listeners.length;
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
