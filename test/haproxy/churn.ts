/**
 * Instances join and leave at random, in order or by SIGKILL, while players sit in rooms and others come and go. After
 * each quiet second every pin must name its room's owner, HAProxy must never have been reloaded, and no join may fail.
 */
import { readFileSync } from 'node:fs';
import { openNodeSocket } from '../../src/client/node.js';
import { Table } from '../../src/client/table.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import { Seeded } from '../chaos/seeded.js';
import { end, until } from '../support/programs.js';
import { PlayedCluster, type PlayedRoom } from './played-cluster.js';

export interface ChurnOptions {
  readonly seconds: number;
  /** Goes on above `seconds` until so many servers have joined, and so many have left. */
  readonly servers: number;
  readonly rooms: number;
  readonly instances: number;
  /** Servers that join, and leave, at a time. */
  readonly batch: number;
  readonly joinsPerSecond: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
  /** Of the controller, beside its defaults. */
  readonly controller?: Record<string, string>;
}

export interface ChurnReport {
  readonly seed: number;
  readonly seconds: number;
  readonly rooms: number;
  readonly servers: {
    readonly added: number;
    readonly removed: number;
    readonly killed: number;
    readonly deleted: number;
  };
  /** Of players who come while all this goes on; failed: not at the table within 10 s. */
  readonly joins: {
    readonly tried: number;
    readonly failed: number;
    readonly p50_ms: number;
    readonly p99_ms: number;
    readonly max_ms: number;
  };
  /** Connections that did not open at once, by reason; the client came in by a further attempt. */
  readonly second_attempts: Readonly<Record<string, number>>;
  readonly quiet_seconds: number;
  /** Summed over all quiet seconds: pins that name another than the owner; owned rooms without a pin. */
  readonly wrong_pins: number;
  readonly missing_pins: number;
  readonly stuck_players: number;
  readonly reloads: number;
  /** Resident memory of HAProxy's worker, MiB: when all rooms were open, at the end, and at most. */
  readonly haproxy_mib: { readonly first: number; readonly last: number; readonly max: number };
}

const JOIN_MS = 10_000;
const BACK_MS = 30_000;
const QUIET_MS = 1_000;
const DELETED_MS = 40_000;

export async function churn(options: ChurnOptions): Promise<ChurnReport> {
  const cluster = await PlayedCluster.start(options.instances, options.controller);
  try {
    await cluster.open(options.rooms);
    options.tell(`${options.rooms} rooms are open on ${options.instances} instances`);
    return await new Churn(cluster, options).run();
  } finally {
    await cluster.stop();
  }
}

class Churn {
  private readonly random: Seeded;
  private readonly latencies: number[] = [];
  private readonly secondAttempts: Record<string, number> = {};
  private readonly visitors = new Set<Table>();
  private readonly gone = new Set<InstanceId>();
  private tried = 0;
  private failed = 0;
  private added = 0;
  private killed = 0;
  private quiet = 0;
  private wrong = 0;
  private missing = 0;
  private stuck = 0;
  private reloads = 0;
  private worker = '';
  private readonly memory: number[] = [];

  constructor(
    private readonly cluster: PlayedCluster,
    private readonly options: ChurnOptions,
  ) {
    this.random = new Seeded(options.seed);
  }

  async run(): Promise<ChurnReport> {
    const { seconds, servers, joinsPerSecond, tell, seed, rooms } = this.options;
    await this.lookAtHaproxy();
    const since = performance.now();
    const joining = setInterval(() => this.join(), 1_000 / joinsPerSecond);
    while (performance.now() - since < seconds * 1_000 || Math.min(this.added, this.gone.size) < servers) {
      await Promise.all([this.arrive(), this.leave()]);
      await this.quietSecond();
      tell(
        `${((performance.now() - since) / 1_000).toFixed(0)} s: ${this.added} added, ${this.gone.size} gone, ` +
          `${this.tried} joins, ${this.failed} failed, ${this.wrong} wrong pins, ${this.memory.at(-1)?.toFixed(1)} MiB`,
      );
    }
    clearInterval(joining);
    await until('all visitors have had their answer', () => this.visitors.size === 0, 2 * JOIN_MS);
    const deleted = await this.deleted();
    await this.lookAtHaproxy();
    const sorted = this.latencies.sort((a, b) => a - b);
    const at = (share: number) =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    return {
      seed,
      seconds: Math.round((performance.now() - since) / 1_000),
      rooms,
      servers: { added: this.added, removed: this.gone.size, killed: this.killed, deleted },
      joins: { tried: this.tried, failed: this.failed, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) },
      second_attempts: this.secondAttempts,
      quiet_seconds: this.quiet,
      wrong_pins: this.wrong,
      missing_pins: this.missing,
      stuck_players: this.stuck,
      reloads: this.reloads,
      haproxy_mib: {
        first: round(this.memory[0] ?? 0),
        last: round(this.memory.at(-1) ?? 0),
        max: round(Math.max(...this.memory)),
      },
    };
  }

  private async arrive(): Promise<void> {
    await Promise.all(
      Array.from({ length: this.options.batch }, async () => {
        await this.cluster.add();
        this.added += 1;
      }),
    );
  }

  private async leave(): Promise<void> {
    const { instances } = this.cluster;
    const ids = [...instances.keys()];
    await Promise.all(
      Array.from({ length: this.options.batch }, async () => {
        const [id] = ids.splice(this.random.between(0, ids.length - 1), 1);
        const instance = id && instances.get(id);
        if (!id || !instance) return;
        instances.delete(id);
        const kill = this.random.next() < 0.25;
        if (kill) this.killed += 1;
        await end(instance.process, kill ? 'SIGKILL' : 'SIGTERM');
        this.gone.add(id);
      }),
    );
  }

  /** Nothing joins or leaves for a second; then all pins are looked at. */
  private async quietSecond(): Promise<void> {
    const { cluster } = this;
    await until('all players are back', () => cluster.away.length === 0, BACK_MS).catch(() => {
      this.stuck += cluster.away.length;
    });
    const since = performance.now();
    await until('a quiet second', () => performance.now() - since > QUIET_MS);
    const [pins, numbers, owners] = await Promise.all([
      cluster.haproxy.api.pins(),
      cluster.numbers(),
      Promise.all(cluster.rooms.map(async ({ code }) => [code, await cluster.owner(code)] as const)),
    ]);
    this.quiet += 1;
    for (const [code, owner] of owners) {
      const wanted = owner && numbers.get(owner);
      if (wanted === undefined) continue;
      if (!pins.has(code)) this.missing += 1;
      else if (pins.get(code) !== wanted) this.wrong += 1;
    }
    await this.lookAtHaproxy();
  }

  /** One visitor of a room chosen by lot. */
  private join(): void {
    const { rooms, url } = this.cluster;
    const room = rooms[this.random.between(0, rooms.length - 1)];
    if (!room) return;
    const since = performance.now();
    let attempts = 0;
    this.tried += 1;
    const openSocket: typeof openNodeSocket = (address) => {
      const socket = openNodeSocket(address);
      attempts += 1;
      if (attempts > 1) this.secondAttempts[why] = (this.secondAttempts[why] ?? 0) + 1;
      return watched(socket, (text) => {
        why = text;
      });
    };
    let why = 'no reason';
    const visitor = new Table({ url, room: room.code, spectate: true, openSocket });
    this.visitors.add(visitor);
    const leave = (came: boolean) => {
      clearTimeout(late);
      this.visitors.delete(visitor);
      visitor.close();
      if (came) this.latencies.push(performance.now() - since);
      else {
        this.failed += 1;
        const last = `${attempts} attempts, the last one before: ${why} ${visitor.state.error?.code ?? ''}`;
        void this.explain(room).then((state) => this.options.tell(`a join failed: ${last}; ${state}`));
      }
    };
    const late = setTimeout(() => leave(false), JOIN_MS);
    visitor.subscribe(({ connection }) => {
      if (!this.visitors.has(visitor)) return;
      if (connection === 'open') leave(true);
      else if (connection === 'closed') leave(false);
    });
  }

  /** Where a room was when somebody could not join it. */
  private async explain({ code, player }: PlayedRoom): Promise<string> {
    const { cluster } = this;
    try {
      const meta = await cluster.store.meta(code);
      const [pins, { instances }] = await Promise.all([cluster.haproxy.api.pins(), cluster.registry.list()]);
      const owner = instances.find(({ id }) => id === meta?.owner);
      const pinned = instances.find(({ number }) => number === pins.get(code));
      const place = `${meta?.owner} (${owner?.status ?? 'not registered'}, epoch ${meta?.epoch})`;
      return `${code} is at ${place}, pinned to ${pinned?.id ?? pins.get(code)}, its player ${player.state.connection}`;
    } catch (error) {
      return (error as Error).message;
    }
  }

  private async lookAtHaproxy(): Promise<void> {
    const { worker, pid } = await this.cluster.haproxy.api.info();
    if (this.worker !== '' && worker !== this.worker) this.reloads += 1;
    this.worker = worker;
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    this.memory.push(Number(kib) / 1_024);
  }

  /** How many of those that left HAProxy has deleted in the end. */
  private async deleted(): Promise<number> {
    let left = this.gone.size;
    await until(
      'the servers are deleted',
      async () => {
        const shown = new Set((await this.cluster.haproxy.api.servers()).map(({ name }) => name));
        left = [...this.gone].filter((id) => shown.has(id)).length;
        return left === 0;
      },
      DELETED_MS,
    ).catch(() => undefined);
    return this.gone.size - left;
  }
}

const round = (value: number) => Math.round(value * 10) / 10;

/** Tells why a socket did not get as far as its first message. */
function watched(socket: ReturnType<typeof openNodeSocket>, tell: (why: string) => void): typeof socket {
  const raw = socket as unknown as {
    once(event: 'error', listener: (error: Error) => void): void;
    once(event: 'close', listener: (code: number) => void): void;
  };
  raw.once('error', ({ message }) => tell(message));
  raw.once('close', (code) => tell(`closed with ${code}`));
  return socket;
}
