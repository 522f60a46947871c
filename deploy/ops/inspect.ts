/** Looks at rooms from all sides (Redis, the instances, HAProxy) without changing anything, unless asked to retry one. */
import { RuntimeApi } from '../../haproxy/runtime-api.js';
import { askLivez } from '../../src/cluster/livez.js';
import { type InstanceRecord, Registry } from '../../src/cluster/registry.js';
import { RoomIndex } from '../../src/cluster/room-index.js';
import { commandName } from '../../src/config.js';
import type { InstanceStatusPage, RoomStatusPage } from '../../src/edge/health.js';
import { findGame } from '../../src/game/games.js';
import { type InstanceId, parseRoomCode, type RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { allRoomMetas, roomIn } from '../../src/redis/keys.js';
import { RedisRoomStore, type StoredWhole } from '../../src/redis/room-store.js';
import { loadRoom } from '../../src/room/load.js';
import type { Entry, RoomState } from '../../src/room/state.js';
import type { RoomMeta, StoredEntry } from '../../src/room/store.js';
import { formatHostPort } from '../../src/runtime/address.js';
import type { ClusterAccess } from './cluster-access.js';
import { epochsOf, type ListedRoom, type OwnerReport, type RoomReport, type SeatReport } from './room-report.js';

/** An instance that does not answer within this counts as not reachable from here, ms. */
const ASK_MS = 2_000;
const PARALLEL = 16;

export class Inspector {
  private readonly registry: Registry;
  private readonly store: RedisRoomStore;
  private readonly index: RoomIndex;

  constructor(private readonly access: ClusterAccess) {
    // Only read from here: no lease is taken or renewed.
    this.registry = new Registry(access.redis, 0);
    this.store = new RedisRoomStore(access.redis, { waiting: access.redis, copies: access.copies });
    this.index = new RoomIndex(access.redis);
  }

  /** Everything about one room; undefined when there is none. @throws when Redis does not answer */
  async explain(code: RoomCode): Promise<RoomReport | undefined> {
    const [whole, { instances }, now] = await Promise.all([
      this.store.inspect(code),
      this.registry.list(),
      this.registry.time(),
    ]);
    if (!whole) return undefined;
    const { meta, snapshot, log, ttlMs } = whole;
    const { head } = meta;
    const [pages, owner, pin] = await Promise.all([
      Promise.all(instances.map((instance) => this.roomPage(instance, code))),
      meta.owner === null ? null : this.owner(meta.owner, meta.address, code, instances),
      this.pin(code),
    ]);
    const entries = log.flatMap(readEntry);
    const { state, problem } = stateOf(whole);
    const played = pages.find((page) => page?.room && page.id === meta.owner)?.room ?? undefined;
    const problems = [
      ...(meta.failed
        ? [
            `Set aside by version ${meta.failed.version}: ${meta.failed.why}. ${commandName('room')} retry ${code} opens it again.`,
          ]
        : []),
      ...(problem === undefined ? [] : [`What is stored does not add up: ${problem}.`]),
      ...disagreements(code, owner, pin, played !== undefined),
    ];
    return {
      room: code,
      game: `${head.game}@${head.rulesVersion}`,
      status: statusOf(meta, state?.status),
      durability: head.settings.durability,
      now,
      created_at: head.createdAt,
      owner,
      epoch: meta.epoch,
      seq: meta.seq,
      digest: meta.digest,
      last_commit_at: entries.at(-1)?.entry.at ?? null,
      alive_at: meta.aliveAt,
      epochs: epochsOf(entries),
      log: { entries: log.length, first_seq: log[0]?.seq ?? null, snapshot_seq: snapshot?.seq ?? 0 },
      ttl_ms: ttlMs,
      seats: played?.seats ?? storedSeats(state),
      connections: played?.connections ?? null,
      frozen: played?.frozen ?? null,
      pin,
      problems,
      errors: pages
        .flatMap((page) => page?.errors.map((error) => ({ ...error, instance: page.id })) ?? [])
        .sort((a, b) => a.at - b.at),
    };
  }

  /** All rooms; `complete` is false when Redis does not let this user look for those that nobody owns. */
  async list(): Promise<{ rooms: ListedRoom[]; complete: boolean }> {
    const { instances, expired } = await this.registry.list();
    const ids = [...instances.map(({ id }) => id), ...expired];
    const [pages, indexed, found, failed] = await Promise.all([
      Promise.all(instances.map((instance) => this.ask<InstanceStatusPage>(instance, '/status', 'rooms'))),
      Promise.all(ids.map((id) => this.index.rooms(id))),
      scanRooms(this.access.redis).catch(() => undefined),
      this.access.redis.zrange(this.access.redis.keyspace.failedRooms, '0', '-1') as Promise<RoomCode[]>,
    ]);
    const lines = new Map(pages.flatMap((page) => page?.rooms.map((line) => [line.room, line] as const) ?? []));
    const queue = [...new Set([...(found ?? []), ...indexed.flat(), ...failed])].sort();
    const rooms: ListedRoom[] = [];
    const workers = Array.from({ length: PARALLEL }, async () => {
      for (let code = queue.shift(); code !== undefined; code = queue.shift()) {
        const meta = await this.store.meta(code);
        if (!meta) continue;
        const line = lines.get(code);
        // Only who plays the room has its present state at hand.
        const state = line?.owner === meta.owner ? undefined : await this.storedState(code);
        const [status, players] = state === undefined ? [line?.status, line?.players] : [state.status, humansOf(state)];
        rooms.push({
          room: code,
          owner: meta.owner,
          epoch: meta.epoch,
          seq: meta.seq,
          status: `${statusOf(meta, status)}${line?.frozen ? ', frozen' : ''}`,
          players: players ?? null,
        });
      }
    });
    await Promise.all(workers);
    rooms.sort((a, b) => (a.room < b.room ? -1 : 1));
    return { rooms, complete: found !== undefined };
  }

  /** Lets a room that was set aside be claimed again; false when it is not. */
  async retry(code: RoomCode): Promise<boolean> {
    return this.store.retry(code);
  }

  private async storedState(code: RoomCode): Promise<RoomState | undefined> {
    const whole = await this.store.inspect(code);
    return whole ? stateOf(whole).state : undefined;
  }

  private async owner(
    id: InstanceId,
    address: string | null,
    code: RoomCode,
    instances: readonly InstanceRecord[],
  ): Promise<OwnerReport> {
    const record = instances.find((instance) => instance.id === id);
    const place = record ? formatHostPort(record) : address;
    const [answer, rooms] = await Promise.all([place === null ? undefined : askLivez(place), this.index.rooms(id)]);
    const process =
      answer?.answer === 'alive'
        ? answer.id === id
          ? 'alive'
          : 'replaced by another process'
        : (answer?.answer ?? 'unknown');
    return { id, address: place, registered: record?.status ?? null, process, indexed: rooms.includes(code) };
  }

  private async pin(code: RoomCode): Promise<RoomReport['pin']> {
    const { haproxySocket } = this.access;
    if (haproxySocket === undefined) return null;
    const api = new RuntimeApi(haproxySocket);
    try {
      const [pins, servers] = await Promise.all([api.pins(), api.servers()]);
      const number = pins.get(code);
      const server = servers.find((one) => one.number === number);
      return { number: number ?? null, instance: server?.name ?? null };
    } catch {
      return null;
    }
  }

  private roomPage(instance: InstanceRecord, code: RoomCode): Promise<RoomStatusPage | undefined> {
    return this.ask<RoomStatusPage>(instance, `/status?room_code=${code}`, 'errors');
  }

  /**
   * One of the pages that instances have for operators; undefined when it cannot be had from here.
   * @param list a list that the page has; one without it is of other software, or of another version
   */
  private async ask<Page extends object>(
    instance: InstanceRecord,
    path: string,
    list: keyof Page,
  ): Promise<Page | undefined> {
    const { opsToken } = this.access;
    const headers: Record<string, string> = opsToken === undefined ? {} : { authorization: `Bearer ${opsToken}` };
    try {
      const response = await fetch(`http://${formatHostPort(instance)}${path}`, {
        headers,
        signal: AbortSignal.timeout(ASK_MS),
      });
      const page = response.ok ? ((await response.json()) as Page) : undefined;
      return page && Array.isArray(page[list]) ? page : undefined;
    } catch {
      return undefined;
    }
  }
}

const statusOf = ({ owner, failed }: RoomMeta, status = 'unknown') =>
  failed ? 'failed, set aside' : `${status}${owner === null ? ', stored' : ''}`;

/** Nothing of one that cannot be read: `stateOf` says so. */
function readEntry({ seq, text }: StoredEntry): { seq: number; entry: Entry }[] {
  try {
    const entry = JSON.parse(text) as Entry | null;
    return entry?.v === 1 ? [{ seq, entry }] : [];
  } catch {
    return [];
  }
}

/** The room as it adds up from what is stored, or why it does not. */
function stateOf({ meta, snapshot, log, unreadable }: StoredWhole): { state?: RoomState; problem?: string } {
  const why = meta.unreadable ?? unreadable;
  if (why !== undefined) return { problem: why };
  const game = findGame(meta.head.game);
  if (!game) return { problem: `there is no game called ${meta.head.game} here` };
  try {
    const tail = log.filter(({ seq }) => seq > (snapshot?.seq ?? 0));
    return { state: loadRoom(game, { meta, snapshot, tail }).state };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

function storedSeats(state: RoomState | undefined): (SeatReport | null)[] {
  return (state?.seats ?? []).map(
    (seat) =>
      seat && {
        name: seat.name,
        bot: seat.kind === 'bot',
        substituted: seat.kind === 'human' && seat.substituted,
        connected: null,
      },
  );
}

const humansOf = (state: RoomState) => state.seats.filter((seat) => seat?.kind === 'human').length;

function disagreements(code: RoomCode, owner: OwnerReport | null, pin: RoomReport['pin'], played: boolean): string[] {
  if (!owner) return [];
  const problems: string[] = [];
  if (owner.registered === null) problems.push(`${owner.id} is not registered: its lease has run out.`);
  else if (!played) problems.push(`${owner.id} does not say that it plays ${code}, or cannot be asked from here.`);
  if (!owner.indexed)
    problems.push(`${code} is missing in the index of ${owner.id}: nobody would find it as an orphan.`);
  if (pin?.number != null && pin.instance !== owner.id) {
    problems.push(
      `HAProxy pins it to ${pin.instance ?? `server ${pin.number}`}, not to its owner: a forward each time.`,
    );
  }
  return problems;
}

async function scanRooms(redis: RedisConnection): Promise<RoomCode[]> {
  const codes: RoomCode[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', allRoomMetas(redis.keyspace), 'COUNT', 1_000);
    cursor = next;
    for (const key of keys) {
      const code = parseRoomCode(roomIn(key));
      if (code !== undefined) codes.push(code);
    }
  } while (cursor !== '0');
  return codes;
}
