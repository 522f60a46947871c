/**
 * Keeps HAProxy equal to the registry: reads both, asks `reconcile` for the difference, carries it out, over and over.
 * Pub/sub only makes it faster. It may die at any time; HAProxy goes on with what it has.
 */
import { lookup } from 'node:dns/promises';
import type { Registry } from '../src/cluster/registry.js';
import type { ControllerConfig } from '../src/config.js';
import type { ClusterMessage } from '../src/protocol/cluster.js';
import type { InstanceId, RoomCode } from '../src/protocol/ids.js';
import type { RedisConnection } from '../src/redis/client.js';
import type { Channels } from '../src/redis/keys.js';
import { isAddress } from '../src/runtime/address.js';
import { type Clock, sleep, type Timer } from '../src/runtime/clock.js';
import type { Logger } from '../src/runtime/log.js';
import { type Assignment, parseAssignment } from './assignments.js';
import type { BackendFile } from './backend-file.js';
import { type Belief, believe, hinted, noBelief, pulse, type Reading, unanswered } from './belief.js';
import { observe } from './observe.js';
import type { OldWorkers } from './old-workers.js';
import { type Command, type Leaving, type Plan, type ReconcileLimits, reconcile } from './reconcile.js';
import type { RuntimeApi, ShownServer } from './runtime-api.js';
import { Unreached } from './unreached.js';

/** HAProxy, as it is controlled. */
export type ControllerApi = Pick<RuntimeApi, Exclude<keyof RuntimeApi, 'info'>>;

export interface ControllerParts {
  readonly id: string;
  readonly config: ControllerConfig;
  readonly api: ControllerApi;
  /** Undefined where HAProxy's configuration is somebody else's: then its workers begin without servers. */
  readonly backendFile: BackendFile | undefined;
  /** Undefined where the master cannot be reached: then old workers keep their sockets to dead instances. */
  readonly oldWorkers: OldWorkers | undefined;
  readonly redis: RedisConnection;
  /** A connection of its own, for messages. */
  readonly messages: RedisConnection;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often HAProxy is asked whether it is still the same worker, ms; and how often while it is away. */
const WATCH_MS = 200;
const WATCH_AWAY_MS = 30;
/** How often servers are looked at for sockets that old workers still have, ms. */
const OLD_WORKERS_MS = 500;
const HINT_MS = 3_000;
/** At least this between rounds, ms, however many messages ask for one. */
const PAUSE_MS = 20;

export function limitsOf(config: ControllerConfig): ReconcileLimits {
  return {
    leaseMs: config.HOKM_LEASE_MS,
    missingMs: 2 * config.HOKM_HEARTBEAT_MS,
    hintMs: HINT_MS,
    deleteWaitMs: config.HOKM_DELETE_WAIT_MS,
  };
}

export class Controller {
  private readonly limits: ReconcileLimits;
  private readonly channels: Channels;
  private belief: Belief = noBelief;
  private leaving: Leaving = new Map();
  /** The worker that answered last; undefined while none does. */
  private worker: string | undefined;
  private assigned: Assignment[] = [];
  /** Changes of pins go to HAProxy one after the other, in the order they were decided in. */
  private pinning: Promise<unknown> = Promise.resolve();
  private stopped = false;
  /** Repeated tasks that are under way. */
  private readonly running = new Set<Promise<void>>();
  private full = true;
  private wake: () => void = () => undefined;
  private readonly timers = new Set<Timer>();
  private report: Record<string, string | number>;
  private lastComplaint = '';
  private readonly unreached: Unreached;
  /** Addresses of hosts that are names, as they were resolved when their servers were added. */
  private readonly addresses = new Map<string, string>();
  /** A new worker has answered, whose servers are up only until their first check fails. */
  private newWorker = false;

  constructor(private readonly parts: ControllerParts) {
    this.limits = limitsOf(parts.config);
    this.channels = parts.redis.keyspace.channels;
    this.unreached = new Unreached(this.limits.leaseMs);
    this.report = { socket: parts.config.HAPROXY_SOCKET, down: this.unreached.unknown() };
  }

  /** Starts all loops; resolves when HAProxy is equal to the registry for the first time. */
  async start(): Promise<void> {
    const { messages } = this.parts;
    messages.on('message', (channel, text) => this.onMessage(channel, text));
    // Messages were missed while the connection was away.
    messages.on('ready', () => this.look(true));
    const { broadcast, assignments } = this.channels;
    await messages.subscribe(broadcast, assignments);
    this.repeat(() => this.beat());
    this.repeat(() => this.watch());
    if (this.parts.oldWorkers) this.repeat(() => this.watchOldWorkers());
    // On a timer of its own: messages that keep coming must not put off the comparison of the pins.
    this.repeat(async () => {
      this.look(true);
      return this.parts.config.HOKM_RECONCILE_MS;
    });
    await new Promise<void>((resolve) => void this.reconcileForEver(resolve));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) timer.cancel();
    this.wake();
    // A heartbeat that is under way would bring the entry back.
    await Promise.all([this.pinning, ...this.running]);
    await this.parts.registry.removeController(this.parts.id).catch(() => undefined);
  }

  /** Asks for a round soon; `full` compares the pins too. */
  private look(full: boolean): void {
    this.full ||= full;
    this.wake();
  }

  private async reconcileForEver(onFirst: () => void): Promise<void> {
    while (!this.stopped) {
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      if (await this.round()) onFirst();
      await sleep(this.parts.clock, PAUSE_MS);
      await woken;
    }
  }

  /** One comparison of everything; true when HAProxy and Redis both answered and all was carried out. */
  private async round(): Promise<boolean> {
    const { api, clock, log } = this.parts;
    const full = this.full;
    this.full = false;
    const reading = await this.read(full);
    const failures = typeof reading === 'string' ? [reading] : [];
    let changes = 0;
    try {
      const [servers, pins] = await Promise.all([api.servers(), full ? api.pins() : undefined]);
      const now = clock.monotonic();
      this.belief =
        typeof reading === 'string' ? unanswered(this.belief) : believe(this.belief, reading, now, this.limits);
      const plan = reconcile(this.belief, { servers, pins }, this.leaving, now, this.limits);
      this.leaving = plan.leaving;
      failures.push(...(await this.confirmHealth(servers)));
      const failed = await this.runCommands(plan.commands);
      if (typeof reading !== 'string') {
        const shown = new Set(servers.map(({ name }) => name));
        this.unreached.absent = [...reading.unusable, ...[...failed.keys()].filter((name) => !shown.has(name))];
      }
      this.tellDown(servers);
      failures.push(
        ...plan.problems,
        ...failed.values(),
        ...(await this.keepFile()),
        ...(await this.movePins(plan, now)),
      );
      changes = plan.commands.length + plan.pin.size + plan.unpin.length;
      if (changes > 0) {
        log.info({ commands: plan.commands.length, pinned: plan.pin.size, unpinned: plan.unpin.length }, 'reconciled');
      }
    } catch (error) {
      failures.push(messageOf(error));
    }
    this.complain(failures);
    if (failures.length > 0) this.full ||= full;
    else if (full) this.report = { ...this.report, ...this.counts(), changes, last_reconcile: clock.now() };
    return failures.length === 0;
  }

  private counts() {
    return { servers: this.belief.servers.size, pins: this.belief.pins.size };
  }

  /** The reason as a string when Redis does not answer: then HAProxy is held at what was believed before. */
  private async read(full: boolean): Promise<Reading | string> {
    const { redis, registry, clock } = this.parts;
    try {
      return await observe(redis, registry, clock.monotonic(), full);
    } catch (error) {
      return `the registry cannot be read: ${messageOf(error)}`;
    }
  }

  /** A worker that begins with servers takes one out at its first failed check: a busy instance would lose its players. */
  private async confirmHealth(servers: readonly ShownServer[]): Promise<string[]> {
    if (!this.newWorker) return [];
    this.newWorker = false;
    try {
      for (const { name, state, up } of servers) if (up && state === 'ready') await this.parts.api.healthUp(name);
      return [];
    } catch (error) {
      this.newWorker = true;
      return [messageOf(error)];
    }
  }

  /** Writes the servers down for workers to come. */
  private async keepFile(): Promise<string[]> {
    const { backendFile } = this.parts;
    if (!backendFile) return [];
    try {
      const targets = [...this.belief.servers.values()].map(({ target }) => target);
      backendFile.write(
        await Promise.all(targets.map(async (target) => ({ ...target, address: await this.addressOf(target.host) }))),
      );
      return [];
    } catch (error) {
      return [`the servers cannot be written down: ${messageOf(error)}`];
    }
  }

  private async addressOf(host: string): Promise<string> {
    if (isAddress(host)) return host;
    const known = this.addresses.get(host);
    if (known !== undefined) return known;
    const { address } = await lookup(host);
    this.addresses.set(host, address);
    return address;
  }

  /** What went wrong, by server. */
  private async runCommands(commands: readonly Command[]): Promise<ReadonlyMap<InstanceId, string>> {
    const failures = new Map<InstanceId, string>();
    for (const command of commands) {
      if (failures.has(command.server)) continue;
      try {
        await this.run(command);
        this.parts.log.info({ ...command }, 'server changed');
      } catch (error) {
        failures.set(command.server, messageOf(error));
      }
    }
    return failures;
  }

  private async run(command: Command): Promise<void> {
    const { api, log } = this.parts;
    switch (command.do) {
      case 'add': {
        const { host } = command.target;
        this.addresses.delete(host);
        return api.add({ ...command.target, address: await this.addressOf(host) });
      }
      case 'enable health':
        return api.enableHealth(command.server);
      case 'state':
        return api.setState(command.server, command.state);
      case 'weight':
        return api.setWeight(command.server, command.weight);
      case 'shutdown sessions':
        await api.shutdownSessions(command.server);
        return this.parts.oldWorkers?.shutdownSessions(new Set([command.server]));
      case 'clear rooms':
        return api.clearRoomsOf(command.number);
      case 'delete':
        if ((await api.delete(command.server)) === 'busy')
          log.info({ server: command.server }, 'still has connections');
    }
  }

  /** Carries out the plan's pins, except for rooms that were assigned anew since it was made at `planned`. */
  private async movePins({ pin, unpin }: Plan, planned: number): Promise<string[]> {
    const current = (room: RoomCode) => (this.belief.hints.get(room)?.at ?? -1) <= planned;
    return this.inOrder(async () => {
      await this.parts.api.setPins([...pin].filter(([room]) => current(room)));
      await this.parts.api.clearPins(unpin.filter(current));
    });
  }

  private onMessage(channel: string, text: string): void {
    if (channel === this.channels.broadcast) this.look(false);
    const assignment = channel === this.channels.assignments ? parseAssignment(text) : undefined;
    // A drain moves thousands of rooms: what came in one turn of the event loop goes to HAProxy together.
    if (assignment && this.assigned.push(assignment) === 1) this.parts.clock.after(0, () => void this.pinAssigned());
  }

  private async pinAssigned(): Promise<void> {
    const { api, clock, redis, id } = this.parts;
    const assigned = this.assigned;
    this.assigned = [];
    const pins = new Map(assigned.map(({ room, number }) => [room, number]));
    this.belief = hinted(this.belief, pins, clock.monotonic());
    const failures = await this.inOrder(() => api.setPins(pins));
    if (failures.length > 0) return this.complain(failures);
    for (const { asked } of assigned) {
      if (asked === undefined) continue;
      const answer: ClusterMessage = { type: 'room_pinned', request: asked.request, controller: id };
      redis.publish(this.channels.instance(asked.by), JSON.stringify(answer)).catch(() => undefined);
    }
  }

  private async inOrder(change: () => Promise<void>): Promise<string[]> {
    const done = this.pinning.then(change).then(
      () => [],
      (error: unknown) => [messageOf(error)],
    );
    this.pinning = done;
    return done;
  }

  private async beat(): Promise<number> {
    await this.pulse();
    return this.parts.config.HOKM_HEARTBEAT_MS;
  }

  private async pulse(): Promise<void> {
    const { registry, id, clock } = this.parts;
    try {
      const { renewed } = await registry.controllerHeartbeat(id, this.report);
      this.belief = pulse(this.belief, renewed, clock.monotonic(), this.limits);
    } catch {
      this.belief = unanswered(this.belief);
    }
  }

  /** Sees a restarted or reloaded HAProxy, which has lost its servers, long before the next round would. */
  private async watch(): Promise<number> {
    const worker = await this.parts.api.worker().catch(() => undefined);
    if (worker !== this.worker) {
      if (worker !== undefined) {
        this.parts.log.info({ worker }, 'HAProxy answers');
        this.newWorker = true;
        this.look(true);
      }
      this.report = { ...this.report, worker: worker ?? '', down: this.unreached.unknown() };
      // Not waited for: Redis may take its time, and HAProxy is to be looked at meanwhile.
      const told = this.pulse().finally(() => this.running.delete(told));
      this.running.add(told);
    }
    this.worker = worker;
    return worker === undefined ? WATCH_AWAY_MS : WATCH_MS;
  }

  /** Sockets of an instance that has stopped would stay open in workers that no longer check it. */
  private async watchOldWorkers(): Promise<number> {
    const { api, oldWorkers } = this.parts;
    try {
      const servers = await api.servers();
      this.tellDown(servers);
      const isDown = ({ up, state, checked }: ShownServer) => (checked && !up) || state === 'maint';
      const down = servers.filter(isDown);
      oldWorkers?.forget(servers.filter((server) => !isDown(server)).map(({ name }) => name));
      await oldWorkers?.shutdownSessions(new Set(down.map(({ name }) => name)));
    } catch (error) {
      this.parts.log.debug({ err: messageOf(error) }, 'old workers cannot be asked');
    }
    return OLD_WORKERS_MS;
  }

  /** For the registry. */
  private tellDown(servers: readonly ShownServer[]): void {
    this.report = { ...this.report, down: this.unreached.report(servers, this.parts.clock.monotonic()) };
  }

  /** Logs trouble once, until it changes. */
  private complain(lines: readonly string[]): void {
    const complaint = lines.join('; ');
    if (complaint !== this.lastComplaint && complaint !== '') this.parts.log.warn(complaint);
    this.lastComplaint = complaint;
  }

  private after(ms: number, callback: () => void): Timer {
    const timer = this.parts.clock.after(ms, () => {
      this.timers.delete(timer);
      callback();
    });
    this.timers.add(timer);
    return timer;
  }

  /** Runs `task` now, and again as many ms after its end as it says. */
  private repeat(task: () => Promise<number>): void {
    const running = task().then((ms) => {
      this.running.delete(running);
      if (!this.stopped) this.after(ms, () => this.repeat(task));
    });
    this.running.add(running);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
