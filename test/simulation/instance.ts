/** One game instance of a simulated cluster: production's, on a simulated process, Redis and network. */
import type { Livez } from '../../src/cluster/livez.js';
import { instanceConfig } from '../../src/config.js';
import type { Incoming } from '../../src/edge/exchange.js';
import { Pulse } from '../../src/edge/pulse.js';
import { createInstance, type Instance } from '../../src/instance/create-instance.js';
import type { Ports, Served } from '../../src/instance/ports.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { ClusterClock } from '../../src/runtime/clock.js';
import type { Logger } from '../../src/runtime/log.js';
import type { InstanceMetrics } from '../../src/runtime/metrics.js';
import { RecentErrors } from '../../src/runtime/recent-errors.js';
import type { HttpHost } from './http.js';
import type { Process } from './process.js';
import type { SimulatedConnection } from './redis/connection.js';
import type { Wire } from './wire.js';

export interface SimulatedInstanceDeps {
  readonly process: Process;
  readonly port: number;
  readonly copies: number;
  readonly logKeep: number;
  /** The wall clock when the process starts. */
  readonly startsAt: number;
  /** `digits` hexadecimal digits by lot. */
  readonly hex: (digits: number) => string;
  /** Notes what was exercised. */
  readonly count: (kind: string, name: string) => void;
  readonly complain: (text: string) => void;
  readonly connect: (patient?: boolean) => SimulatedConnection;
  readonly probe: (address: string) => Promise<Livez>;
  /** The player's connection, continued to another instance. */
  readonly pipe: (wire: Wire, code: RoomCode, address: string, taken: AbortSignal) => Promise<boolean>;
}

/** Errors of the software itself. */
const UNEXPECTED: ReadonlySet<string> = new Set(['room failed', 'frame failed', 'message of the inbox given up']);
const SCRIPTS = [
  'heartbeat',
  'createRoom',
  'claimRoom',
  'commitRoom',
  'confirmRoom',
  'snapshotRoom',
  'transferRoom',
  'releaseRoom',
  'restoreRoom',
  'noteSeats',
] as const;
const tally = { inc: () => undefined };
const metrics: InstanceMetrics = {
  claims: tally,
  ends: tally,
  forwards: tally,
  messages: tally,
  errors: tally,
  contentType: '',
  text: () => Promise.resolve(''),
};

export class SimulatedInstance implements HttpHost {
  readonly connections: SimulatedConnection[] = [];
  /** Players' connections that are passed on to other instances, from here. */
  private readonly forwarded = new Set<Wire>();
  /** Connections that are served here. */
  private readonly wires = new Set<Wire>();
  private readonly instance: Instance;
  /** Undefined until the port is open. */
  private served: Served | undefined;
  private pulse: Pulse | undefined;
  private started = false;
  /** On its way out. */
  stopping = false;

  constructor(private readonly deps: SimulatedInstanceDeps) {
    const config = instanceConfig({
      HOKM_HOST: `10.0.0.${deps.port % 200}`,
      HOKM_CLUSTER_SECRET: 'secret of the simulation',
      HOKM_CAPACITY: '100',
      // Simulated players play faster than the limit for people.
      HOKM_MESSAGE_RATE: '10000',
      HOKM_LOG_KEEP: String(deps.logKeep),
      REDIS_COPIES: String(deps.copies),
    });
    this.instance = createInstance(config, this.ports());
  }

  get id(): InstanceId {
    return this.instance.self.id;
  }

  get process(): Process {
    return this.deps.process;
  }

  get ownership(): Instance['ownership'] {
    return this.instance.ownership;
  }

  get lease(): Instance['lease'] {
    return this.instance.lease;
  }

  get lifecycle(): Instance['lifecycle'] {
    return this.instance.lifecycle;
  }

  get address(): string {
    return this.instance.self.address;
  }

  get ready(): boolean {
    return this.instance.self.status === 'ready' && this.process.running;
  }

  /** @throws when it cannot start: the process ends then */
  async start(): Promise<void> {
    await this.instance.lifecycle.start();
    this.started = true;
  }

  /** SIGTERM: what has not started yet just ends. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.started) await this.instance.lifecycle.stop().catch(() => undefined);
    this.process.kill();
  }

  /** HAProxy ends what it has with this instance: not what another one passes on to it. */
  cutPlayers(): void {
    for (const wire of this.wires) {
      if (wire.path.length > 2) continue;
      this.wires.delete(wire);
      wire.broken();
    }
    this.cutForwarded();
  }

  /** A player's connection is passed on to the instance at `address`. */
  passesOn(wire: Wire, address: string): void {
    const unwatch = this.watch(address, () => wire.brokenOnTheWay());
    this.forwarded.add(wire);
    wire.whenOver = () => {
      unwatch();
      this.forwarded.delete(wire);
    };
  }

  /** Calls `end` when the instance at `address` is found not to answer any more. @returns what ends the watch */
  watch(address: string, end: () => void): () => void {
    return this.pulse?.watch(address, end) ?? (() => undefined);
  }

  private cutForwarded(): void {
    for (const wire of [...this.forwarded]) wire.brokenOnTheWay();
  }

  /** A player's connection arrives. */
  async accept(wire: Wire, code: RoomCode, wasForwarded: boolean): Promise<void> {
    const { served, deps } = this;
    if (!served || served.players.breaksOff) return wire.broken();
    const pipe = (address: string, taken: AbortSignal) => deps.pipe(wire, code, address, taken);
    if (await served.players.passedOn(code, wasForwarded, pipe)) return;
    wire.player = served.players.accept(wire, code);
    this.wires.add(wire);
    wire.opened();
  }

  /** A request arrives. */
  answer(incoming: Incoming): boolean {
    void this.served?.http.answer(incoming);
    return this.served !== undefined;
  }

  private ports(): Ports {
    const { deps, process } = this;
    const clock = new ClusterClock(process, deps.startsAt);
    const ready = new Map<RedisConnection, Promise<void>>();
    return {
      id: process.name as InstanceId,
      version: '0.0.0',
      clock,
      log: this.log(),
      errors: new RecentErrors(clock),
      randomHex: (bytes) => deps.hex(2 * bytes),
      // Now and then one that is in use.
      newRoomCode: () =>
        `N1EW0${deps
          .hex(3)
          .toUpperCase()
          .replace(/[A-F]./, '00')}` as RoomCode,
      connect: (_, blocking) => {
        const simulated = deps.connect(blocking);
        const connection = simulated.asConnection();
        this.connections.push(simulated);
        this.countUnanswered(connection);
        ready.set(connection, new Promise((resolve) => connection.on('ready', () => resolve())));
        return connection;
      },
      redisFaults: () => [],
      connected: (connection) => ready.get(connection) ?? Promise.resolve(),
      probe: deps.probe,
      serve: async (served) => {
        this.served = served;
        this.pulse = new Pulse(process, deps.probe, served.leaseRanOut);
        return {
          port: deps.port,
          cutForwarded: () => this.cutForwarded(),
          close: async () => {
            this.served = undefined;
          },
        };
      },
      usage: {
        latest: { cpu: 0, memory: 0, hostCpu: 0, hostMemory: 0, loopDelay: 0 },
        start: () => Promise.resolve(),
        stop: () => undefined,
      },
      metrics: () => metrics,
      pages: {},
    };
  }

  /** What is logged tells which way the software went. */
  private log(): Logger {
    const { count, complain } = this.deps;
    const line = (fields: unknown, message?: string) => {
      const text = message ?? String(fields);
      count('log', text);
      const { err } = (typeof fields === 'object' && fields !== null ? fields : {}) as { err?: unknown };
      if (UNEXPECTED.has(text)) complain(`${text}: ${err instanceof Error ? (err.stack ?? err.message) : String(err)}`);
    };
    return { debug: line, info: line, warn: line, error: line } as unknown as Logger;
  }

  private countUnanswered(connection: RedisConnection): void {
    for (const name of SCRIPTS) {
      const run = connection[name].bind(connection) as (...args: string[]) => Promise<unknown>;
      const counting = (...args: string[]) => {
        const reply = run(...args);
        reply.catch(() => this.deps.count('outcome', `${name}: unknown`));
        return reply;
      };
      Object.assign(connection, { [name]: counting });
    }
  }
}
