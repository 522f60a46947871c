/** Rooms in a map behind a store that does what a test's script says: hold an answer, lose it, lose the log's tail. */
import type { Epoch, InstanceId, RoomCode, Seq } from '../../src/protocol/ids.js';
import { chain, type LogEntry, type Position, START } from '../../src/room/history.js';
import { MemoryRoomStore } from '../../src/room/memory-store.js';
import type { Entry, RoomHead } from '../../src/room/state.js';
import type {
  ClaimReply,
  CommitReply,
  ConfirmReply,
  Failure,
  Fence,
  FencedReply,
  Refused,
  RoomMeta,
  RoomStore,
  Seen,
  Stored,
  StoredEntry,
  StoredSnapshot,
  TransferReply,
  WholeRoom,
} from '../../src/room/store.js';
import type { Clock } from '../../src/runtime/clock.js';

/** What becomes of one operation. */
export type Fault = <Reply>(run: () => Promise<Reply>) => Promise<Reply | Refused>;
type Operation = 'claim' | 'commit' | 'check' | 'confirm' | 'snapshot' | 'transfer' | 'release' | 'restore';

const unanswered = (): Refused => ({ outcome: 'unknown', error: new Error('no answer') });

/** Never reaches the store, and nobody is told. */
export const failBefore: Fault = async () => unanswered();
/** Takes effect, and nobody is told. */
export const failAfter: Fault = async (run) => {
  await run();
  return unanswered();
};
/** Somebody else owns the room. */
export const fenced: Fault = async () => {
  const epoch = 99 as Epoch;
  return { outcome: 'fenced', owner: 'somebody' as InstanceId, epoch, ...START };
};
export const works: Fault = (run) => run();

export interface Held {
  readonly fault: Fault;
  /** Lets the answer through. */
  open(): void;
}

/** Takes effect at once; the answer is held. */
export function held(then: Fault = works): Held {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const fault: Fault = async (run) => {
    const reply = await then(run);
    await gate;
    return reply;
  };
  return { fault, open: () => open() };
}

export class ScriptedStore implements RoomStore {
  inner: MemoryRoomStore;
  /** What becomes of the next operations of each kind; then all work. */
  readonly script: Record<Operation, Fault[]> = {
    claim: [],
    commit: [],
    check: [],
    confirm: [],
    snapshot: [],
    transfer: [],
    release: [],
    restore: [],
  };
  /** The number of entries of every commit that was asked for. */
  readonly commits: number[] = [];
  readonly snapshots: StoredSnapshot[] = [];
  /** While true, questions get no answer. */
  mute = false;
  /** How often it was asked whose a room is. */
  checks = 0;
  private readonly heads = new Map<RoomCode, RoomHead>();

  constructor(private readonly clock: Clock) {
    this.inner = new MemoryRoomStore(() => clock.now());
  }

  async create(head: RoomHead, ttlMs: number): Promise<boolean> {
    this.heads.set(head.code, head);
    return this.inner.create(head, ttlMs);
  }

  async meta(code: RoomCode): Promise<RoomMeta | null> {
    if (this.mute) throw new Error('no answer');
    return this.inner.meta(code);
  }

  claim(code: RoomCode, seen: Seen, by: InstanceId, address: string, above?: Epoch): Promise<ClaimReply> {
    return this.play('claim', () => this.inner.claim(code, seen, by, address, above));
  }

  commit(code: RoomCode, fence: Fence, after: Position, entries: readonly LogEntry[]): Promise<CommitReply> {
    this.commits.push(entries.length);
    return this.play('commit', () => this.inner.commit(code, fence, after, entries));
  }

  async check(code: RoomCode, fence: Fence, at: Position): Promise<CommitReply> {
    this.checks += 1;
    return this.mute ? unanswered() : this.play('check', () => this.inner.check(code, fence, at));
  }

  confirm(code: RoomCode): Promise<ConfirmReply> {
    return this.play('confirm', () => this.inner.confirm(code)) as Promise<ConfirmReply>;
  }

  snapshot(code: RoomCode, fence: Fence, snapshot: StoredSnapshot, keep: number): Promise<FencedReply> {
    this.snapshots.push(JSON.parse(JSON.stringify(snapshot)));
    return this.play('snapshot', () => this.inner.snapshot(code, fence, snapshot, keep));
  }

  transfer(code: RoomCode, fence: Fence, at: Position, to: InstanceId, address: string): Promise<TransferReply> {
    return this.play('transfer', () => this.inner.transfer(code, fence, at, to, address));
  }

  release(code: RoomCode, fence: Fence, at: Position, ttlMs: number): Promise<CommitReply> {
    return this.play('release', () => this.inner.release(code, fence, at, ttlMs));
  }

  setAside(code: RoomCode, fence: Fence, failure: Failure, ttlMs: number): Promise<FencedReply> {
    return this.inner.setAside(code, fence, failure, ttlMs);
  }

  restore(seen: Stored | null, room: WholeRoom): Promise<FencedReply> {
    return this.play('restore', () => this.inner.restore(seen, room));
  }

  read(code: RoomCode, after: Seq, limit: number): Promise<readonly StoredEntry[]> {
    return this.inner.read(code, after, limit);
  }

  /** The whole log. */
  async log(code: RoomCode): Promise<LogEntry[]> {
    const linked: LogEntry[] = [];
    for (const { seq, text } of await this.read(code, 0 as Seq, 100_000)) {
      const digest = chain(linked.at(-1)?.digest ?? START.digest, text);
      linked.push({ seq, digest, text, entry: JSON.parse(text) as Entry });
    }
    return linked;
  }

  /**
   * A copy takes over that has the log up to `seq` only, and knows the owner and epoch that are given (those of now, if
   * the claim had reached it). There must be no snapshot.
   */
  async rollBack(code: RoomCode, seq: number, known?: Fence): Promise<void> {
    const log = await this.log(code);
    const meta = await this.inner.meta(code);
    const head = this.heads.get(code);
    const owner = known ?? (meta?.owner ? { owner: meta.owner, epoch: meta.epoch } : undefined);
    if (head === undefined || owner === undefined) throw new Error(`room ${code} has no owner`);
    this.inner = new MemoryRoomStore(() => this.clock.now());
    await this.inner.create(head, 60_000);
    const unowned = { owner: null, epoch: 0 as Epoch };
    await this.inner.claim(code, unowned, owner.owner, 'rolled:1', (owner.epoch - 1) as Epoch);
    await this.inner.commit(code, owner, START, log.slice(0, seq));
  }

  private play<Reply>(operation: Operation, run: () => Promise<Reply>): Promise<Reply | Refused> {
    return (this.script[operation].shift() ?? works)(run);
  }
}
