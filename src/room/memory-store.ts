/** Rooms in a map: the same contract as Redis, for tests and simulations. `now` is the store's clock, ms. */
import type { Epoch, InstanceId, RoomCode, Seq } from '../protocol/ids.js';
import { type LogLine, type Position, START } from './history.js';
import type { Entry, RoomHead } from './state.js';
import type {
  ClaimReply,
  CommitReply,
  Fence,
  FencedReply,
  Refused,
  RoomMeta,
  RoomStore,
  StoredEntry,
  StoredSnapshot,
  TransferReply,
} from './store.js';

interface Kept {
  meta: RoomMeta;
  log: StoredEntry[];
  snapshot: string | null;
  /** The store's time at which the room is forgotten. */
  expiresAt: number;
}

export class MemoryRoomStore implements RoomStore {
  private readonly rooms = new Map<RoomCode, Kept>();

  constructor(private readonly now: () => number) {}

  async create(head: RoomHead, ttlMs: number): Promise<boolean> {
    if (this.find(head.code)) return false;
    const meta = { ...START, owner: null, address: null, epoch: 0 as Epoch, head, aliveAt: this.now() };
    this.rooms.set(head.code, { meta, log: [], snapshot: null, expiresAt: this.now() + ttlMs });
    return true;
  }

  async meta(code: RoomCode): Promise<RoomMeta | null> {
    return this.find(code)?.meta ?? null;
  }

  async claim(
    code: RoomCode,
    seen: Pick<RoomMeta, 'owner' | 'epoch'>,
    by: InstanceId,
    address: string,
    above = 0 as Epoch,
  ): Promise<ClaimReply> {
    const kept = this.find(code);
    if (!kept) return { outcome: 'gone' };
    const { owner, epoch } = kept.meta;
    if (owner !== seen.owner || epoch !== seen.epoch) return { outcome: 'fenced', owner, epoch };
    const last = kept.log.at(-1);
    const highest = Math.max(epoch, above, last ? (JSON.parse(last.text) as Entry).epoch : 0);
    kept.meta = { ...kept.meta, owner: by, address, epoch: (highest + 1) as Epoch };
    kept.expiresAt = Number.POSITIVE_INFINITY;
    const snapshot = kept.snapshot === null ? null : (JSON.parse(kept.snapshot) as StoredSnapshot);
    const tail = kept.log.filter((entry) => entry.seq > (snapshot?.seq ?? 0));
    return { outcome: 'ok', room: { meta: kept.meta, snapshot, tail } };
  }

  async commit(code: RoomCode, fence: Fence, after: Position, entries: readonly LogLine[]): Promise<CommitReply> {
    const kept = this.endingAt(code, fence, after);
    if ('outcome' in kept) return kept;
    const end = entries.at(-1) ?? after;
    kept.log.push(...entries.map((entry) => ({ seq: entry.seq, text: entry.text })));
    kept.meta = { ...kept.meta, seq: end.seq, digest: end.digest, aliveAt: this.now() };
    return { outcome: 'ok' };
  }

  async check(code: RoomCode, fence: Fence, at: Position): Promise<CommitReply> {
    const kept = this.endingAt(code, fence, at);
    return 'outcome' in kept ? kept : { outcome: 'ok' };
  }

  async snapshot(code: RoomCode, fence: Fence, snapshot: StoredSnapshot, keep: number): Promise<FencedReply> {
    const kept = this.fenced(code, fence);
    if ('outcome' in kept) return kept;
    if (snapshot.seq > kept.meta.seq) return { outcome: 'fenced', owner: kept.meta.owner, epoch: kept.meta.epoch };
    if (kept.snapshot !== null && snapshot.seq < (JSON.parse(kept.snapshot) as StoredSnapshot).seq) {
      return { outcome: 'ok' };
    }
    kept.snapshot = JSON.stringify(snapshot);
    kept.log = kept.log.filter((entry) => entry.seq > snapshot.seq - keep);
    return { outcome: 'ok' };
  }

  async transfer(code: RoomCode, fence: Fence, to: InstanceId, address: string): Promise<TransferReply> {
    const kept = this.fenced(code, fence);
    if ('outcome' in kept) return kept;
    const epoch = (fence.epoch + 1) as Epoch;
    kept.meta = { ...kept.meta, owner: to, address, epoch, aliveAt: this.now() };
    return { outcome: 'ok', epoch };
  }

  async release(code: RoomCode, fence: Fence, ttlMs: number): Promise<FencedReply> {
    const kept = this.fenced(code, fence);
    if ('outcome' in kept) return kept;
    kept.meta = { ...kept.meta, owner: null, address: null, aliveAt: this.now() };
    kept.expiresAt = this.now() + ttlMs;
    return { outcome: 'ok' };
  }

  async read(code: RoomCode, after: Seq, limit: number): Promise<readonly StoredEntry[]> {
    return (this.find(code)?.log ?? []).filter((entry) => entry.seq > after).slice(0, limit);
  }

  private find(code: RoomCode): Kept | undefined {
    const kept = this.rooms.get(code);
    if (kept && kept.expiresAt <= this.now()) this.rooms.delete(code);
    return this.rooms.get(code);
  }

  private fenced(code: RoomCode, fence: Fence): Kept | Refused {
    const kept = this.find(code);
    if (!kept) return { outcome: 'gone' };
    const { owner, epoch } = kept.meta;
    return owner === fence.owner && epoch === fence.epoch ? kept : { outcome: 'fenced', owner, epoch };
  }

  private endingAt(code: RoomCode, fence: Fence, at: Position): Kept | Exclude<CommitReply, { outcome: 'ok' }> {
    const kept = this.fenced(code, fence);
    if ('outcome' in kept) return kept;
    const { seq, digest } = kept.meta;
    return seq === at.seq && digest === at.digest ? kept : { outcome: 'gap', seq, digest };
  }
}
