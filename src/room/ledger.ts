/**
 * A room's log as its owner writes it into the store: appends, repairs what a failover lost, snapshots, and keeps the
 * proof of ownership.
 *
 * INVARIANT: `append` comes back only when it is known that the entries are in the log, once, or that the room is lost.
 * An append without an answer is sent again as it was; the position it names makes that safe.
 *
 * A store that went back in time is brought up to date, as far as nobody else has written anything that is not known here:
 * it lacks the end of the log → it is appended; a claim → the room is claimed above; all that is kept in memory → the room
 * is stored whole. A higher epoch of another owner is final, also where the store has lost it: it is stored whole over what
 * an owner of a lower one has written since, and an owner whose lease has had a gap leaves it the time for that.
 */
import type { Epoch, Seq } from '../protocol/ids.js';
import { type Clock, sleep } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { CommandWindows } from './commands.js';
import type { History, LogLine, Position, Tail } from './history.js';
import type { Lease } from './lease.js';
import type { RoomHead, RoomState } from './state.js';
import {
  type CommitReply,
  type Fence,
  type Gap,
  type Refused,
  type RoomStore,
  type Stored,
  type StoredSnapshot,
  toSnapshot,
} from './store.js';

export interface LedgerDeps {
  readonly store: RoomStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The store is believed to answer while it is fresh. */
  readonly lease: Lease;
  /** See `RoomDeps`. */
  readonly whenRestored: () => Promise<void> | undefined;
  /** `host:port` of this instance. */
  readonly address: () => string;
  /** Log entries kept behind the snapshot. */
  readonly logKeep: number;
  /** The room as it is at the end of its history. */
  readonly committed: () => Snapshotted;
}

/** What a snapshot is made of. */
export interface Snapshotted {
  readonly state: RoomState;
  readonly windows: CommandWindows;
}

const SNAPSHOT_EVERY = 64;
/** Entries kept in memory for clients that come back. */
const HISTORY_KEEP = 128;
const RETRY_MS = 50;
/** Entries that are handed over at most: what a new owner cannot append it stores whole. */
const TAIL_MOST = 256;
const LONGEST_RETRY_MS = 1_000;
/**
 * Unanswered for so long, ms, a release is left: the room is then found as one whose owner is gone. A failover, and a Redis
 * that is away for a while, take less.
 */
const RELEASE_MS = 15_000;
/** So long the end of a log is kept after its room was lost, ms: a failover takes less. */
const OUTLAST_MS = 30_000;

export class Ledger {
  private snapshotSeq: Seq;
  private snapshotting = false;
  private over = false;
  /** From then on nothing is tried again, monotonic ms. */
  private givesUpAt = Number.POSITIVE_INFINITY;
  /** Generation of the lease in which it was last known that the store has lost no other owner's claim. */
  private generation: number;
  /** Where the log ended when this owner got the room. */
  private readonly enteredAt: Seq;

  constructor(
    private readonly deps: LedgerDeps,
    private readonly head: RoomHead,
    private readonly history: History,
    /** Owner and epoch under which the room is written. */
    public fence: Fence,
  ) {
    this.position = history.position;
    this.snapshotSeq = history.start;
    this.enteredAt = history.position.seq;
    this.generation = deps.lease.generation;
  }

  /** Up to where the store is known to have the log. */
  position: Position;

  /** Entries of the history that the store is not known to have. */
  get behind(): number {
    return this.history.position.seq - this.position.seq;
  }

  get closed(): boolean {
    return this.over || this.deps.clock.monotonic() >= this.givesUpAt;
  }

  /** Gives up whatever is still being tried. */
  close(): void {
    this.over = true;
  }

  /**
   * True when `entries` are in the log, as safe as the room's durability asks; false when the room is lost. Without
   * entries it makes sure of what is there.
   */
  async append(entries: readonly LogLine[]): Promise<boolean> {
    if (this.over) return false;
    const { code, settings } = this.head;
    const after = this.position;
    const reply = await this.deps.store.commit(code, this.fence, after, entries, settings.durability);
    if (reply.outcome !== 'ok') return this.insist(entries, reply);
    this.position = entries.at(-1) ?? after;
    return this.isUndisputed(entries);
  }

  /** Goes by a reply that was not ok to the owner's question for its room: true once the store has all of it again. */
  repair(reply: Gap | Refused): Promise<boolean> {
    return this.insist([], reply);
  }

  private async insist(entries: readonly LogLine[], first: CommitReply): Promise<boolean> {
    return (await this.sendAgain(entries, first)) && this.isUndisputed(entries);
  }

  /** Sends an append again that did not get through, until it is known what became of it. */
  private async sendAgain(entries: readonly LogLine[], first: CommitReply): Promise<boolean> {
    const { store, clock, log, lease } = this.deps;
    const { code, settings } = this.head;
    let after = this.position;
    let pending: readonly LogLine[] = entries.filter(({ seq }) => seq > after.seq);
    let end = entries.at(-1) ?? after;
    let unanswered = false;
    for (let reply = first; ; reply = await store.commit(code, this.fence, after, pending, settings.durability)) {
      if (reply.outcome === 'ok') {
        this.position = end;
        return true;
      }
      if (reply.outcome === 'unknown') {
        if (!unanswered) log.warn({ room: code, err: reply.error.message }, 'commit without an answer');
        unanswered = true;
        await sleep(clock, RETRY_MS);
        await Promise.race([lease.whenFresh(), this.patience()]);
      } else {
        if (this.closed) return false;
        const found = await this.reconcile(reply, entries);
        if (found === undefined) return false;
        if (found !== 'again') {
          const missing = this.missingAfter(found, entries) ?? [];
          // Nothing missing: an earlier attempt has landed. Without entries a commit still waits for the copies.
          if (missing.length > 0) log.warn({ room: code, from: found.seq }, 'appending a lost tail again');
          after = found;
          pending = missing;
          end = missing.at(-1) ?? found;
        }
      }
      if (this.closed) return false;
    }
  }

  /**
   * Whether the room that the store calls this owner's really is. While the lease was not fresh, another instance may have
   * claimed it, and a store that was emptied, or restored from a backup, may have lost that claim. Whoever made it stores the
   * room again, and is left the time for that. A reply of the store from before the lease was fresh again does not count.
   * `entries` are in the log, and not in the history yet.
   */
  async isUndisputed(entries: readonly LogLine[] = []): Promise<boolean> {
    const { lease, whenRestored } = this.deps;
    while (!lease.fresh() || lease.generation !== this.generation) {
      if (this.closed) return false;
      const isOutdated = !lease.fresh();
      await Promise.race([lease.whenFresh(), this.patience()]);
      const { generation } = lease;
      const restored = whenRestored();
      if (restored) {
        // First of all what is known here: once the time is over, others take what they find.
        if (!(await this.sendAgain(entries, await this.check()))) return false;
        await Promise.race([restored, this.patience()]);
      }
      this.generation = generation;
      if (restored || isOutdated) return this.insist(entries, await this.check());
    }
    return true;
  }

  /** Resolves when nothing is tried any more; never, as long as there is no end to that. */
  private patience(): Promise<void> {
    const { clock } = this.deps;
    const left = this.givesUpAt - clock.monotonic();
    return left === Number.POSITIVE_INFINITY ? new Promise(() => undefined) : sleep(clock, left);
  }

  /** Where the log of a store ends that has refused an append, a part of ours; `again`: ask it. Undefined: the room is lost. */
  private async reconcile(
    reply: Gap | Exclude<Refused, { outcome: 'unknown' }>,
    entries: readonly LogLine[],
  ): Promise<Position | 'again' | undefined> {
    if (reply.outcome === 'gone') return this.restore(null, entries);
    const { owner, epoch } = this.fence;
    const seen = reply.outcome === 'gap' ? { ...reply, owner, epoch } : reply;
    // Nobody else claims in this name: a claim of ours that went unanswered has landed. The copies may lack it: it is made
    // again.
    const landed = seen.owner === owner && seen.epoch > epoch;
    if (seen.epoch > epoch && !landed) return undefined;
    if (!landed && seen.seq < this.history.start) return this.restore(seen, entries);
    if (!this.missingAfter(seen, entries)) {
      // Written by one who did not know of this owner, over a store that had lost its claim and what it has told since.
      if (!this.isAbove(seen)) return undefined;
      if (seen.epoch === epoch) this.fence = { owner, epoch: (epoch + 1) as Epoch };
      return this.restore(seen, entries);
    }
    if (seen.owner === owner && seen.epoch === epoch) return seen;
    // Two claims after the same loss: whoever has something to lose claims again.
    if (seen.epoch === epoch && this.history.after(seen)?.length === 0) return undefined;
    return this.reclaim(seen, Math.max(epoch, seen.epoch) as Epoch, entries);
  }

  /**
   * Whether this owner, which has told something, comes before the one that the store names. A claim that goes above one that
   * a backup remembers may come to the same epoch; made after a loss, it is that of a former owner: the lease of the present
   * one has had no gap.
   */
  private isAbove({ epoch, owner }: Stored): boolean {
    const { lease, whenRestored } = this.deps;
    if (this.history.position.seq === this.enteredAt) return false;
    if (epoch < this.fence.epoch) return true;
    const isPresent = lease.fresh() && lease.generation === this.generation;
    return owner !== this.fence.owner && isPresent && whenRestored() !== undefined;
  }

  /**
   * Of an owner whose room another has taken: waits until the copies have that. A failover may lose it, and the end of the
   * log, which nobody else has then: the room is stored again. True when it is this owner's once more.
   */
  async outlast(): Promise<boolean> {
    const { store, clock, log } = this.deps;
    const { code } = this.head;
    this.over = false;
    this.givesUpAt = clock.monotonic() + OUTLAST_MS;
    for (let pause = RETRY_MS; !this.closed; pause = Math.min(2 * pause, LONGEST_RETRY_MS)) {
      const reply = await store.confirm(code);
      switch (reply.outcome) {
        case 'gone':
          return false;
        case 'unknown':
          await sleep(clock, pause);
          break;
        case 'ok':
          return reply.epoch <= this.fence.epoch && this.repair({ ...reply, outcome: 'fenced' });
      }
    }
    log.warn({ room: code, epoch: this.fence.epoch }, 'it is not known whether the copies have the new owner');
    return false;
  }

  /**
   * Claims the room above `above` and whoever the store names, if it still is as `seen`: a failover has taken a claim of ours
   * back, or it was given away in vain. What the log lacks, `entries` included, is written with the claim: where another owner
   * finds that, it has all of it, whatever becomes of this instance. Where the log ends then; `again`: ask.
   */
  async reclaim(
    { owner, epoch, seq, digest }: Stored,
    above: Epoch,
    entries: readonly LogLine[] = [],
  ): Promise<Position | 'again'> {
    const { store, address, clock, log } = this.deps;
    const { code } = this.head;
    const at = { seq, digest };
    log.warn({ room: code, epoch: this.fence.epoch, stored: epoch, owner }, 'claiming the room again');
    const by = this.fence.owner;
    const missing = this.missingAfter(at, entries) ?? [];
    const reply = await store.claim(code, { owner, epoch, at, missing }, by, address(), above);
    if (reply.outcome === 'ok') {
      this.fence = { owner: by, epoch: reply.room.meta.epoch };
      return missing.at(-1) ?? at;
    }
    if (reply.outcome === 'unknown') await sleep(clock, RETRY_MS);
    return 'again';
  }

  /** Stores the room whole, over a store that is older than all of its history, or empty. */
  private async restore(seen: Stored | null, entries: readonly LogLine[]): Promise<'again'> {
    const { store, address, clock, log, committed } = this.deps;
    const { head, fence } = this;
    const snapshot = this.snapshotOf(committed());
    log.warn(
      { room: head.code, stored: seen?.seq, seq: snapshot.seq },
      'the store has lost the room, storing it whole',
    );
    const ahead = entries.filter(({ seq }) => seq > snapshot.seq);
    const reply = await store.restore(seen, { head, fence, address: address(), snapshot, entries: ahead });
    if (reply.outcome === 'ok') this.snapshotSeq = snapshot.seq;
    if (reply.outcome === 'unknown') await sleep(clock, RETRY_MS);
    return 'again';
  }

  /** Brings the store up to the history, one append at a time; false when the room is lost. */
  async catchUp(): Promise<boolean> {
    while (!this.over && this.behind > 0) {
      if (!(await this.append(this.history.after(this.position) ?? []))) return false;
    }
    return !this.over;
  }

  /** Whether the store has owner, epoch and log as they are here; false also when it does not answer. */
  async stands(): Promise<boolean> {
    return (await this.check()).outcome === 'ok';
  }

  private check(): Promise<CommitReply> {
    return this.deps.store.check(this.head.code, this.fence, this.position);
  }

  /** Whether this still is the owner, undefined when the store does not answer. What a failover has lost is repaired. */
  async owned(): Promise<boolean | undefined> {
    const reply = await this.check();
    if (reply.outcome === 'unknown') return undefined;
    return reply.outcome === 'ok' ? this.isUndisputed() : this.repair(reply);
  }

  /** Stores a snapshot when enough has happened since the last, without anybody waiting for it. */
  considerSnapshot(room: Snapshotted): void {
    const position = this.history.position;
    const due = position.seq - this.snapshotSeq >= SNAPSHOT_EVERY && this.behind === 0;
    if (!due || this.over || this.snapshotting) return;
    this.snapshotting = true;
    void this.deps.store
      .snapshot(this.head.code, this.fence, this.snapshotOf(room), this.deps.logKeep)
      .then((reply) => {
        if (reply.outcome !== 'ok') return;
        this.snapshotSeq = position.seq;
        this.history.trim(position.seq, HISTORY_KEEP);
      })
      .finally(() => {
        this.snapshotting = false;
      });
  }

  snapshotOf({ state, windows }: Snapshotted): StoredSnapshot {
    return toSnapshot(this.history.position, state, windows);
  }

  /**
   * Stores `snapshot`, if there is one, and gives the room up; it is forgotten after `ttlMs` unless claimed again. The copies
   * have all of it then: who has given a room up cannot append again what a failover loses. False when that is not known
   * in the end.
   */
  async release(ttlMs: number, snapshot?: StoredSnapshot): Promise<boolean> {
    const { store, clock, log, logKeep } = this.deps;
    const { code } = this.head;
    this.givesUpAt = clock.monotonic() + RELEASE_MS;
    if (snapshot) await store.snapshot(code, this.fence, snapshot, logKeep);
    for (let pause = RETRY_MS; !this.closed; pause = Math.min(2 * pause, LONGEST_RETRY_MS)) {
      const reply = await store.release(code, this.fence, this.position, ttlMs);
      if (reply.outcome === 'ok') return true;
      if (reply.outcome === 'unknown') await sleep(clock, pause);
      else if (!(await this.repair(reply)) && (this.closed || !(await this.outlast()))) break;
    }
    log.warn({ room: code, epoch: this.fence.epoch }, 'it is not known whether the room was given up');
    return false;
  }

  /** Whether the room's history leads through `at`, as far as it is kept. */
  knows(at: Position): boolean {
    return this.history.after(at) !== undefined;
  }

  /** The log since the last snapshot that the store has: what a new owner appends if a failover loses it. */
  tail(): Tail {
    return this.history.tailSince(this.snapshotSeq, TAIL_MOST);
  }

  /** What the store lacks when its log ends at `found`; undefined when that is not our history. */
  private missingAfter(found: Position, entries: readonly LogLine[]): readonly LogLine[] | undefined {
    const ahead = entries.filter((entry) => entry.seq > this.history.position.seq);
    const kept = this.history.after(found);
    if (kept) return [...kept, ...ahead];
    const at = entries.findIndex((entry) => entry.seq === found.seq && entry.digest === found.digest);
    return at < 0 ? undefined : entries.slice(at + 1);
  }
}
