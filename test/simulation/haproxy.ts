/**
 * HAProxy before a simulated cluster: servers and pins as the controller of production orders them over its runtime API,
 * health checks over the simulated network, and where a connection goes.
 */
import type { ControllerApi } from '../../haproxy/controller.js';
import { HAProxyUnavailable, type NewServer, type ShownServer } from '../../haproxy/runtime-api.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import { formatHostPort } from '../../src/runtime/address.js';
import type { Seeded } from '../chaos/seeded.js';
import { gather, type HttpHost } from './http.js';
import type { Process } from './process.js';
import type { Ways } from './ways.js';
import type { Member } from './world.js';

interface Server extends NewServer {
  weight: number;
  state: ShownServer['state'];
  up: boolean;
  checked: boolean;
  /** It keeps the rooms it has, and takes no new ones. */
  stopping: boolean;
  failures: number;
}

/** As `check` in the runtime API says. */
const CHECK_MS = 500;
const FALL = 3;
const CHECK_TIMEOUT_MS = 500;

export interface HAProxyDeps {
  readonly process: Process;
  readonly ways: Ways;
  readonly random: Seeded;
  readonly members: readonly Member[];
  /** The sessions of an instance end. */
  readonly cut: (member: Member) => void;
}

export class SimulatedHAProxy implements ControllerApi {
  private servers_ = new Map<InstanceId, Server>();
  private readonly pinned = new Map<RoomCode, number>();
  private readonly learned = new Map<RoomCode, number>();
  private starts = 1;
  private away = false;

  constructor(private readonly deps: HAProxyDeps) {
    this.check();
  }

  /** Ends, and begins again without servers. */
  restart(ms: number): void {
    this.away = true;
    this.servers_.clear();
    this.pinned.clear();
    this.learned.clear();
    for (const member of this.deps.members) this.deps.cut(member);
    this.deps.process.after(ms, () => {
      this.away = false;
      this.starts += 1;
    });
  }

  /** Where a connection for the room goes; undefined when there is nobody. */
  route(code?: RoomCode): Member | undefined {
    if (this.away) return undefined;
    const { usable } = this;
    const byNumber = (number: number | undefined) => usable.find((server) => server.number === number);
    const known = code && (byNumber(this.pinned.get(code)) ?? byNumber(this.learned.get(code)));
    const server = known ?? this.balanced(usable);
    if (server && code) this.learned.set(code, server.number);
    return server && this.memberOf(server);
  }

  /**
   * The same where it knows nothing of the room, nor what the servers may take: no matter which, but none that is in
   * maintenance, or that its checks have found down. To those HAProxy sends nobody, whatever else it has forgotten.
   */
  routeAnywhere(): Member | undefined {
    if (this.away) return undefined;
    const { usable } = this;
    const server = usable[this.deps.random.between(0, usable.length - 1)];
    return server && this.memberOf(server);
  }

  /** Servers that it may send somebody to. Whoever refuses the connection is left for another at once. */
  private get usable(): Server[] {
    const isAlive = (server: Server) => this.memberOf(server)?.process.dead === false;
    return [...this.servers_.values()].filter((server) => server.up && server.state !== 'maint' && isAlive(server));
  }

  worker(): Promise<string> {
    return this.answer(() => `1@${this.starts}`);
  }

  servers(): Promise<ShownServer[]> {
    return this.answer(() =>
      [...this.servers_.values()].map(({ name, number, address, port, weight, state, up, checked }) => ({
        name,
        number,
        address: formatHostPort({ host: address, port }),
        weight,
        state,
        up,
        checked,
      })),
    );
  }

  pins(): Promise<Map<RoomCode, number>> {
    return this.answer(() => new Map(this.pinned));
  }

  add(server: NewServer): Promise<void> {
    return this.answer(() => {
      const fresh = { state: 'maint', up: false, checked: false, stopping: false, failures: 0 } as const;
      this.servers_.set(server.name, { ...server, ...fresh });
    });
  }

  enableHealth(name: InstanceId): Promise<void> {
    return this.change(name, (server) => {
      server.checked = true;
    });
  }

  setState(name: InstanceId, state: ShownServer['state']): Promise<void> {
    return this.change(name, (server) => {
      server.state = state;
      if (state === 'ready') server.up = true;
    });
  }

  healthUp(name: InstanceId): Promise<void> {
    return this.change(name, (server) => {
      server.up = true;
    });
  }

  setWeight(name: InstanceId, weight: number): Promise<void> {
    return this.change(name, (server) => {
      server.weight = weight;
    });
  }

  shutdownSessions(name: InstanceId): Promise<void> {
    return this.change(name, (server) => this.cut(server));
  }

  delete(name: InstanceId): Promise<'deleted' | 'busy'> {
    return this.answer(() => {
      this.servers_.delete(name);
      return 'deleted';
    });
  }

  clearRoomsOf(number: number): Promise<void> {
    return this.answer(() => {
      for (const table of [this.pinned, this.learned]) {
        for (const [room, at] of table) if (at === number) table.delete(room);
      }
    });
  }

  setPins(pins: Iterable<readonly [RoomCode, number]>): Promise<void> {
    return this.answer(() => {
      for (const [room, number] of pins) this.pinned.set(room, number);
    });
  }

  clearPins(rooms: Iterable<RoomCode>): Promise<void> {
    return this.answer(() => {
      for (const room of rooms) this.pinned.delete(room);
    });
  }

  private balanced(usable: readonly Server[]): Server | undefined {
    const taking = usable.filter(({ state, stopping }) => state === 'ready' && !stopping);
    const { random } = this.deps;
    let left = random.next() * taking.reduce((sum, { weight }) => sum + weight, 0);
    return taking.find(({ weight }) => {
      left -= weight;
      return left < 0;
    });
  }

  private memberOf({ name }: Server): Member | undefined {
    return this.deps.members.find(({ process }) => process.name === name);
  }

  private cut(server: Server): void {
    const member = this.memberOf(server);
    if (member) this.deps.cut(member);
  }

  /** Over the admin socket, which is on the same machine. */
  private answer<T>(what: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.deps.process.after(this.deps.random.next(), () => {
        if (this.away) return reject(new HAProxyUnavailable('the admin socket does not answer'));
        resolve(what());
      });
    });
  }

  private change(name: InstanceId, how: (server: Server) => void): Promise<void> {
    return this.answer(() => {
      const server = this.servers_.get(name);
      if (!server) throw new Error(`HAProxy has no server ${name}`);
      how(server);
    });
  }

  private check(): void {
    this.deps.process.after(CHECK_MS, () => {
      for (const server of this.servers_.values()) {
        const host = this.memberOf(server)?.instance;
        if (server.checked && server.state !== 'maint' && host) this.probe(server, host);
      }
      this.check();
    });
  }

  private probe(server: Server, host: HttpHost): void {
    const { process, ways } = this.deps;
    let answered = false;
    const over = (status: number | undefined) => {
      if (answered) return;
      answered = true;
      timer.cancel();
      const well = status === 200 || status === 404;
      server.failures = well ? 0 : server.failures + 1;
      if (well) {
        server.up = true;
        server.stopping = status === 404;
      } else if (server.up && server.failures >= FALL) {
        server.up = false;
        this.cut(server);
      }
    };
    const timer = process.after(CHECK_TIMEOUT_MS, () => {
      connection.cancel();
      over(undefined);
    });
    const asker = gather((answer) => over(answer?.status));
    const connection = ways.http.ask(process.name, host, { method: 'GET', url: '/health' }, asker);
  }
}
