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
import { History, type LogEntry, type Position } from './history.js';
import type { LoadedRoom } from './load.js';
import { nobodyPresent, type Presence } from './seats.js';
import { type Entry, evolve, type RoomHead, type RoomState, seatOf } from './state.js';
import { type Input, nextTick, type Room, type Step, step, wantsSeed } from './step.js';
import { type Fence, type Refused, type RoomStore, type StoredSnapshot, toSnapshot } from './store.js';
import { viewRoom } from './view.js';

/** Whether this instance may still speak for its rooms. */
export interface Lease {
  /** True while the last confirmed heartbeat is recent enough that nobody can have taken the rooms over. */
  fresh(): boolean;
  /** True until shortly before the lease itself ends: what rooms that chose `async` play on under. */
  holds(): boolean;
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
  /** 32 fresh random bytes as hex. */
  readonly newSeed: () => string;
  /** `host:port` of this instance. */
  readonly address: () => string;
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

/**
 * closed: for good. released: stored for whoever comes next. moved: given to another instance. lost: another instance
 * has taken it. failed: it has an error.
 */
export type EndReason = 'closed' | 'released' | 'moved' | 'lost' | 'failed';

const SNAPSHOT_EVERY = 64;
/** Entries kept in memory for clients that come back. */
const HISTORY_KEEP = 128;
/** A commit that takes longer freezes the table visibly, ms. */
const FREEZE_AFTER_MS = 400;
const RETRY_MS = 50;
/** Hex digits: 128 bits. */
const SALT_LENGTH = 32;
/** Entries that an `async` room may be ahead of the store. */
const ASYNC_AHEAD = 256;

/** Inputs of one connection, and of a whole room, that may wait: a table that stands still must not fill the memory. */
const WAITING_PER_CONNECTION = 32;
const WAITING = 1_024;

type TheInput = Input<Connection>;
/** A connection has ended. Which seat it was at shows when everything that was posted before has been done. */
type Waiting = TheInput | { readonly type: 'detached'; readonly from: Connection };

interface Done {
  readonly step: Step<Connection>;
  readonly state: RoomState;
  readonly presence: Presence;
  readonly entry: LogEntry | undefined;
}

export class Mailbox {
  private readonly room: Committed;
  private readonly audience: Audience;
  private readonly queue: Waiting[] = [];
  /** What has been taken from the queue and is not published yet. */
  private batch: readonly TheInput[] = [];
  private working: Promise<void> | undefined;
  private ended: EndReason | undefined;
  /** What everybody was told at the end, and whoever comes later is. */
  private closedWith: ErrorCode | undefined;
  private tick: Timer | undefined;
  private tickAt: number | null = null;
  /** Generation of the lease at which the ownership was last known. */
  private verified: number;
  /** Monotonic ms since when the table stands still; undefined while it plays. */
  private frozenSince: number | undefined;
  /** Up to where the store is known to have the log. */
  private stored: Position;
  private flushing: Promise<boolean> | undefined;
  private sealed = false;
  /** A claim of ours went unanswered: a higher epoch of the same owner is then our own. */
  private claiming = false;
  private snapshotSeq: Seq;
  private snapshotting = false;

  constructor(
    private readonly deps: MailboxDeps,
    private readonly game: Game,
    readonly head: RoomHead,
    private owner: Fence,
    loaded: LoadedRoom,
    /** When the room was last played, cluster time: what has passed since is given back. */
    aliveAt: number,
  ) {
    const now = deps.clock.now();
    this.room = { ...loaded, presence: nobodyPresent(loaded.state.seats.length, now) };
    this.audience = new Audience(game, head, () => this.owner.epoch, deps.clock, this.room);
    this.stored = loaded.history.position;
    this.snapshotSeq = loaded.history.start;
    this.verified = deps.lease.generation;
    this.post({ type: 'thaw', forMs: now - aliveAt });
  }

  get code(): RoomCode {
    return this.head.code;
  }

  /** Owner and epoch under which the room is played here. */
  get fence(): Fence {
    return this.owner;
  }

  get status(): RoomState['status'] {
    return this.room.state.status;
  }

  get position(): Cursor {
    const { seq, digest } = this.room.history.position;
    return { epoch: this.owner.epoch, seq, digest };
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

  /** Puts an input into the mailbox; it is worked off in order. Whoever comes too late or sends too much is closed. */
  post(input: TheInput): void {
    const refusal = this.closedWith ?? ('from' in input && this.isFull(input.from) ? 'RATE_LIMITED' : undefined);
    if (refusal === undefined) this.enqueue(input);
    else if ('from' in input) input.from.close(refusal);
  }

  private enqueue(item: Waiting): void {
    this.queue.push(item);
    if (!this.ended) this.wake();
  }

  private isFull(from: Connection): boolean {
    if (this.queue.length < WAITING_PER_CONNECTION) return false;
    if (this.queue.length >= WAITING) return true;
    return this.queue.filter((item) => 'from' in item && item.from === from).length >= WAITING_PER_CONNECTION;
  }

  /** Looks again whether the room is still owned; called when the lease may have been lost. */
  wake(): void {
    this.working ??= Promise.resolve()
      .then(() => this.work())
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.working = undefined;
        if (this.queue.length > 0 && !this.ended && !this.sealed) this.wake();
      });
  }

  /** A connection ended by itself. */
  detach(connection: Connection): void {
    if (this.closedWith) return;
    // A hello that still waits takes no seat: nobody would ever hold its token.
    const hello = this.queue.findIndex((item) => item.type === 'hello' && item.from === connection);
    if (hello >= 0) this.queue.splice(hello, 1);
    this.enqueue({ type: 'detached', from: connection });
  }

  /** The seat a connection plays; null for a spectator, undefined when it is not (or no longer) attached. */
  seatAt(connection: Connection): Seat | null | undefined {
    return this.audience.seatAt(connection);
  }

  /** Works off what is under way, then takes nothing more: the room as it is then, or undefined when it is over. */
  async seal(): Promise<StoredSnapshot | undefined> {
    this.sealed = true;
    while (this.working) await this.working;
    await this.flushing;
    // The last chance for a tail that a failover has lost: whoever gets the room loads it without.
    if (this.ended || !(await this.commit([]))) return undefined;
    return toSnapshot(this.room.history.position, this.room.state, this.room.windows);
  }

  /** Goes on where `seal` stopped, with a new epoch where the room had been given away in between. */
  unseal(fence: Fence = this.owner): void {
    this.owner = fence;
    this.sealed = false;
    this.wake();
  }

  /** The sealed room is another instance's now: sockets are told to follow. */
  moved(): void {
    if (this.ended) return;
    this.ended = 'moved';
    this.finish('MOVED');
  }

  /**
   * Stores a snapshot and gives the room up; sockets are told to come back elsewhere. Resolves when that is done or the
   * room was lost meanwhile.
   */
  async release(ttlMs: number): Promise<void> {
    const snapshot = await this.seal();
    if (!snapshot) return;
    this.ended = 'released';
    const { store, logKeep } = this.deps;
    await store.snapshot(this.code, this.owner, snapshot, logKeep);
    await store.release(this.code, this.owner, ttlMs);
    this.finish('MOVED');
  }

  private async work(): Promise<void> {
    while (!this.ended && !this.sealed) {
      await this.verify();
      if (this.ended || this.sealed || this.queue.length === 0) break;
      this.batch = this.takeBatch();
      const done = this.run(this.batch);
      const entries = done.flatMap(({ entry }) => (entry ? [entry] : []));
      if (this.isAsync) {
        this.publish(done);
        this.flush();
        if (this.room.history.position.seq - this.stored.seq > ASYNC_AHEAD && !(await this.flushing)) return;
      } else {
        if (entries.length > 0 && !(await this.commit(entries))) return;
        this.publish(done);
      }
      if (this.room.state.status === 'closed') await this.bury();
      else this.considerSnapshot();
    }
    this.schedule();
  }

  /** What waits, up to the next connection that has ended. */
  private takeBatch(): readonly TheInput[] {
    const batch: TheInput[] = [];
    for (let item = this.queue[0]; item !== undefined; item = this.queue[0]) {
      if (item.type !== 'detached') {
        batch.push(item);
      } else {
        if (batch.length > 0) break;
        const seat = this.audience.seatAt(item.from);
        this.audience.forget(item.from);
        if (seat !== undefined) batch.push({ type: 'gone', seat });
      }
      this.queue.shift();
    }
    return batch;
  }

  private get isAsync(): boolean {
    return this.head.settings.durability === 'async';
  }

  /** Brings the store up to where an `async` room already is, one commit at a time. */
  private flush(): void {
    this.flushing ??= (async () => {
      while (!this.ended && this.stored.seq < this.room.history.position.seq) {
        if (!(await this.commit(this.room.history.after(this.stored) ?? []))) return false;
      }
      this.considerSnapshot();
      return true;
    })().finally(() => {
      this.flushing = undefined;
    });
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
          epoch: this.owner.epoch,
          at: now,
          salt: newSeed().slice(0, SALT_LENGTH),
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
    const { store, clock, lease, log } = this.deps;
    const { durability } = this.head.settings;
    const startedAt = clock.monotonic();
    const slow = clock.after(FREEZE_AFTER_MS, () => this.isAsync || this.freeze(startedAt));
    try {
      let after = this.stored;
      let pending = entries;
      let end = entries.at(-1) ?? after;
      let unanswered = false;
      while (!this.ended) {
        const reply = await store.commit(this.code, this.owner, after, pending, durability);
        if (reply.outcome === 'ok') {
          this.stored = end;
          return true;
        }
        if (reply.outcome === 'unknown') {
          if (!unanswered) log.warn({ room: this.code, err: reply.error.message }, 'commit without an answer');
          unanswered = true;
          await sleep(clock, RETRY_MS);
          await lease.whenFresh();
          continue;
        }
        // A gap tells where the store is; a lost claim is taken again, which tells the same.
        const found = reply.outcome === 'gap' ? reply : await this.reassert(reply);
        if (found === 'retry') continue;
        const missing = found && this.missingAfter(found, entries);
        if (!missing) {
          this.lose();
          return false;
        }
        // Nothing missing: an earlier attempt has landed. Without entries a commit still waits for the copies.
        if (missing.length > 0) log.warn({ room: this.code, from: found.seq }, 'appending a lost tail again');
        after = found;
        pending = missing;
        end = missing.at(-1) ?? found;
      }
      return false;
    } finally {
      slow.cancel();
    }
  }

  /** What the store lacks when its log ends at `found`; undefined when that is not our history. */
  private missingAfter(found: Position, entries: readonly LogEntry[]): readonly LogEntry[] | undefined {
    const { history } = this.room;
    const ahead = entries.filter((entry) => entry.seq > history.position.seq);
    const kept = history.after(found);
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
    const { owner, epoch } = this.owner;
    if (this.claiming && seen.owner === owner && seen.epoch > epoch) {
      this.claiming = false;
      this.owner = { owner, epoch: seen.epoch };
      return 'retry';
    }
    if (seen.epoch >= epoch) return undefined;
    log.warn({ room: this.code, epoch, stored: seen.epoch }, 'claim was taken back by a failover');
    const reply = await store.claim(this.code, seen, owner, address(), epoch);
    this.claiming = reply.outcome === 'unknown';
    if (reply.outcome !== 'ok') return reply.outcome === 'gone' ? undefined : 'retry';
    this.owner = { owner, epoch: reply.room.meta.epoch };
    return reply.room.meta;
  }

  /** While the lease is not beyond doubt, stands still until the store confirms the owner and the epoch. */
  private async verify(): Promise<void> {
    const { lease, clock, store } = this.deps;
    const trusted = () => (this.isAsync ? lease.holds() : lease.fresh());
    while (!this.ended && !(trusted() && (lease.generation === this.verified || !lease.fresh()))) {
      this.freeze(clock.monotonic());
      await lease.whenFresh();
      const generation = lease.generation;
      const meta = await store.meta(this.code).catch(() => undefined);
      if (meta && meta.owner === this.owner.owner && meta.epoch === this.owner.epoch) {
        if (lease.fresh()) this.verified = generation;
      } else if (meta === undefined) {
        await sleep(clock, RETRY_MS);
      } else if (meta === null || !(await this.reassert({ outcome: 'fenced', owner: meta.owner, epoch: meta.epoch }))) {
        this.lose();
      }
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
    this.batch = [];
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
    if (
      this.ended ||
      this.snapshotting ||
      position.seq - this.snapshotSeq < SNAPSHOT_EVERY ||
      position.seq > this.stored.seq
    )
      return;
    this.snapshotting = true;
    const { store, logKeep } = this.deps;
    void store
      .snapshot(this.code, this.owner, toSnapshot(position, this.room.state, this.room.windows), logKeep)
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
    await this.flushing;
    if (this.ended) return;
    this.ended = 'closed';
    await this.deps.store.release(this.code, this.owner, this.deps.closedTtlMs);
    this.finish('ROOM_CLOSED');
  }

  /** Another instance owns the room, or soon may: nothing of ours counts any more. */
  lose(): void {
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
    this.closedWith = code;
    const waiting = [...this.batch, ...this.queue].flatMap((item) => ('from' in item ? [item.from] : []));
    const strangers = new Set(waiting.filter((connection) => this.audience.seatAt(connection) === undefined));
    if (code === 'MOVED') this.audience.sendAway();
    else this.audience.closeAll(code);
    for (const connection of strangers) connection.close(code);
    this.batch = [];
    this.queue.length = 0;
    this.deps.onEnd(this, this.ended ?? 'failed');
  }
}
