/**
 * The shell around a room: one mailbox, worked off in batches. Take what waits, step through it on values, commit the
 * entries, and only then let anything out (the output gate).
 *
 * INVARIANT: between taking a batch and knowing that its commit is safe nothing leaves for anybody. A commit without an
 * answer is sent again as it was, until the store says that it is in, or that this instance no longer owns the room.
 */
import type { ErrorCode } from '../errors.js';
import type { Game, Seat, Viewer } from '../game/game.js';
import type { Cursor, RoomView } from '../protocol/client-out.js';
import type { RoomCode, Seq } from '../protocol/ids.js';
import { type Clock, sleep, type Timer } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import { Audience, type Committed, type Connection } from './audience.js';
import { History, type LogEntry } from './history.js';
import type { LoadedRoom } from './load.js';
import { nobodyPresent, type Presence } from './seats.js';
import { type Entry, evolve, type RoomHead, type RoomState, seatOf } from './state.js';
import { type Input, nextTick, type Room, type Step, step, wantsSeed } from './step.js';
import { type Fence, type RoomStore, toSnapshot } from './store.js';
import { viewRoom } from './view.js';

/** Whether this instance may still speak for its rooms. */
export interface Lease {
  /** True while the last confirmed heartbeat is recent enough that nobody can have taken the rooms over. */
  fresh(): boolean;
  /** Rises whenever the lease was not fresh: what was known of ownership before must be checked again. */
  readonly generation: number;
  /** Resolves when the lease is fresh again, at once when it is. */
  whenFresh(): Promise<void>;
}

export interface MailboxDeps {
  readonly store: RoomStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lease: Lease;
  readonly newSeed: () => string;
  /** Close a room that nobody is connected to after this, ms. */
  readonly idleMs: number;
  /** Log entries kept behind the snapshot. */
  readonly logKeep: number;
  /** Time to live of a closed room's keys, ms. */
  readonly closedTtlMs: number;
  /** The room is no longer played here. */
  readonly onEnd: (mailbox: Mailbox, reason: EndReason) => void;
  /** A seat has been taken with this token hash. */
  readonly onSeatTaken?: (code: RoomCode, seat: Seat, tokenHash: string) => void;
}

/** closed: for good. released: stored for whoever comes next. lost: another instance owns it. failed: it has an error. */
export type EndReason = 'closed' | 'released' | 'lost' | 'failed';

const SNAPSHOT_EVERY = 64;
/** Entries kept in memory for clients that come back. */
const HISTORY_KEEP = 128;
/** A commit that takes longer freezes the table visibly, ms. */
const FREEZE_AFTER_MS = 400;
const RETRY_MS = 50;

type TheInput = Input<Connection>;

interface Done {
  readonly step: Step<Connection>;
  readonly state: RoomState;
  readonly presence: Presence;
  readonly entry: LogEntry | undefined;
}

export class Mailbox {
  private readonly room: Committed;
  private readonly audience: Audience;
  private readonly queue: TheInput[] = [];
  private working: Promise<void> | undefined;
  private ended: EndReason | undefined;
  private tick: Timer | undefined;
  private tickAt: number | null = null;
  /** Generation of the lease at which the ownership was last known. */
  private verified: number;
  /** Monotonic ms since when the table stands still; undefined while it plays. */
  private frozenSince: number | undefined;
  private snapshotSeq: Seq;
  private snapshotting = false;

  constructor(
    private readonly deps: MailboxDeps,
    private readonly game: Game,
    readonly head: RoomHead,
    readonly fence: Fence,
    loaded: LoadedRoom,
    /** When the room was last played, cluster time: what has passed since is given back. */
    aliveAt: number,
  ) {
    const now = deps.clock.now();
    this.room = { ...loaded, presence: nobodyPresent(loaded.state.seats.length, now) };
    this.audience = new Audience(game, head, fence.epoch, deps.clock, this.room);
    this.snapshotSeq = loaded.history.position.seq;
    this.verified = deps.lease.generation;
    this.post({ type: 'thaw', forMs: now - aliveAt });
  }

  get code(): RoomCode {
    return this.head.code;
  }

  get status(): RoomState['status'] {
    return this.room.state.status;
  }

  get position(): Cursor {
    const { seq, digest } = this.room.history.position;
    return { epoch: this.fence.epoch, seq, digest };
  }

  /** Sockets attached, spectators included. */
  get connections(): number {
    return this.audience.size;
  }

  get frozen(): boolean {
    return this.frozenSince !== undefined;
  }

  get over(): boolean {
    return this.ended !== undefined;
  }

  /** What `viewer` may know of the room as committed. */
  view(viewer: Viewer): RoomView {
    return viewRoom(this.game, this.head, this.room.state, viewer);
  }

  /** The seat whose token has this hash, as committed. */
  seatOf(tokenHash: string): Seat | undefined {
    return seatOf(this.room.state, tokenHash);
  }

  /** Puts an input into the mailbox; it is worked off in order. */
  post(input: TheInput): void {
    if (this.ended) return;
    this.queue.push(input);
    this.wake();
  }

  /** Looks again whether the room is still owned; called when the lease may have been lost. */
  wake(): void {
    this.working ??= Promise.resolve()
      .then(() => this.work())
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.working = undefined;
        if (this.queue.length > 0 && !this.ended) this.wake();
      });
  }

  /** A connection ended by itself. */
  detach(connection: Connection): void {
    const seat = this.audience.seatAt(connection);
    if (seat === undefined) return;
    this.audience.forget(connection);
    this.post({ type: 'gone', seat });
  }

  /** The seat a connection plays; null for a spectator, undefined when it is not (or no longer) attached. */
  seatAt(connection: Connection): Seat | null | undefined {
    return this.audience.seatAt(connection);
  }

  /**
   * Finishes what waits, stores a snapshot and gives the room up; sockets are told to come back elsewhere.
   * Resolves when that is done or the room was lost meanwhile.
   */
  async release(ttlMs: number): Promise<void> {
    while (this.working) await this.working;
    if (this.ended) return;
    this.ended = 'released';
    const { store } = this.deps;
    await store.snapshot(
      this.code,
      this.fence,
      toSnapshot(this.room.history.position, this.room.state, this.room.windows),
      this.deps.logKeep,
    );
    await store.release(this.code, this.fence, ttlMs);
    this.finish('MOVED');
  }

  private async work(): Promise<void> {
    while (!this.ended) {
      await this.verify();
      if (this.ended || this.queue.length === 0) break;
      const batch = this.queue.splice(0);
      const done = this.run(batch);
      const entries = done.flatMap(({ entry }) => (entry ? [entry] : []));
      if (entries.length > 0 && !(await this.commit(entries))) return;
      this.publish(done);
      if (this.room.state.status === 'closed') await this.bury();
      else this.considerSnapshot();
    }
    this.schedule();
  }

  /** Steps through the batch; nothing of the mailbox changes but the windows, which die with it if the commit fails. */
  private run(batch: readonly TheInput[]): Done[] {
    const { clock, idleMs, newSeed } = this.deps;
    const done: Done[] = [];
    let room: Room = this.current();
    let position = this.room.history.position;
    const inputs = [...batch];
    for (let input = inputs.shift(); input !== undefined; input = inputs.shift()) {
      const now = clock.now();
      const taken = step(room, input, now, idleMs);
      let { state } = room;
      let entry: LogEntry | undefined;
      if (taken.events.length > 0) {
        const draft: Entry = {
          v: 1,
          epoch: this.fence.epoch,
          at: now,
          ...(taken.by ? { by: taken.by } : {}),
          events: taken.events,
        };
        entry = History.link(position, draft);
        position = entry;
        state = evolve(this.game, this.head, state, draft);
        this.room.windows.apply(draft, entry.seq);
      }
      if (taken.outcome) this.room.windows.record(taken.outcome.seat, taken.outcome.id, taken.outcome.outcome);
      room = { ...room, state, presence: taken.presence };
      done.push({ step: taken, state, presence: taken.presence, entry });
      if (wantsSeed(room)) inputs.unshift({ type: 'seed', seed: newSeed() });
    }
    return done;
  }

  private current(): Room {
    const { state, presence, windows } = this.room;
    return { game: this.game, head: this.head, state, presence, windows };
  }

  /** True when the entries are in the log; false when the room is lost. Comes back only when it is known. */
  private async commit(entries: readonly LogEntry[]): Promise<boolean> {
    const { store, clock } = this.deps;
    const startedAt = clock.monotonic();
    const slow = clock.after(FREEZE_AFTER_MS, () => this.freeze(startedAt));
    try {
      let after = this.room.history.position;
      let pending = entries;
      for (;;) {
        const reply = await store.commit(this.code, this.fence, after, pending);
        const end = entries.at(-1);
        if (reply.outcome === 'ok') return true;
        if (reply.outcome === 'gap') {
          if (reply.seq === end?.seq && reply.digest === end.digest) return true;
          const missing = this.missingAfter(reply, entries);
          if (!missing) {
            this.deps.log.error({ room: this.code, stored: reply, ours: after }, 'the stored log is not our history');
            this.lose();
            return false;
          }
          this.deps.log.warn({ room: this.code, from: reply.seq, to: end?.seq }, 'appending a lost tail again');
          after = reply;
          pending = missing;
        } else if (reply.outcome === 'unknown') {
          this.deps.log.warn({ room: this.code, err: reply.error.message }, 'commit without an answer');
          await sleep(clock, RETRY_MS);
          await this.deps.lease.whenFresh();
        } else {
          this.lose();
          return false;
        }
        if (this.ended) return false;
      }
    } finally {
      slow.cancel();
    }
  }

  /** What the store lacks when its log ends at `stored`: the tail that a promoted replica never got. */
  private missingAfter(stored: { seq: Seq; digest: string }, entries: readonly LogEntry[]): LogEntry[] | undefined {
    const kept = this.room.history.after(stored as Cursor);
    if (kept) return [...kept, ...entries];
    const at = entries.findIndex((entry) => entry.seq === stored.seq && entry.digest === stored.digest);
    return at < 0 ? undefined : entries.slice(at + 1);
  }

  /** While the lease is not beyond doubt, stands still until the store confirms the owner and the epoch. */
  private async verify(): Promise<void> {
    const { lease, clock, store } = this.deps;
    while (!this.ended && (!lease.fresh() || lease.generation !== this.verified)) {
      this.freeze(clock.monotonic());
      await lease.whenFresh();
      const generation = lease.generation;
      const meta = await store.meta(this.code).catch(() => undefined);
      if (meta !== undefined && (meta?.owner !== this.fence.owner || meta.epoch !== this.fence.epoch))
        return this.lose();
      if (meta && lease.fresh()) this.verified = generation;
      else await sleep(clock, RETRY_MS);
    }
    this.thaw();
  }

  private freeze(since: number): void {
    if (this.frozenSince !== undefined || this.ended) return;
    this.frozenSince = since;
    this.audience.broadcast({ type: 'notice', kind: 'frozen' });
  }

  private thaw(): void {
    if (this.frozenSince === undefined || this.ended) return;
    const forMs = this.deps.clock.monotonic() - this.frozenSince;
    this.frozenSince = undefined;
    this.queue.unshift({ type: 'thaw', forMs });
    this.audience.broadcast({ type: 'notice', kind: 'resumed' });
  }

  /** Lets out what a committed batch did: for each step its entry to everybody, then its effects. */
  private publish(done: readonly Done[]): void {
    for (const { step: taken, state, presence, entry } of done) {
      this.room.state = state;
      this.room.presence = presence;
      if (entry) {
        this.room.history.push([entry]);
        this.audience.show(entry);
        this.noteSeats(entry);
      }
      for (const effect of taken.effects) this.audience.apply(effect);
    }
    this.thaw();
  }

  private noteSeats(entry: LogEntry): void {
    for (const event of entry.entry.events) {
      if (event.type === 'seat_taken' && 'token_hash' in event && event.token_hash !== undefined) {
        this.deps.onSeatTaken?.(this.code, event.seat, event.token_hash);
      }
    }
  }

  /** One timer a room, for whatever is due first. */
  private schedule(): void {
    if (this.ended) return;
    const { clock, idleMs } = this.deps;
    const at = nextTick(this.current(), idleMs);
    if (at === this.tickAt) return;
    this.tick?.cancel();
    this.tickAt = at;
    if (at === null) return;
    this.tick = clock.after(at - clock.now(), () => {
      this.tickAt = null;
      this.post({ type: 'tick' });
    });
  }

  private considerSnapshot(): void {
    const position = this.room.history.position;
    if (this.snapshotting || position.seq - this.snapshotSeq < SNAPSHOT_EVERY) return;
    this.snapshotting = true;
    const { store, logKeep } = this.deps;
    void store
      .snapshot(this.code, this.fence, toSnapshot(position, this.room.state, this.room.windows), logKeep)
      .then((reply) => {
        if (reply.outcome !== 'ok') return;
        this.snapshotSeq = position.seq;
        this.room.history.trim(position.seq, HISTORY_KEEP);
      })
      .finally(() => {
        this.snapshotting = false;
      });
  }

  /** The room has been closed by its own rules: its keys live on for a while, so that late comers hear why. */
  private async bury(): Promise<void> {
    this.ended = 'closed';
    await this.deps.store.release(this.code, this.fence, this.deps.closedTtlMs);
    this.finish('ROOM_CLOSED');
  }

  /** Another instance owns the room: nothing of ours counts any more. */
  private lose(): void {
    if (this.ended) return;
    this.ended = 'lost';
    this.finish('MOVED');
  }

  /** The room has an error of its own; it ends, all others go on. */
  private fail(error: unknown): void {
    if (this.ended) return;
    this.deps.log.error({ room: this.code, err: error }, 'room failed');
    this.ended = 'failed';
    this.finish('ROOM_FAILED');
  }

  private finish(code: ErrorCode): void {
    this.tick?.cancel();
    this.audience.closeAll(code);
    for (const input of this.queue) if ('from' in input) input.from.close(code);
    this.queue.length = 0;
    this.deps.onEnd(this, this.ended ?? 'failed');
  }
}
