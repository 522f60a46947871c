/** Rooms in Redis. All keys of a room share the hash tag `{CODE}`. The contracts are in `src/room/store.ts`. */
import type { Digest, Epoch, InstanceId, RoomCode, Seq } from '../protocol/ids.js';
import { type LogLine, NO_DIGEST, type Position } from '../room/history.js';
import type { Durability, RoomHead } from '../room/state.js';
import type {
  ClaimReply,
  CommitReply,
  ConfirmReply,
  Failure,
  Fence,
  FencedReply,
  Gap,
  Refused,
  RoomMeta,
  RoomStore,
  Seen,
  Stored,
  StoredEntry,
  StoredRoom,
  StoredSnapshot,
  TransferReply,
  WholeRoom,
} from '../room/store.js';
import { generationOf, type RedisConnection } from './client.js';
import { Copies } from './copies.js';
import type { Keyspace } from './keys.js';
import type { GapReply, RefusedReply } from './scripts.js';

const positionOf = ({ seq, digest }: Position) => [String(seq), digest];

/** A stored room with all of the log that is kept, also what is behind the snapshot. */
export interface StoredWhole {
  readonly meta: RoomMeta;
  readonly snapshot: StoredSnapshot | null;
  readonly log: readonly StoredEntry[];
  /** Set when what is stored as the snapshot is none. */
  readonly unreadable?: string;
  /** When it is forgotten, ms from now; null when it is not. */
  readonly ttlMs: number | null;
}

export interface RedisRoomStoreOptions {
  /** A connection of its own for what waits for copies: WAIT and WAITAOF hold up everything behind them. */
  readonly waiting: RedisConnection;
  /** Copies of the data there are, the primary included. */
  readonly copies: number;
  /** Hears once why copies confirm from memory although Redis could tell what is on disks. */
  readonly onMemoryOnly?: (why: string) => void;
}

export class RedisRoomStore implements RoomStore {
  /** Undefined where there are none to wait for. */
  private readonly copies: { readonly waiting: RedisConnection; readonly confirmed: Copies } | undefined;
  private readonly keys: Keyspace;

  constructor(
    private readonly redis: RedisConnection,
    options?: RedisRoomStoreOptions,
  ) {
    this.keys = redis.keyspace;
    const replicas = Math.floor((options?.copies ?? 1) / 2);
    if (options && replicas > 0) {
      this.copies = {
        waiting: options.waiting,
        confirmed: new Copies(options.waiting, replicas, options.onMemoryOnly),
      };
    }
  }

  private keysOf(code: RoomCode): string[] {
    return [this.keys.roomMeta(code), this.keys.roomLog(code), this.keys.roomSnapshot(code)];
  }

  /**
   * Writes, and waits until a majority of the copies has it. WAIT on another connection knows nothing of the write and says
   * yes at once; so does one that is sent along with a script, when Redis has forgotten the script and it is sent again.
   */
  private async copied<Reply>(
    write: (redis: RedisConnection) => Promise<Reply>,
  ): Promise<{ reply: Reply; copied: boolean }> {
    if (!this.copies) return { reply: await write(this.redis), copied: true };
    const { waiting, confirmed } = this.copies;
    const generation = generationOf(waiting);
    const reply = await write(waiting);
    const copied = await confirmed.confirm();
    if (generationOf(waiting) !== generation) throw new Error('the connection changed between a write and its WAIT');
    return { reply, copied };
  }

  async create(head: RoomHead, ttlMs: number): Promise<boolean> {
    const key = this.keys.roomMeta(head.code);
    const { reply, copied } = await this.copied((redis) =>
      redis.createRoom(key, JSON.stringify(head), NO_DIGEST, String(ttlMs)),
    );
    if (reply === 1 && !copied) throw new Error('the new room is not on enough copies');
    return reply === 1;
  }

  async meta(code: RoomCode): Promise<RoomMeta | null> {
    const fields = await this.redis.hgetall(this.keys.roomMeta(code));
    return fields.head === undefined ? null : toMeta(code, fields);
  }

  async claim(code: RoomCode, seen: Seen, by: InstanceId, address: string, above = 0 as Epoch): Promise<ClaimReply> {
    return answered(async () => {
      const lastSeen = [seen.owner ?? '', String(seen.epoch)];
      const ends = seen.at ? positionOf(seen.at) : [];
      const end = seen.missing?.at(-1);
      const missing = seen.missing && end ? [end.digest, ...seen.missing.map(({ text }) => text)] : [];
      const { reply, copied } = await this.copied((redis) =>
        redis.claimRoom(...this.keysOf(code), ...lastSeen, by, address, String(above), ...ends, ...missing),
      );
      if (reply[0] !== 'ok') return refused(reply);
      if (!copied) throw new Error('the claim is not on enough copies');
      const [, meta, snapshot, tail] = reply;
      return {
        outcome: 'ok',
        room: { meta: toMeta(code, pairs(meta)), ...readSnapshot(snapshot), tail: tail.map(toEntry) },
      };
    });
  }

  commit(
    code: RoomCode,
    fence: Fence,
    after: Position,
    entries: readonly LogLine[],
    durability: Durability,
  ): Promise<CommitReply> {
    const write = (redis: RedisConnection) =>
      redis.commitRoom(
        this.keys.roomMeta(code),
        this.keys.roomLog(code),
        fence.owner,
        String(fence.epoch),
        String(after.seq),
        after.digest,
        entries.at(-1)?.digest ?? after.digest,
        ...entries.map((entry) => entry.text),
      );
    if (durability !== 'replicated') return write(this.redis).then(committed, unknown);
    return this.copied(write).then(({ reply, copied }) => {
      if (reply[0] === 'ok' && !copied) return unknown(new Error('the commit is not on enough copies'));
      return committed(reply);
    }, unknown);
  }

  check(code: RoomCode, { owner, epoch }: Fence, { seq, digest }: Position): Promise<CommitReply> {
    return this.redis
      .commitRoom(this.keys.roomMeta(code), this.keys.roomLog(code), owner, String(epoch), String(seq), digest)
      .then(committed, unknown);
  }

  async confirm(code: RoomCode): Promise<ConfirmReply> {
    try {
      const { reply, copied } = await this.copied((redis) => redis.confirmRoom(this.keys.roomMeta(code)));
      if (reply[0] !== 'ok') return { outcome: 'gone' };
      if (!copied) throw new Error('the room is not on enough copies');
      return { outcome: 'ok', ...toStored(reply) };
    } catch (error) {
      return { outcome: 'unknown', error: error as Error };
    }
  }

  async snapshot(code: RoomCode, fence: Fence, snapshot: StoredSnapshot, keep: number): Promise<FencedReply> {
    return answered(async () => {
      const text = JSON.stringify(snapshot);
      const by = [fence.owner, String(fence.epoch)];
      const reply = await this.redis.snapshotRoom(
        ...this.keysOf(code),
        ...by,
        String(snapshot.seq),
        text,
        String(keep),
      );
      return reply[0] === 'ok' ? OK : refused(reply);
    });
  }

  async transfer(code: RoomCode, fence: Fence, at: Position, to: InstanceId, address: string): Promise<TransferReply> {
    return answered(async () => {
      // What was committed before goes to the copies in the same stream: with this write all of it is there.
      const { reply, copied } = await this.copied((redis) =>
        redis.transferRoom(this.keys.roomMeta(code), fence.owner, String(fence.epoch), ...positionOf(at), to, address),
      );
      if (reply[0] !== 'ok') return refused(reply);
      if (!copied) throw new Error('the transfer is not on enough copies');
      return { outcome: 'ok', epoch: reply[1] as Epoch };
    });
  }

  async release(code: RoomCode, fence: Fence, at: Position, ttlMs: number): Promise<CommitReply> {
    return answered(async () => {
      const by = [fence.owner, String(fence.epoch)];
      const { reply, copied } = await this.copied((redis) =>
        redis.releaseRoom(...this.keysOf(code), ...by, ...positionOf(at), String(ttlMs)),
      );
      if (reply[0] !== 'ok') return refused(reply);
      if (!copied) throw new Error('the release is not on enough copies');
      return OK;
    });
  }

  async setAside(code: RoomCode, fence: Fence, failure: Failure, ttlMs: number): Promise<FencedReply> {
    return answered(async () => {
      const by = [fence.owner, String(fence.epoch)];
      const { reply, copied } = await this.copied((redis) =>
        redis.setAsideRoom(...this.keysOf(code), ...by, JSON.stringify(failure), String(ttlMs)),
      );
      if (reply[0] !== 'ok') return refused(reply);
      if (!copied) throw new Error('that the room is set aside is not on enough copies');
      return OK;
    });
  }

  /**
   * Lets a room that was set aside be claimed again; false when there is none. @throws when Redis is away, or not enough
   * copies have it
   */
  async retry(code: RoomCode): Promise<boolean> {
    const key = this.keys.roomMeta(code);
    const failed = await this.redis.hget(key, 'failed');
    if (!failed) return false;
    const { reply, copied } = await this.copied((redis) => redis.retryRoom(key, failed));
    if (reply === 1 && !copied) throw new Error('that the room may be claimed is not on enough copies');
    return reply === 1;
  }

  async restore(seen: Stored | null, { head, fence, address, snapshot, entries }: WholeRoom): Promise<FencedReply> {
    return answered(async () => {
      const lastSeen = seen ? [seen.owner ?? '', String(seen.epoch), ...positionOf(seen)] : ['', '', '', ''];
      const by = [fence.owner, address, String(fence.epoch)];
      const whole = [JSON.stringify(head), JSON.stringify(snapshot), String(snapshot.seq)];
      const { digest } = entries.at(-1) ?? snapshot;
      const texts = entries.map(({ text }) => text);
      const { reply, copied } = await this.copied((redis) =>
        redis.restoreRoom(...this.keysOf(head.code), ...lastSeen, ...by, ...whole, digest, ...texts),
      );
      if (reply[0] !== 'ok') return refused(reply);
      if (!copied) throw new Error('the restored room is not on enough copies');
      return OK;
    });
  }

  /** Everything that is stored of a room at one moment, for operators; null when there is none. @throws when Redis is away */
  async inspect(code: RoomCode): Promise<StoredWhole | null> {
    const replies = await this.redis
      .multi()
      .hgetall(this.keys.roomMeta(code))
      .get(this.keys.roomSnapshot(code))
      .xrange(this.keys.roomLog(code), '-', '+')
      .pttl(this.keys.roomMeta(code))
      .exec();
    const [fields, snapshot, log, ttl] = (replies ?? []).map(([error, reply]) => {
      if (error) throw error;
      return reply;
    }) as [Record<string, string>, string | null, Parameters<typeof toEntry>[0][], number];
    if (fields.head === undefined) return null;
    return {
      meta: toMeta(code, fields),
      ...readSnapshot(snapshot),
      log: log.map(toEntry),
      ttlMs: ttl < 0 ? null : ttl,
    };
  }

  async read(code: RoomCode, after: Seq, limit: number): Promise<readonly StoredEntry[]> {
    return (await this.redis.xrange(this.keys.roomLog(code), `${after + 1}-0`, '+', 'COUNT', limit)).map(toEntry);
  }
}

/** Of the shape of a room's meta, as the scripts write it; older ones have none. */
const META_VERSION = 1;

const OK = { outcome: 'ok' } as const;

const committed = (reply: Awaited<ReturnType<RedisConnection['commitRoom']>>): CommitReply =>
  reply[0] === 'ok' ? OK : refused(reply);

/** An operation that got no answer, for whatever reason, may have taken effect. */
const unknown = (error: Error): Refused => ({ outcome: 'unknown', error });

async function answered<Reply>(operation: () => Promise<Reply>): Promise<Reply | Refused> {
  try {
    return await operation();
  } catch (error) {
    return unknown(error as Error);
  }
}

function refused(reply: RefusedReply): Refused;
function refused(reply: GapReply | RefusedReply): Gap | Refused;
function refused(reply: GapReply | RefusedReply): Gap | Refused {
  if (reply[0] === 'gone') return { outcome: 'gone' };
  if (reply[0] === 'gap') return { outcome: 'gap', ...toPosition(reply[1], reply[2]) };
  return { outcome: 'fenced', ...toStored(reply) };
}

type StoredReply = readonly [outcome: string, owner: string, epoch: string, seq: string, digest: string];

function toStored([, owner, epoch, seq, digest]: StoredReply): Stored {
  return { owner: (owner || null) as InstanceId | null, epoch: Number(epoch) as Epoch, ...toPosition(seq, digest) };
}

const toPosition = (seq: string, digest: string): Position => ({ seq: Number(seq) as Seq, digest: digest as Digest });

function toMeta(code: RoomCode, fields: Record<string, string>): RoomMeta {
  return {
    owner: (fields.owner || null) as InstanceId | null,
    address: fields.address || null,
    epoch: Number(fields.epoch) as Epoch,
    seq: Number(fields.seq) as Seq,
    digest: fields.digest as Digest,
    ...readHead(code, fields.head ?? ''),
    aliveAt: Number(fields.alive_at),
    ...(Number(fields.v ?? 1) > META_VERSION ? { unknownVersion: Number(fields.v) } : {}),
    ...(fields.failed ? { failed: readFailure(fields.failed) } : {}),
  };
}

/** Who owns a room must be known although it cannot be played, or nobody would ever set it aside. */
function readHead(code: RoomCode, text: string): Pick<RoomMeta, 'head' | 'unreadable'> {
  const settings = { durability: 'primary', turn_ms: 0, bot_ms: 0, hold_ms: 0 } as const;
  const none: RoomHead = { code, game: '', rulesVersion: 0, options: {}, settings, createdAt: 0 };
  try {
    const head = JSON.parse(text) as RoomHead;
    if (typeof head.game === 'string' && typeof head.settings === 'object') return { head };
    return { head: none, unreadable: 'the head is not that of a room' };
  } catch (error) {
    return { head: none, unreadable: `the head cannot be read: ${(error as Error).message}` };
  }
}

/** Of no version: any may try again. */
function readFailure(text: string): Failure {
  try {
    return JSON.parse(text) as Failure;
  } catch (error) {
    return { why: `the reason cannot be read: ${(error as Error).message}`, at: 0, version: '' };
  }
}

/** What cannot be read is said: without an answer the claim, which has landed, would be made again and again. */
function readSnapshot(text: string | null): Pick<StoredRoom, 'snapshot' | 'unreadable'> {
  try {
    return { snapshot: text === null ? null : (JSON.parse(text) as StoredSnapshot) };
  } catch (error) {
    return { snapshot: null, unreadable: `the snapshot cannot be read: ${(error as Error).message}` };
  }
}

function toEntry([id, fields]: [id: string, fields: string[]]): StoredEntry {
  return { seq: Number.parseInt(id, 10) as Seq, text: fields[1] ?? '' };
}

function pairs(flat: string[] | Record<string, string>): Record<string, string> {
  if (!Array.isArray(flat)) return flat;
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) fields[flat[at] ?? ''] = flat[at + 1] ?? '';
  return fields;
}
