/** One game instance of a simulated cluster: the parts of `src/main.ts`, but for HTTP, on simulated Redis and network. */
import { Bus } from '../../src/cluster/bus.js';
import { Drain } from '../../src/cluster/drain.js';
import { Isolation } from '../../src/cluster/isolation.js';
import { HeartbeatLease, SUSPECT_PERIODS } from '../../src/cluster/lease.js';
import type { Livez } from '../../src/cluster/livez.js';
import { Migration } from '../../src/cluster/migration.js';
import { Orphans } from '../../src/cluster/orphans.js';
import { Ownership } from '../../src/cluster/ownership.js';
import { Peers } from '../../src/cluster/peers.js';
import { Pins } from '../../src/cluster/pins.js';
import { Registry } from '../../src/cluster/registry.js';
import { RoomIndex } from '../../src/cluster/room-index.js';
import { SeatsIndex } from '../../src/cluster/seats-index.js';
import { Self } from '../../src/cluster/self.js';
import { Settling } from '../../src/cluster/settling.js';
import { Takeover } from '../../src/cluster/takeover.js';
import { helloDeadlines, PlayerSocket } from '../../src/edge/player-socket.js';
import { Routing } from '../../src/edge/routing.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import { onReturn } from '../../src/redis/client.js';
import { RedisRoomStore } from '../../src/redis/room-store.js';
import { ClusterClock, sleep } from '../../src/runtime/clock.js';
import type { Logger } from '../../src/runtime/log.js';
import type { Metrics } from '../../src/runtime/metrics.js';
import type { Process } from './process.js';
import type { SimulatedConnection } from './redis/connection.js';
import type { Wire } from './wire.js';

const LEASE_MS = 5_000;
const HEARTBEAT_MS = 1_000;
const PROOF_MS = 5_000;
const LOOK_MS = 500;
const DRAIN_MS = 25_000;
const STORED_TTL_MS = 7 * 86_400_000;
const CLOSED_TTL_MS = 600_000;
const IDLE_MS = 600_000;
/** Simulated players play faster than the limit for people. */
const MESSAGE_RATE = 10_000;
const RETRY_START_MS = 500;

export interface InstanceDeps {
  readonly process: Process;
  readonly host: string;
  readonly port: number;
  readonly copies: number;
  readonly logKeep: number;
  /** Error of the wall clock that the process starts with, ms. */
  readonly clockError: number;
  readonly startsAt: number;
  readonly log: Logger;
  /** `digits` hexadecimal digits by lot. */
  readonly hex: (digits: number) => string;
  readonly connect: (patient?: boolean) => SimulatedConnection;
  readonly probe: (address: string) => Promise<Livez>;
  /** The player's connection, continued to another instance. */
  readonly pipe: (wire: Wire, code: RoomCode, address: string, taken: AbortSignal) => Promise<boolean>;
}

const metrics = { messages: { inc: () => undefined }, errors: { inc: () => undefined } } as unknown as Metrics;

export class Instance {
  readonly id: InstanceId;
  readonly ownership: Ownership;
  readonly lease: HeartbeatLease;
  readonly connections: readonly SimulatedConnection[];
  private readonly self: Self;
  private readonly clock: ClusterClock;
  private readonly registry: Registry;
  private readonly bus: Bus;
  private readonly peers: Peers;
  private readonly isolation: Isolation;
  private readonly drain: Drain;
  private readonly routing: Routing;
  private readonly hellos: ReturnType<typeof helloDeadlines>;
  private readonly sockets = new Set<Wire>();
  private number = 0;
  /** On its way out. */
  stopping = false;

  constructor(private readonly deps: InstanceDeps) {
    const { process, host, log, copies, connect } = deps;
    const id = process.name as InstanceId;
    const clock = new ClusterClock(process, deps.startsAt + deps.clockError);
    const connections = [connect(), connect(), connect(true), connect(true)] as const;
    const [redis, waiting, subscriber, inbox] = connections.map((one) => one.asConnection());
    if (!redis || !waiting || !subscriber || !inbox) throw new Error('an instance has four connections');
    const registry = new Registry(redis, LEASE_MS);
    const index = new RoomIndex(redis);
    const store = new RedisRoomStore(redis, { waiting, copies });
    const number = () => this.number;
    const self: Self = new Self({
      id,
      get number() {
        return number();
      },
      host,
      startedAt: 0,
      region: 'simulated',
      zone: 'simulated',
      version: '0.0.0',
      capacity: 100,
      usage: { latest: { cpu: 0, memory: 0, hostCpu: 0, hostMemory: 0, loopDelay: 0 } },
      rooms: () => ownership.size,
      connections: () => this.sockets.size,
    });
    self.port = deps.port;
    const lease = new HeartbeatLease({
      registry,
      clock,
      log,
      heartbeatMs: HEARTBEAT_MS,
      leaseMs: LEASE_MS,
      fields: () => self.fields(),
      onStale: () => {
        for (const room of ownership.rooms) room.wake();
      },
    });
    const steady = () => lease.steady();
    const bus = new Bus({ id, redis, subscriber, inbox, clock, log, newRequest: () => deps.hex(16) });
    const pins = new Pins(bus, self, registry, clock);
    const suspectMs = HEARTBEAT_MS * SUSPECT_PERIODS;
    const takeover = new Takeover({ registry, clock, steady, suspectMs, probe: deps.probe });
    const ownership: Ownership = new Ownership({
      id,
      address: () => self.address,
      store,
      index,
      takeover,
      log,
      settled: () => settling.settled(),
      storedTtlMs: STORED_TTL_MS,
      mailbox: {
        clock,
        lease,
        newSeed: () => deps.hex(64),
        idleMs: IDLE_MS,
        logKeep: deps.logKeep,
        closedTtlMs: CLOSED_TTL_MS,
        onSeatTaken: (room, seat, tokenHash) => seats.note(room, seat, tokenHash),
        onSeatLeft: (tokenHash) => seats.left(tokenHash, CLOSED_TTL_MS),
      },
      askForRoom: (room, owner) =>
        bus.send(owner, { type: 'game_migration_request', room, to: id, request: deps.hex(16) }),
      onClaimed: (room) => pins.assigned(room.code),
      onEnd: () => undefined,
    });
    const settling = new Settling(clock, () => ownership.rooms);
    onReturn(redis, () => settling.returned());
    const seats = new SeatsIndex(redis, bus, self, ownership, clock);
    const migration = new Migration({ self, bus, pins, store, index, registry, ownership, takeover, clock, log });
    const drain = new Drain({ self, redis, registry, ownership, migration, clock, log, storedTtlMs: STORED_TTL_MS });
    const orphans = new Orphans({ self, registry, index, ownership, clock, log, steady });
    const peers = new Peers(registry, id, clock, log, LOOK_MS, (seen) => {
      const since = clock.monotonic() - PROOF_MS;
      for (const room of ownership.rooms) room.prove(since);
      return orphans.look(seen);
    });
    const isolation = new Isolation({
      lease,
      clock,
      log,
      peers: () => peers.others,
      onIsolated: () => {
        this.closeSockets();
      },
      askPeer: deps.probe,
    });
    const routing = new Routing(ownership, clock);
    this.id = id;
    this.ownership = ownership;
    this.lease = lease;
    this.connections = connections;
    this.self = self;
    this.clock = clock;
    this.hellos = helloDeadlines(clock);
    this.registry = registry;
    this.bus = bus;
    this.peers = peers;
    this.isolation = isolation;
    this.drain = drain;
    this.routing = routing;
  }

  get address(): string {
    return this.self.address;
  }

  /** Whether HAProxy may know of it. */
  get registered(): boolean {
    return this.lease.age() < Number.POSITIVE_INFINITY;
  }

  get ready(): boolean {
    return this.self.status === 'ready' && this.deps.process.running;
  }

  /** As `src/main.ts` starts; while Redis does not answer, again and again. */
  async start(): Promise<void> {
    const { clock, registry, self } = this;
    for (;;) {
      try {
        const askedAt = clock.monotonic();
        clock.synchronise(await registry.time(), askedAt);
        this.number = await registry.nextNumber();
        await this.bus.start();
        self.status = 'ready';
        await this.lease.start();
        break;
      } catch {
        self.status = 'starting';
        await sleep(clock, RETRY_START_MS);
      }
    }
    this.peers.start();
    this.isolation.start();
    await registry.announce();
  }

  /** SIGTERM: what `src/main.ts` stops, in its order. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    const { clock, registry, self, deps } = this;
    clock.after(DRAIN_MS, () => deps.process.kill());
    const steps: readonly (() => Promise<unknown>)[] = [
      async () => {
        this.isolation.stop();
        this.peers.stop();
        this.ownership.close();
        self.status = 'draining';
        await this.lease.renew();
        await registry.announce();
      },
      async () => {
        await this.drain.run();
        this.closeSockets();
      },
      async () => {
        self.status = 'stopped';
        this.lease.stop();
        this.bus.stop();
        await registry.remove(this.id);
        await registry.announce();
      },
    ];
    for (const step of steps) await step().catch(() => undefined);
    deps.process.kill();
  }

  /** A player's connection arrives. */
  async accept(wire: Wire, code: RoomCode, wasForwarded: boolean): Promise<void> {
    const pipe = (address: string, taken: AbortSignal) => this.deps.pipe(wire, code, address, taken);
    if (await this.routing.passedOn(code, wasForwarded, pipe)) return;
    const { ownership, clock, lease } = this;
    wire.player = new PlayerSocket(wire, code, {
      ownership,
      clock,
      log: this.deps.log,
      metrics,
      messageRate: MESSAGE_RATE,
      whenFresh: () => lease.whenFresh(),
      hellos: this.hellos,
    });
    this.sockets.add(wire);
    wire.opened();
  }

  private closeSockets(): void {
    for (const wire of this.sockets) wire.player?.close('MOVED');
    this.sockets.clear();
  }
}
