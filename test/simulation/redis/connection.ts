/**
 * A process's connection to the simulated Redis: by the rules of the real one (`src/redis/connection-policy.ts`), with the
 * scripts and the gathered commits of the real one. Nothing is queued while it is away, nothing is sent twice.
 */
import { DEFAULT_PREFIX } from '../../../src/config.js';
import { countGenerations, type RedisConnection } from '../../../src/redis/client.js';
import { GatheredCommits } from '../../../src/redis/commits.js';
import {
  COMMAND_TIMEOUT_MS,
  isReplica,
  isWrongServer,
  reconnectDelay,
  SILENCE_TICK_MS,
  SilenceDetector,
  StartTimeout,
} from '../../../src/redis/connection-policy.js';
import { keyspaceOf } from '../../../src/redis/keys.js';
import { type CommitReply, type ScriptRunner, scripts } from '../../../src/redis/scripts.js';
import type { Timer } from '../../../src/runtime/clock.js';
import type { Seeded } from '../../chaos/seeded.js';
import type { Network, Stream } from '../network.js';
import type { Process } from '../process.js';
import type { Reply } from './lua.js';
import { nameOf } from './names.js';
import type { RedisServer, Request, Session } from './server.js';

export const REDIS = 'redis';
/** Of the simulated cluster. */
export const KEYSPACE = keyspaceOf(DEFAULT_PREFIX);

/** One TCP connection. */
interface Link {
  readonly session: Session;
  readonly up: Stream;
  readonly down: Stream;
  readonly pending: Set<(error: Error) => void>;
  /** Something has come since the last look. */
  heard: boolean;
  /** Nothing gets through any more, and nobody is told. */
  silent: boolean;
  over: boolean;
}

export interface ConnectionDeps {
  readonly process: Process;
  readonly network: Network;
  readonly server: RedisServer;
  readonly random: Seeded;
  /** A fault may strike here: a request is about to leave the process, or its answer is about to be known there. */
  readonly moment?: (stage: 'sent' | 'answered', name: string) => void;
}

type Command = (...args: unknown[]) => Promise<Reply>;
const COMMANDS = [
  'time',
  'get',
  'set',
  'incr',
  'exists',
  'del',
  'pexpire',
  'pttl',
  'sadd',
  'srem',
  'scard',
  'smembers',
  'zadd',
  'zrem',
  'zrange',
  'zscore',
  'xadd',
  'xtrim',
  'xrange',
  'xread',
  'wait',
  'info',
  'publish',
  'evalsha',
  'eval',
] as const;

export class SimulatedConnection {
  private link: Link | undefined;
  private readonly channels = new Set<string>();
  private readonly listeners = { connect: [], ready: [], message: [] } as Record<
    'connect' | 'ready' | 'message',
    ((channel: string, text: string) => void)[]
  >;
  private closed = false;
  /** Greeted: commands can be sent. */
  private greeted = false;
  private attempts = 0;
  private readonly starting = new StartTimeout();
  private readonly commits = new GatheredCommits(this as unknown as ScriptRunner, () => this.reset());
  private gathering = false;

  readonly keyspace = KEYSPACE;

  /** @param patient waits for answers without end, as what blocks or listens does. */
  constructor(
    private readonly deps: ConnectionDeps,
    private readonly patient = false,
  ) {
    countGenerations(this.asConnection());
    deps.process.after(0, () => this.connect());
  }

  asConnection(): RedisConnection {
    return this as unknown as RedisConnection;
  }

  get ready(): boolean {
    return this.greeted;
  }

  disconnect(): void {
    this.closed = true;
    this.reset();
  }

  /** The connection breaks; it is made again, unless it was closed. */
  reset(): void {
    if (this.link) this.end(this.link);
  }

  /** Nothing comes through any more, and neither end is told. */
  silence(): void {
    if (this.link) this.link.silent = true;
  }

  /** Whether what is sent now reaches the primary. */
  get leads(): boolean {
    const { link } = this;
    return link !== undefined && this.greeted && !link.silent && this.deps.server.serves(link.session);
  }

  on(event: 'connect' | 'ready' | 'message', listener: (channel: string, text: string) => void): this {
    this.listeners[event].push(listener);
    return this;
  }

  subscribe(...channels: string[]): Promise<Reply> {
    for (const channel of channels) this.channels.add(channel);
    return this.call('SUBSCRIBE', ...channels);
  }

  async hget(key: string, field: string): Promise<Reply> {
    const [value = null] = (await this.call('HMGET', key, field)) as Reply[];
    return value;
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

  /** Gathered until the end of the turn, as `src/redis/gathering.ts` does. */
  commitRoom(...keysAndArguments: string[]): Promise<CommitReply> {
    const reply = this.commits.add(keysAndArguments);
    if (this.gathering) return reply;
    this.gathering = true;
    this.deps.process.after(0, () => {
      this.gathering = false;
      this.commits.send();
    });
    return reply;
  }

  /** A command of the instance. */
  call(name: string, ...args: unknown[]): Promise<Reply> {
    const { link } = this;
    if (!link || !this.greeted) return Promise.reject(new Error('Connection is closed.'));
    const request: Request = [name, ...args.map(String)];
    this.deps.moment?.('sent', nameOf(request));
    return this.ask(link, request, this.patient ? undefined : COMMAND_TIMEOUT_MS);
  }

  private ask(link: Link, request: Request, timeoutMs?: number): Promise<Reply> {
    const { process, server, random, moment } = this.deps;
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const settle = (outcome: () => void) => {
        timer?.cancel();
        link.pending.delete(fail);
        outcome();
      };
      const fail = (error: Error) => settle(() => reject(error));
      link.pending.add(fail);
      if (timeoutMs !== undefined) timer = process.after(timeoutMs, () => reject(new Error('Command timed out')));
      const heard = (reply: Reply | Error) => {
        if (link.silent) return;
        moment?.('answered', nameOf(request));
        process.run(() => {
          link.heard = true;
          settle(() => (reply instanceof Error ? reject(reply) : resolve(reply)));
          if (reply instanceof Error && isWrongServer(reply.message)) this.end(link);
        });
      };
      const arrived = () => {
        if (link.silent) return;
        // What was on its way when the connection ended arrives, or does not.
        if (link.over && (link.session.ended || random.next() < 0.5)) return;
        server.take(link.session, request, (reply) => link.down.send(() => heard(reply)));
      };
      // A process that was just frozen sends when it goes on, one that was killed never.
      process.run(() => link.up.send(arrived));
    });
  }

  private connect(): void {
    if (this.closed) return;
    const { process, network, server } = this.deps;
    const startedAt = process.monotonic();
    let decided = false;
    const decide = (then: () => void) => {
      if (decided) return;
      decided = true;
      timer.cancel();
      if (!this.closed) then();
    };
    const timer = process.after(this.starting.ms, () => decide(() => this.failed(startedAt)));
    const up = network.stream(process.name, REDIS);
    const down = network.stream(REDIS, process.name);
    up.send(() => {
      if (server.reach === 'silent') return;
      const link = server.reach === 'open' ? this.taken(up, down) : undefined;
      if (link) process.whenDead(() => server.disconnect(link.session));
      down.send(() =>
        process.run(() => {
          // Too late: it is closed again.
          if (link && (decided || this.closed)) {
            link.over = true;
            server.disconnect(link.session);
          }
          decide(() => (link ? this.open(link) : this.failed(startedAt)));
        }),
      );
    });
  }

  /** Redis has taken the connection, which ends with its process from now on: the client does not know of it yet. */
  private taken(up: Stream, down: Stream): Link {
    const { process, server } = this.deps;
    const session = server.connect({
      message: (channel, text) => down.send(() => link.silent || process.run(() => this.received(link, channel, text))),
      ended: () => down.send(() => link.silent || process.run(() => this.end(link))),
    });
    const link: Link = { session, up, down, pending: new Set(), heard: false, silent: false, over: false };
    return link;
  }

  private failed(startedAt: number): void {
    const { process } = this.deps;
    this.starting.failed(process.monotonic() - startedAt);
    this.attempts += 1;
    process.after(reconnectDelay(this.attempts), () => this.connect());
  }

  /** The server has taken the connection: it must greet, and be a primary. */
  private open(link: Link): void {
    const { process } = this.deps;
    this.link = link;
    for (const tell of this.listeners.connect) tell('', '');
    const startedAt = process.monotonic();
    const timer = process.after(this.starting.ms, () => this.end(link));
    this.ask(link, ['INFO', 'replication']).then(
      (info) => {
        timer.cancel();
        if (link.over) return;
        if (isReplica(String(info))) return this.end(link);
        this.starting.succeeded(process.monotonic() - startedAt);
        this.greet(link);
      },
      () => timer.cancel(),
    );
  }

  private greet(link: Link): void {
    this.attempts = 0;
    this.greeted = true;
    this.watch(link, new SilenceDetector());
    for (const tell of this.listeners.ready) tell('', '');
    if (this.channels.size > 0) this.ask(link, ['SUBSCRIBE', ...this.channels]).catch(() => undefined);
  }

  private watch(link: Link, detector: SilenceDetector): void {
    this.deps.process.after(SILENCE_TICK_MS, () => {
      if (link.over) return;
      const verdict = detector.tick(link.heard);
      link.heard = false;
      if (verdict === 'leave') return this.end(link);
      if (verdict === 'ask') {
        this.ask(link, ['INFO', 'replication']).then(
          (info) => isReplica(String(info)) && this.end(link),
          () => undefined,
        );
      }
      this.watch(link, detector);
    });
  }

  private end(link: Link): void {
    if (link.over) return;
    const { process, server } = this.deps;
    const wasGreeted = this.greeted;
    link.over = true;
    this.link = undefined;
    this.greeted = false;
    server.disconnect(link.session);
    for (const fail of [...link.pending]) fail(new Error('Connection is closed.'));
    if (this.closed) return;
    if (!wasGreeted) return this.failed(process.monotonic() - this.starting.ms);
    this.attempts = 1;
    process.after(reconnectDelay(1), () => this.connect());
  }

  private received(link: Link, channel: string, text: string): void {
    link.heard = true;
    if (!link.over) for (const tell of this.listeners.message) tell(channel, text);
  }
}

for (const name of COMMANDS) {
  const command: Command = function (this: SimulatedConnection, ...args) {
    return this.call(name.toUpperCase(), ...args);
  };
  Object.assign(SimulatedConnection.prototype, { [name]: command });
}
const { commitRoom: _, ...others } = scripts;
Object.assign(SimulatedConnection.prototype, others);
