/**
 * A room's log as its owner writes it into the store: appends, repairs what a failover lost, snapshots, and keeps the
 * proof of ownership.
 *
 * INVARIANT: `append` comes back only when it is known that the entries are in the log, once, or that the room is lost.
 * An append without an answer is sent again as it was; the position it names makes that safe.
 */
import type { Seq } from '../protocol/ids.js';
import { type Clock, sleep } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { CommandWindows } from './commands.js';
import type { History, LogLine, Position } from './history.js';
import type { RoomHead, RoomState } from './state.js';
import {
  type CommitReply,
  type Fence,
  type Refused,
  type RoomStore,
  type StoredSnapshot,
  toSnapshot,
} from './store.js';

export interface LedgerDeps {
  readonly store: RoomStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Resolves when the store is believed to answer. */
  readonly whenFresh: () => Promise<void>;
  /** `host:port` of this instance. */
  readonly address: () => string;
  /** Log entries kept behind the snapshot. */
  readonly logKeep: number;
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
/** Unanswered that often, a release is left: the room is then found as one whose owner is gone. */
const RELEASE_ATTEMPTS = 3;
/** How long a release waits for the copies, ms: a failover, and a Redis that is away for a while. */
const SECURE_MS = 15_000;

export class Ledger {
  private snapshotSeq: Seq;
  private snapshotting = false;
  private over = false;
  /** A claim of ours went unanswered: a higher epoch of the same owner is then our own. */
  private claiming = false;

  constructor(
    private readonly deps: LedgerDeps,
    private readonly head: RoomHead,
    private readonly history: History,
    /** Owner and epoch under which the room is written. */
    public fence: Fence,
  ) {
    this.position = history.position;
    this.snapshotSeq = history.start;
  }

  /** Up to where the store is known to have the log. */
  private position: Position;

  /** Entries of the history that the store is not known to have. */
  get behind(): number {
    return this.history.position.seq - this.position.seq;
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
    if (reply.outcome !== 'ok') return this.insist(entries, after, reply);
    this.position = entries.at(-1) ?? after;
    return true;
  }

  /** Sends an append again that did not get through, until it is known what became of it. */
  private async insist(entries: readonly LogLine[], from: Position, first: CommitReply): Promise<boolean> {
    const { store, clock, log, whenFresh } = this.deps;
    const { code, settings } = this.head;
    let after = from;
    let pending = entries;
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
        await whenFresh();
      } else {
        // A gap tells where the store is; a claim that was taken back is made again, which tells the same.
        const found = reply.outcome === 'gap' ? reply : await this.reassert(reply);
        if (found !== 'retry') {
          const missing = found && this.missingAfter(found, entries);
          if (!missing) return false;
          // Nothing missing: an earlier attempt has landed. Without entries a commit still waits for the copies.
          if (missing.length > 0) log.warn({ room: code, from: found.seq }, 'appending a lost tail again');
          after = found;
          pending = missing;
          end = missing.at(-1) ?? found;
        }
      }
      if (this.over) return false;
    }
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

  /**
   * Whether the store still names this owner and epoch; undefined when it does not answer. A failover can keep both and
   * lose the end of the log: it is appended again.
   */
  async owned(): Promise<boolean | undefined> {
    const reply = await this.check();
    switch (reply.outcome) {
      case 'ok':
        return true;
      case 'gap':
        return this.append([]);
      case 'unknown':
        return undefined;
      case 'gone':
        return false;
      case 'fenced':
        return (await this.reassert(reply)) === undefined ? false : undefined;
    }
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

  /** Stores `snapshot`, if there is one, and gives the room up; it is forgotten after `ttlMs` unless claimed again. */
  async release(ttlMs: number, snapshot?: StoredSnapshot): Promise<void> {
    const { store, logKeep } = this.deps;
    if (snapshot) {
      await this.secure();
      await store.snapshot(this.head.code, this.fence, snapshot, logKeep);
    }
    for (let attempt = 1; attempt <= RELEASE_ATTEMPTS; attempt++) {
      const reply = await store.release(this.head.code, this.fence, ttlMs);
      if (reply.outcome !== 'unknown') return;
    }
  }

  /** Tries to have the log on the copies too: who has given a room up cannot append again what a failover loses. */
  private async secure(): Promise<void> {
    const { store, clock } = this.deps;
    const deadline = clock.monotonic() + SECURE_MS;
    while (!this.over && clock.monotonic() < deadline) {
      const reply = await store.commit(this.head.code, this.fence, this.position, [], 'replicated');
      if (reply.outcome === 'ok') return;
      if (reply.outcome === 'unknown') await sleep(clock, RETRY_MS);
      else if (!(await this.append([]))) return;
    }
  }

  /** What the store lacks when its log ends at `found`; undefined when that is not our history. */
  private missingAfter(found: Position, entries: readonly LogLine[]): readonly LogLine[] | undefined {
    const ahead = entries.filter((entry) => entry.seq > this.history.position.seq);
    const kept = this.history.after(found);
    if (kept) return [...kept, ...ahead];
    const at = entries.findIndex((entry) => entry.seq === found.seq && entry.digest === found.digest);
    return at < 0 ? undefined : entries.slice(at + 1);
  }

  /**
   * A failover may take a claim back: then the store names an older epoch than ours, and the room is claimed again above
   * both. A higher epoch is another owner's, and final.
   */
  private async reassert(seen: Refused): Promise<Position | 'retry' | undefined> {
    if (seen.outcome !== 'fenced') return undefined;
    const { store, address, log } = this.deps;
    const { owner, epoch } = this.fence;
    const { code } = this.head;
    if (this.claiming && seen.owner === owner && seen.epoch > epoch) {
      this.claiming = false;
      this.fence = { owner, epoch: seen.epoch };
      return 'retry';
    }
    if (seen.epoch >= epoch) return undefined;
    log.warn({ room: code, epoch, stored: seen.epoch }, 'claim was taken back by a failover');
    const reply = await store.claim(code, seen, owner, address(), epoch);
    this.claiming = reply.outcome === 'unknown';
    if (reply.outcome !== 'ok') return reply.outcome === 'gone' ? undefined : 'retry';
    this.fence = { owner, epoch: reply.room.meta.epoch };
    return reply.room.meta;
  }
}
