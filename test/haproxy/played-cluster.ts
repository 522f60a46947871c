/** Real instances with real rooms behind a real HAProxy with its controller, and what can be measured of their pins. */

import { joinTable } from '../../src/client/node.js';
import type { Table } from '../../src/client/table.js';
import { Registry } from '../../src/cluster/registry.js';
import type { ClusterMessage } from '../../src/protocol/cluster.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import { connect, type RedisConnection } from '../../src/redis/client.js';
import { RedisRoomStore } from '../../src/redis/room-store.js';
import { randomHex } from '../../src/runtime/random.js';
import { createRoom, startInstance, type TestInstance } from '../support/cluster.js';
import { testConfig } from '../support/config.js';
import { addressOf } from '../support/host.js';
import { KEYS } from '../support/keys.js';
import { end, startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { startController, startHAProxy, type TestHAProxy } from './support.js';

/** The defaults of a cluster, not the quick ones of the other tests: what is measured is what holds in life. */
const LIFE = {
  HOKM_LEASE_MS: '5000',
  HOKM_HEARTBEAT_MS: '1000',
  HOKM_RECONCILE_MS: '2000',
  HOKM_DELETE_WAIT_MS: '15000',
};

const PARALLEL = 8;
const OPEN_MS = 60_000;

export interface PlayedRoom {
  readonly code: RoomCode;
  readonly player: Table;
}

export class PlayedCluster {
  readonly instances = new Map<InstanceId, TestInstance>();
  readonly rooms: PlayedRoom[] = [];
  private readonly listeners: RedisConnection[] = [];

  private constructor(
    readonly redis: TestRedis,
    readonly connection: RedisConnection,
    readonly haproxy: TestHAProxy,
    private readonly controller: Awaited<ReturnType<typeof startController>>,
  ) {}

  /** @param settings of the controller. */
  static async start(instances: number, settings: Record<string, string> = {}): Promise<PlayedCluster> {
    const [redis, haproxy] = await Promise.all([startRedis(), startHAProxy()]);
    const [connection, controller] = await Promise.all([
      connectToRedis(redis.url),
      startController(redis, haproxy, { ...LIFE, ...settings }),
    ]);
    const cluster = new PlayedCluster(redis, connection, haproxy, controller);
    await Promise.all(Array.from({ length: instances }, () => cluster.add()));
    return cluster;
  }

  get store(): RedisRoomStore {
    return new RedisRoomStore(this.connection);
  }

  get registry(): Registry {
    return new Registry(this.connection, Number(LIFE.HOKM_LEASE_MS));
  }

  async add(): Promise<TestInstance> {
    const instance = await startInstance(this.redis.url);
    const id = instance.id as InstanceId;
    this.instances.set(id, instance);
    await until('HAProxy has it', async () =>
      (await this.haproxy.api.servers()).some(({ name, state, up }) => name === id && state === 'ready' && up),
    );
    return instance;
  }

  /** New rooms with one player each, who came in through HAProxy. */
  async open(count: number): Promise<void> {
    const ports = [...this.instances.values()].map(({ port }) => port);
    let left = count;
    const workers = Array.from({ length: PARALLEL }, async () => {
      while (left > 0) {
        left -= 1;
        const code = (await createRoom(`http://${addressOf(ports[left % ports.length])}`)) as RoomCode;
        this.rooms.push({ code, player: joinTable({ url: this.url, room: code }) });
        await until('most are at their tables', () => this.away.length < 2 * PARALLEL, OPEN_MS);
      }
    });
    await Promise.all(workers);
    await until('all are at their tables', () => this.away.length === 0, OPEN_MS);
  }

  get url(): string {
    return `ws://${addressOf(this.haproxy.port)}/ws`;
  }

  /** Rooms whose player is not connected. */
  get away(): PlayedRoom[] {
    return this.rooms.filter(({ player }) => player.state.connection !== 'open');
  }

  async owner(code: RoomCode): Promise<InstanceId | undefined> {
    return (await this.store.meta(code))?.owner ?? undefined;
  }

  async numbers(): Promise<Map<InstanceId, number>> {
    return new Map((await this.registry.list()).instances.map(({ id, number }) => [id, number]));
  }

  /** Has the room's owner move it to `to`, as an operator or the autoscaler would. */
  async order(code: RoomCode, owner: InstanceId, to: InstanceId): Promise<void> {
    const message: ClusterMessage = { type: 'game_migration_request', room: code, to, request: randomHex(8) };
    await this.connection.xadd(KEYS.inbox(owner), '*', 'message', JSON.stringify(message));
  }

  /** hokm_forwards_total of all instances. */
  async forwards(): Promise<number> {
    const pages = await Promise.all(
      [...this.instances.values()].map(async ({ port }) => (await fetch(`http://${addressOf(port)}/metrics`)).text()),
    );
    const counts = pages.flatMap((page) => [...page.matchAll(/^hokm_forwards_total\{.*\} (\d+)$/gm)]);
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** A connection that hears what is published there; it ends with the cluster at the latest. */
  async listen(channel: string): Promise<RedisConnection> {
    const listener = connect(testConfig(this.redis.url), 'test-sub', true);
    this.listeners.push(listener);
    await listener.connect();
    await listener.subscribe(channel);
    return listener;
  }

  async stop(): Promise<void> {
    for (const listener of this.listeners) listener.disconnect();
    for (const { player } of this.rooms) player.close();
    this.connection.disconnect();
    await end(this.controller, 'SIGTERM');
    await Promise.all([...this.instances.values()].map(({ process }) => end(process)));
    await Promise.all([this.redis.stop(), this.haproxy.stop()]);
  }
}

export interface Moves {
  readonly moves: number;
  readonly forwards: number;
  /** Share of moves after which the player was at the new owner without a forward. */
  readonly direct: number;
}

/** Moves rooms from one instance to another, `parallel` at a time, while their players follow. */
export async function measureMoves(cluster: PlayedCluster, moves: number, parallel: number): Promise<Moves> {
  const before = await cluster.forwards();
  let left = moves;
  const workers = Array.from({ length: parallel }, async (_, worker) => {
    for (let at = worker; left > 0; at += parallel) {
      left -= 1;
      const room = cluster.rooms[at % cluster.rooms.length];
      if (room) await moveOnce(cluster, room);
    }
  });
  await Promise.all(workers);
  const forwards = (await cluster.forwards()) - before;
  return { moves, forwards, direct: 1 - forwards / moves };
}

async function moveOnce(cluster: PlayedCluster, { code, player }: PlayedRoom): Promise<void> {
  const ids = [...cluster.instances.keys()];
  const meta = await cluster.store.meta(code);
  if (!meta?.owner) throw new Error(`${code} has no owner`);
  const target = ids[(ids.indexOf(meta.owner) + 1) % ids.length] as InstanceId;
  let followed = false;
  // The first welcome after the move is the socket that followed it.
  const forget = player.subscribe(({ connection, cursor }) => {
    followed ||= connection === 'open' && (cursor?.epoch ?? 0) > meta.epoch;
  });
  await cluster.order(code, meta.owner, target);
  await until(
    `${code} has moved and its player with it`,
    async () => (await cluster.owner(code)) === target && (followed || reconnectedAt(cluster, target, code)),
    20_000,
  );
  forget();
}

/** A welcome that resumed at the same cursor does not tell the new epoch: then the new owner says who is there. */
export async function reconnectedAt(cluster: PlayedCluster, target: InstanceId, code: RoomCode): Promise<boolean> {
  const { port = 0 } = cluster.instances.get(target) ?? {};
  const response = await fetch(`http://${addressOf(port)}/status?room_code=${code}`);
  const page = (await response.json()) as { room?: { connections: number } | null };
  return (page.room?.connections ?? 0) > 0;
}

export interface Takeovers {
  readonly rooms: number;
  /** From the new owner's claim to the pin that names it, ms, sorted. */
  readonly gaps: readonly number[];
}

/** Kills an instance and sees how its rooms' pins follow each takeover. */
export async function measureTakeovers(cluster: PlayedCluster): Promise<Takeovers> {
  const owners = new Map<InstanceId, RoomCode[]>();
  for (const { code } of cluster.rooms) {
    const owner = await cluster.owner(code);
    if (owner !== undefined) owners.set(owner, [...(owners.get(owner) ?? []), code]);
  }
  const [victim, codes] = [...owners].sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
  if (victim === undefined || codes === undefined) throw new Error('no rooms');
  const waiting = new Map(codes.map((code) => [code, undefined as { at: number; number: number } | undefined]));
  const gaps: number[] = [];
  const listener = await cluster.listen(KEYS.channels.assignments);
  listener.on('message', (_, text) => {
    const message = JSON.parse(text) as ClusterMessage;
    if (message.type !== 'room_assignment_update' || message.planned || !waiting.has(message.room)) return;
    if (message.owner !== victim) waiting.set(message.room, { at: performance.now(), number: message.number });
  });
  const { process } = cluster.instances.get(victim) ?? {};
  cluster.instances.delete(victim);
  process?.kill('SIGKILL');
  await until(
    'every pin names the new owner',
    async () => {
      const pins = await cluster.haproxy.api.pins();
      const now = performance.now();
      for (const [code, taken] of waiting) {
        if (taken === undefined || pins.get(code) !== taken.number) continue;
        gaps.push(now - taken.at);
        waiting.delete(code);
      }
      return waiting.size === 0;
    },
    30_000,
  );
  listener.disconnect();
  return { rooms: codes.length, gaps: gaps.sort((a, b) => a - b) };
}
