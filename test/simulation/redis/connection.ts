/**
 * A process's connection to the simulated Redis, with the manners of the real one (`src/redis/client.ts`): nothing is
 * queued while it is away, nothing is sent twice, a command that is not answered is given up after a while.
 */
import { countGenerations, type RedisConnection } from '../../../src/redis/client.js';
import type { Timer } from '../../../src/runtime/clock.js';
import type { Seeded } from '../../chaos/seeded.js';
import type { Network, Stream } from '../network.js';
import type { Process } from '../process.js';
import type { Reply } from './lua.js';
import { nameOf, type RedisServer, type Request, type Session } from './server.js';

const RETRY_MS = 50;
const CONNECT_TIMEOUT_MS = 500;
const SOCKET_TIMEOUT_MS = 3_000;
const COMMAND_TIMEOUT_MS = 2_500;
export const REDIS = 'redis';

/** One TCP connection. */
interface Link {
  readonly session: Session;
  readonly up: Stream;
  readonly down: Stream;
  readonly pending: Set<(error: Error) => void>;
  heardAt: number;
  /** Nothing gets through any more, and nobody is told. */
  silent: boolean;
}

export interface ConnectionDeps {
  readonly process: Process;
  readonly network: Network;
  readonly server: RedisServer;
  readonly random: Seeded;
  /** A fault may strike here: a request is about to leave the process, or its answer is about to be known there. */
  readonly moment?: (stage: 'sent' | 'answered', name: string) => void;
}

export class SimulatedConnection {
  private link: Link | undefined;
  private readonly channels = new Set<string>();
  private readonly listeners = { connect: [] as (() => void)[], message: [] as ((c: string, text: string) => void)[] };
  private closed = false;
  /** Redis does not know the scripts of this connection any more. */
  private scriptless = false;

  /** @param patient waits for answers without end, as what blocks or listens does. */
  constructor(
    private readonly deps: ConnectionDeps,
    private readonly patient = false,
  ) {
    countGenerations(this.asConnection());
    deps.process.whenDead(() => this.link && deps.server.disconnect(this.link.session));
    this.connect(0);
  }

  asConnection(): RedisConnection {
    return this as unknown as RedisConnection;
  }

  get ready(): boolean {
    return this.link !== undefined;
  }

  disconnect(): void {
    this.closed = true;
    this.drop();
  }

  /** Redis has forgotten its scripts. */
  forgetScripts(): void {
    this.scriptless = true;
  }

  /** The connection breaks; it is made again. */
  reset(): void {
    this.drop();
  }

  /** Nothing comes through any more, and neither end is told. */
  silence(): void {
    if (this.link) this.link.silent = true;
  }

  /** Whether what is sent now reaches the primary. */
  get leads(): boolean {
    const { link } = this;
    return link !== undefined && !link.silent && this.deps.server.serves(link.session);
  }

  on(event: 'connect' | 'message', listener: never): this {
    (this.listeners[event] as unknown[]).push(listener);
    return this;
  }

  time = () => this.call('TIME') as Promise<string[]>;
  get = (key: string) => this.call('GET', key);
  set = (...args: unknown[]) => this.call('SET', ...args);
  incr = (key: string) => this.call('INCR', key);
  exists = (key: string) => this.call('EXISTS', key);
  del = (key: string) => this.call('DEL', key);
  pexpire = (...args: unknown[]) => this.call('PEXPIRE', ...args);
  sadd = (...args: unknown[]) => this.call('SADD', ...args);
  srem = (...args: unknown[]) => this.call('SREM', ...args);
  smembers = (key: string) => this.call('SMEMBERS', key);
  zrange = (...args: unknown[]) => this.call('ZRANGE', ...args);
  zadd = (...args: unknown[]) => this.call('ZADD', ...args);
  zrem = (...args: unknown[]) => this.call('ZREM', ...args);
  zscore = (...args: unknown[]) => this.call('ZSCORE', ...args);
  xadd = (...args: unknown[]) => this.call('XADD', ...args);
  xtrim = (...args: unknown[]) => this.call('XTRIM', ...args);
  xrange = (...args: unknown[]) => this.call('XRANGE', ...args);
  xread = (...args: unknown[]) => this.call('XREAD', ...args);
  wait = (...args: unknown[]) => this.call('WAIT', ...args);
  publish = (...args: unknown[]) => this.call('PUBLISH', ...args);

  subscribe(...channels: string[]): Promise<Reply> {
    for (const channel of channels) this.channels.add(channel);
    return this.call('SUBSCRIBE', ...channels);
  }

  async hgetall(key: string): Promise<Record<string, string>> {
    const flat = (await this.call('HGETALL', key)) as string[];
    const fields: Record<string, string> = {};
    for (let at = 0; at + 1 < flat.length; at += 2) fields[flat[at] ?? ''] = flat[at + 1] ?? '';
    return fields;
  }

  /** A transaction: here, commands that arrive together. */
  multi() {
    const requests: unknown[][] = [];
    const queue = (...request: unknown[]) => {
      requests.push(request);
      return chain;
    };
    const chain = {
      del: (key: string) => queue('DEL', key),
      zrem: (...args: unknown[]) => queue('ZREM', ...args),
      exec: () => Promise.all(requests.map(([name, ...args]) => this.call(String(name), ...args))),
    };
    return chain;
  }

  heartbeat = (...args: string[]) => this.script('heartbeat', args);
  createRoom = (...args: string[]) => this.script('createRoom', args);
  claimRoom = (...args: string[]) => this.script('claimRoom', args);
  commitRoom = (...args: string[]) => this.script('commitRoom', args);
  snapshotRoom = (...args: string[]) => this.script('snapshotRoom', args);
  transferRoom = (...args: string[]) => this.script('transferRoom', args);
  releaseRoom = (...args: string[]) => this.script('releaseRoom', args);
  restoreRoom = (...args: string[]) => this.script('restoreRoom', args);
  noteSeats = (...args: string[]) => this.script('noteSeats', args);

  /** A script that Redis does not know is sent again whole, behind whatever was sent after it. */
  private script(name: string, args: string[]): Promise<Reply> {
    if (!this.scriptless) return this.call(name, ...args);
    this.scriptless = false;
    return this.call('TIME').then(() => this.call(name, ...args));
  }

  private call(name: string, ...args: unknown[]): Promise<Reply> {
    const { link } = this;
    if (!link) return Promise.reject(new Error('Connection is closed.'));
    const { process, server, random, moment } = this.deps;
    const request: Request = [name, ...args.map(String)];
    return new Promise((resolve, reject) => {
      const timers: Timer[] = [];
      const settle = (outcome: () => void) => {
        for (const timer of timers) timer.cancel();
        link.pending.delete(fail);
        outcome();
      };
      const fail = (error: Error) => settle(() => reject(error));
      link.pending.add(fail);
      if (!this.patient) {
        const sentAt = process.monotonic();
        const silent = process.after(
          SOCKET_TIMEOUT_MS,
          () => link === this.link && link.heardAt <= sentAt && this.drop(),
        );
        timers.push(
          process.after(COMMAND_TIMEOUT_MS, () => reject(new Error('Command timed out'))),
          silent,
        );
      }
      const heard = (reply: Reply | Error) => {
        moment?.('answered', nameOf(request));
        process.run(() => {
          link.heardAt = process.monotonic();
          settle(() => (reply instanceof Error ? reject(reply) : resolve(reply)));
        });
      };
      const arrived = () => {
        if (link.silent) return;
        // What was on its way when the connection ended arrives, or does not.
        if (link !== this.link && (link.session.ended || random.next() < 0.5)) return;
        server.take(link.session, request, (reply) => link.down.send(() => link.silent || heard(reply)));
      };
      moment?.('sent', nameOf(request));
      // A process that was just frozen sends when it goes on, one that was killed never.
      process.run(() => link.up.send(arrived));
    });
  }

  private drop(): void {
    const { link } = this;
    if (!link) return;
    this.link = undefined;
    this.deps.server.disconnect(link.session);
    for (const fail of [...link.pending]) fail(new Error('Connection is closed.'));
    if (!this.closed) this.connect(RETRY_MS);
  }

  private connect(delayMs: number): void {
    const { process, network, server } = this.deps;
    process.after(delayMs, () => {
      if (this.closed) return;
      if (network.isCut(process.name, REDIS) || network.isCut(REDIS, process.name)) {
        return this.connect(CONNECT_TIMEOUT_MS);
      }
      process.after(network.delay(), () => {
        if (this.closed) return;
        if (server.reach === 'open') return this.open();
        this.connect(server.reach === 'silent' ? CONNECT_TIMEOUT_MS : RETRY_MS);
      });
    });
  }

  private open(): void {
    const { process, network, server } = this.deps;
    const down = network.stream(REDIS, process.name);
    const up = network.stream(process.name, REDIS);
    const session = server.connect({
      message: (channel, text) => down.send(() => link.silent || process.run(() => this.heard(link, channel, text))),
      ended: () => down.send(() => link.silent || process.run(() => link === this.link && this.drop())),
    });
    const link: Link = { session, up, down, pending: new Set(), heardAt: process.monotonic(), silent: false };
    this.link = link;
    this.scriptless = false;
    for (const tell of this.listeners.connect) tell();
    if (this.channels.size > 0) this.call('SUBSCRIBE', ...this.channels).catch(() => undefined);
  }

  private heard(link: Link, channel: string, text: string): void {
    if (link !== this.link) return;
    for (const tell of this.listeners.message) tell(channel, text);
  }
}
