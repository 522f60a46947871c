/** Rooms in a map: the same contract as Redis, for tests and simulations. `now` is the store's clock, ms. */
import { isDeepStrictEqual } from 'node:util';
import type { Epoch, InstanceId, RoomCode, Seq } from '../protocol/ids.js';
import { entryOf, type LogLine, type Position, START } from './history.js';
import type { RoomHead } from './state.js';
import type {
  ClaimReply,
  CommitReply,
  ConfirmReply,
  Failure,
  Fence,
  FencedReply,
  RoomMeta,
  RoomStore,
  Seen,
  Stored,
  StoredEntry,
  StoredSnapshot,
  TransferReply,
  WholeRoom,
} from './store.js';
import {
  appendTo,
  checkRoom,
  claimRoom,
  type KeptEntry,
  type KeptRoom,
  keepSnapshot,
  type Refusal,
  type Ruling,
  releaseRoom,
  restoreRefusal,
  transferRoom,
} from './stored-room.js';

type StoredLine = StoredEntry & KeptEntry;
/** As text, so that nobody can change what is stored. */
type SnapshotText = Position & { readonly text: string };

interface Kept extends KeptRoom<StoredLine, SnapshotText> {
  readonly address: string | null;
  readonly head: RoomHead;
  readonly aliveAt: number;
  /** The store's time at which the room is forgotten. */
  readonly expiresAt: number;
  readonly failed?: Failure;
}

const GONE = { outcome: 'gone' } as const;

export class MemoryRoomStore implements RoomStore {
  private readonly rooms = new Map<RoomCode, Kept>();

  constructor(private readonly now: () => number) {}

  async create(head: RoomHead, ttlMs: number): Promise<boolean> {
    if (this.find(head.code)) return false;
    const nobody = { owner: null, address: null, epoch: 0 as Epoch };
    const now = this.now();
    this.keep({ ...START, ...nobody, head, aliveAt: now, log: [], snapshot: null, expiresAt: now + ttlMs });
    return true;
  }

  async meta(code: RoomCode): Promise<RoomMeta | null> {
    const room = this.find(code);
    return room ? toMeta(room) : null;
  }

  async claim(code: RoomCode, seen: Seen, by: InstanceId, address: string, above = 0 as Epoch): Promise<ClaimReply> {
    const found = this.find(code);
    if (!found) return GONE;
    const { missing = [] } = seen;
    const end = missing.at(-1);
    const ruling = claimRoom(found, seen, by, above, end && { entries: missing.map(toLine), end });
    if (ruling.outcome !== 'ok') return ruling;
    const { failed: _, ...claimed } = ruling.room;
    const room = this.keep({ ...claimed, address, expiresAt: Number.POSITIVE_INFINITY });
    const snapshot = room.snapshot && (JSON.parse(room.snapshot.text) as StoredSnapshot);
    const tail = room.log.filter((entry) => entry.seq > (snapshot?.seq ?? 0)).map(toEntry);
    return { outcome: 'ok', room: { meta: toMeta(room), snapshot, tail } };
  }

  async commit(code: RoomCode, fence: Fence, after: Position, entries: readonly LogLine[]): Promise<CommitReply> {
    const end = entries.at(-1) ?? after;
    return this.apply(code, (room) => appendTo(room, fence, after, entries.map(toLine), end));
  }

  async check(code: RoomCode, fence: Fence, at: Position): Promise<CommitReply> {
    const room = this.find(code);
    if (!room) return GONE;
    const ruling = checkRoom(room, fence, at);
    return ruling.outcome === 'ok' ? { outcome: 'ok' } : ruling;
  }

  async confirm(code: RoomCode): Promise<ConfirmReply> {
    const room = this.find(code);
    if (!room) return GONE;
    const { owner, epoch, seq, digest } = room;
    return { outcome: 'ok', owner, epoch, seq, digest };
  }

  async snapshot(code: RoomCode, fence: Fence, snapshot: StoredSnapshot, keep: number): Promise<FencedReply> {
    const { seq, digest } = snapshot;
    const kept = { seq, digest, text: JSON.stringify(snapshot) };
    const room = this.find(code);
    if (!room) return GONE;
    const ruling = keepSnapshot(room, fence, kept, keep);
    if (ruling.outcome !== 'ok') return ruling;
    this.keep(ruling.room);
    return { outcome: 'ok' };
  }

  async transfer(code: RoomCode, fence: Fence, at: Position, to: InstanceId, address: string): Promise<TransferReply> {
    const found = this.find(code);
    if (!found) return GONE;
    const ruling = transferRoom(found, fence, at, to);
    if (ruling.outcome !== 'ok') return ruling;
    const { epoch } = this.keep({ ...ruling.room, address, aliveAt: this.now() });
    return { outcome: 'ok', epoch };
  }

  async release(code: RoomCode, fence: Fence, at: Position, ttlMs: number): Promise<CommitReply> {
    const found = this.find(code);
    if (!found) return GONE;
    const ruling = releaseRoom(found, fence, at);
    if (ruling.outcome !== 'ok') return ruling;
    const now = this.now();
    this.keep({ ...ruling.room, address: null, aliveAt: now, expiresAt: now + ttlMs });
    return { outcome: 'ok' };
  }

  async restore(seen: Stored | null, { head, fence, address, snapshot, entries }: WholeRoom): Promise<FencedReply> {
    const { seq, digest } = entries.at(-1) ?? snapshot;
    const refused = restoreRefusal(this.find(head.code), seen, fence, { seq, digest });
    if (refused) return refused;
    const log = entries.map(toLine);
    const { owner, epoch } = fence;
    const kept = { seq: snapshot.seq, digest: snapshot.digest, text: JSON.stringify(snapshot) };
    const times = { aliveAt: this.now(), expiresAt: Number.POSITIVE_INFINITY };
    this.keep({ owner, epoch, address, seq, digest, head, log, snapshot: kept, ...times });
    return { outcome: 'ok' };
  }

  async setAside(code: RoomCode, fence: Fence, failed: Failure, ttlMs: number): Promise<FencedReply> {
    const found = this.find(code);
    if (!found) return GONE;
    const { owner, epoch, seq, digest } = found;
    const landed = owner === null && epoch === fence.epoch && isDeepStrictEqual(found.failed, failed);
    if (!landed && checkRoom(found, fence, found).outcome !== 'ok')
      return { outcome: 'fenced', owner, epoch, seq, digest };
    this.keep({ ...found, owner: null, address: null, failed, expiresAt: this.now() + ttlMs });
    return { outcome: 'ok' };
  }

  async read(code: RoomCode, after: Seq, limit: number): Promise<readonly StoredEntry[]> {
    const log = this.find(code)?.log ?? [];
    return log
      .filter((entry) => entry.seq > after)
      .slice(0, limit)
      .map(toEntry);
  }

  private apply(code: RoomCode, rule: (room: Kept) => Ruling<Kept, Refusal>): CommitReply {
    const found = this.find(code);
    if (!found) return GONE;
    const ruling = rule(found);
    if (ruling.outcome !== 'ok') return ruling;
    this.keep({ ...ruling.room, aliveAt: this.now() });
    return { outcome: 'ok' };
  }

  private keep(room: Kept): Kept {
    this.rooms.set(room.head.code, room);
    return room;
  }

  private find(code: RoomCode): Kept | undefined {
    const kept = this.rooms.get(code);
    if (kept && kept.expiresAt <= this.now()) this.rooms.delete(code);
    return this.rooms.get(code);
  }
}

const toLine = (line: LogLine): StoredLine => ({ seq: line.seq, text: line.text, epoch: entryOf(line).epoch });
const toEntry = ({ seq, text }: StoredLine): StoredEntry => ({ seq, text });

function toMeta({ owner, address, epoch, seq, digest, head, aliveAt, failed }: Kept): RoomMeta {
  return { owner, address, epoch, seq, digest, head, aliveAt, ...(failed ? { failed } : {}) };
}
