/**
 * The shell around a room: one mailbox, worked off in batches. Take what waits, step through it on values, commit the
 * entries, and only then let anything out (the output gate).
 *
 * INVARIANT: between taking a batch and knowing that its commit is safe nothing leaves for anybody. A commit without an
 * answer is sent again as it was, until the store says that it is in, or that this instance no longer owns the room.
 */
import { type ErrorCode, errors } from '../errors.js';
import type { Game, Seat, Viewer } from '../game/game.js';
import { PROTOCOL_VERSION } from '../protocol/client-in.js';
import type {
  ClientOut,
  Cursor,
  Presence as PresenceView,
  RoomView,
  Snapshot,
  TurnInfo,
} from '../protocol/client-out.js';
import { encode, errorFrame } from '../protocol/encode.js';
import type { RoomCode, Seq } from '../protocol/ids.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import { History, type LogEntry } from './history.js';
import type { LoadedRoom } from './load.js';
import { nobodyPresent, type Presence } from './seats.js';
import { type Entry, evolve, type RoomHead, type RoomState } from './state.js';
import { type Effect, type Input, nextTick, type Refusal, type Room, type Step, step, wantsSeed } from './step.js';
import { type Fence, type RoomStore, toSnapshot } from './store.js';
import { projectEntry, viewRoom, viewTurn } from './view.js';

/** Whoever is on the other end: a socket, or one HTTP request. */
export interface Connection {
  /** Equal for two sockets of the same client. */
  readonly clientId: string;
  send(frame: string): void;
  /** Says why and ends the connection. */
  close(code: ErrorCode): void;
}

/** Whether this instance may still speak for its rooms. */
export interface Lease {
  /** True while the last confirmed heartbeat is recent enough that nobody can have taken the rooms over. */
  fresh(): boolean;
  /** Rises whenever the lease was not fresh: what was known of ownership before must be checked again. */
  readonly generation: number;
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
  readonly head: RoomHead;
  private state: RoomState;
  private presence: Presence;
  private readonly windows;
  private readonly history: History;
  private readonly queue: TheInput[] = [];
  private readonly attached = new Map<Connection, Seat | null>();
  private working: Promise<void> | undefined;
  private ended: EndReason | undefined;
  private tick: Timer | undefined;
  private tickAt: number | null = null;
  private verified: number;
  /** Monotonic ms since when the table stands still; undefined while it plays. */
  private frozenSince: number | undefined;
  private frozenTold = false;
  private snapshotSeq: Seq;
  private snapshotting = false;

  constructor(
    private readonly deps: MailboxDeps,
    private readonly game: Game,
    head: RoomHead,
    readonly fence: Fence,
    loaded: LoadedRoom,
    /** When the room was last played, cluster time: what has passed since is given back. */
    aliveAt: number,
  ) {
    this.head = head;
    this.state = loaded.state;
    this.windows = loaded.windows;
    this.history = loaded.history;
    this.snapshotSeq = loaded.history.position.seq;
    this.presence = nobodyPresent(this.state.seats.length, deps.clock.now());
    this.verified = deps.lease.generation;
    this.post({ type: 'thaw', forMs: deps.clock.now() - aliveAt });
  }

  get code(): RoomCode {
    return this.head.code;
  }

  get status(): RoomState['status'] {
    return this.state.status;
  }

  get position(): Cursor {
    const { seq, digest } = this.history.position;
    return { epoch: this.fence.epoch, seq, digest };
  }

  /** Sockets attached, spectators included. */
  get connections(): number {
    return this.attached.size;
  }

  get frozen(): boolean {
    return this.frozenSince !== undefined;
  }

  get over(): boolean {
    return this.ended !== undefined;
  }

  /** What `viewer` may know of the room as committed. */
  view(viewer: Viewer): RoomView {
    return viewRoom(this.game, this.head, this.state, viewer);
  }

  /** The seat whose token has this hash, as committed. */
  seatOf(tokenHash: string): Seat | undefined {
    const seat = this.state.seats.findIndex(
      (occupant) => occupant?.kind === 'human' && occupant.tokenHash === tokenHash,
    );
    return seat < 0 ? undefined : (seat as Seat);
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
    const seat = this.attached.get(connection);
    if (seat === undefined) return;
    this.attached.delete(connection);
    this.post({ type: 'gone', seat });
  }

  /** The seat a connection plays; null for a spectator, undefined when it is not (or no longer) attached. */
  seatAt(connection: Connection): Seat | null | undefined {
    return this.attached.get(connection);
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
      toSnapshot(this.history.position, this.state, this.windows),
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
      if (this.state.status === 'closed') await this.bury();
      else this.considerSnapshot();
    }
    this.schedule();
  }

  /** Steps through the batch; nothing of the mailbox changes but the windows, which die with it if the commit fails. */
  private run(batch: readonly TheInput[]): Done[] {
    const { clock, idleMs, newSeed } = this.deps;
    const done: Done[] = [];
    let room: Room = {
      game: this.game,
      head: this.head,
      state: this.state,
      presence: this.presence,
      windows: this.windows,
    };
    let position = this.history.position;
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
        this.windows.apply(draft, entry.seq);
      }
      if (taken.outcome) this.windows.record(taken.outcome.seat, taken.outcome.id, taken.outcome.outcome);
      room = { ...room, state, presence: taken.presence };
      done.push({ step: taken, state, presence: taken.presence, entry });
      if (wantsSeed(room)) inputs.unshift({ type: 'seed', seed: newSeed() });
    }
    return done;
  }

  /** True when the entries are in the log; false when the room is lost. Comes back only when it is known. */
  private async commit(entries: readonly LogEntry[]): Promise<boolean> {
    const { store, clock } = this.deps;
    const startedAt = clock.monotonic();
    const slow = clock.after(FREEZE_AFTER_MS, () => this.freeze(startedAt));
    try {
      let after = this.history.position;
      let pending = entries;
      for (;;) {
        const reply = await store.commit(this.code, this.fence, after, pending);
        const end = entries.at(-1);
        if (reply.outcome === 'ok') return true;
        if (reply.outcome === 'gap') {
          if (reply.seq === end?.seq && reply.digest === end.digest) return true;
          const missing = this.missingAfter(reply, entries);
          if (!missing)
            throw new Error(`the stored log is at ${reply.seq} ${reply.digest}, which is not in our history`);
          this.deps.log.warn({ room: this.code, from: reply.seq, to: end?.seq }, 'appending a lost tail again');
          after = reply;
          pending = missing;
        } else if (reply.outcome === 'unknown') {
          this.deps.log.warn({ room: this.code, err: reply.error.message }, 'commit without an answer');
          await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
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
    const kept = this.history.after(stored as Cursor);
    if (kept) return [...kept, ...entries];
    const at = entries.findIndex((entry) => entry.seq === stored.seq && entry.digest === stored.digest);
    return at < 0 ? undefined : entries.slice(at + 1);
  }

  /** While the lease is not beyond doubt, stands still until the store confirms the owner and the epoch. */
  private async verify(): Promise<void> {
    const { lease, clock, store } = this.deps;
    while (!this.ended && (!lease.fresh() || lease.generation !== this.verified)) {
      this.freeze(clock.monotonic());
      const generation = lease.generation;
      const meta = await store.meta(this.code).catch(() => undefined);
      if (meta !== undefined && (meta?.owner !== this.fence.owner || meta.epoch !== this.fence.epoch))
        return this.lose();
      if (meta && lease.fresh()) this.verified = generation;
      else await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
    this.thaw();
  }

  private freeze(since: number): void {
    this.frozenSince ??= since;
    if (this.frozenTold || this.ended) return;
    this.frozenTold = true;
    this.broadcast({ type: 'notice', kind: 'frozen' });
  }

  private thaw(): void {
    if (this.frozenSince === undefined || this.ended) return;
    const forMs = this.deps.clock.monotonic() - this.frozenSince;
    this.frozenSince = undefined;
    this.frozenTold = false;
    this.queue.unshift({ type: 'thaw', forMs });
    this.broadcast({ type: 'notice', kind: 'resumed' });
  }

  /** Lets out what a committed batch did: for each step its entry to everybody, then its effects. */
  private publish(done: readonly Done[]): void {
    for (const { step: taken, state, presence, entry } of done) {
      this.state = state;
      this.presence = presence;
      if (entry) {
        this.history.push([entry]);
        for (const [connection, seat] of this.attached)
          connection.send(this.eventFrame(entry, seat ?? 'spectator', true));
        this.noteSeats(entry);
      }
      for (const effect of taken.effects) this.apply(effect);
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

  private apply(effect: Effect<Connection>): void {
    switch (effect.type) {
      case 'admit':
        return this.admit(effect.to, effect.seat, effect.token, effect.resume);
      case 'ack':
        return effect.to.send(encode({ type: 'ack', id: effect.id, seq: effect.seq ?? this.history.position.seq }));
      case 'refuse':
        return refuse(effect.to, effect.refusal, effect.id);
      case 'say':
        return this.broadcast({ type: 'said', seat: effect.seat, phrase: effect.phrase });
      case 'presence':
        return this.broadcast({ type: 'presence', ...this.presenceView() });
      case 'unseat':
        for (const connection of this.attachedTo(effect.seat)) {
          this.attached.delete(connection);
          connection.close(effect.code);
        }
        return;
      case 'reseat':
        for (const connection of this.attachedTo(effect.from)) {
          this.attached.set(connection, effect.to);
          connection.send(encode(this.snapshotFrame(effect.to)));
        }
        return;
    }
  }

  private admit(
    connection: Connection,
    seat: Seat | null,
    token: string | undefined,
    resume: Cursor | undefined,
  ): void {
    if (seat !== null) {
      for (const other of this.attachedTo(seat)) {
        this.attached.delete(other);
        if (other !== connection) other.close(other.clientId === connection.clientId ? 'MOVED' : 'SEAT_REPLACED');
      }
    }
    this.attached.set(connection, seat);
    const viewer = seat ?? 'spectator';
    const missed = resume && resume.epoch <= this.fence.epoch ? this.history.after(resume) : undefined;
    connection.send(
      encode({
        type: 'welcome',
        v: PROTOCOL_VERSION,
        room: this.code,
        seat,
        ...(token === undefined ? {} : { token }),
        last_command: seat === null ? 0 : this.windows.highest(seat),
        resumed: missed !== undefined,
        now: this.deps.clock.now(),
        ...this.position,
        presence: this.presenceView(),
        ...this.turn(viewer),
        ...(missed ? {} : { view: this.view(viewer) }),
      }),
    );
    for (const entry of missed ?? [])
      connection.send(this.eventFrame(entry, viewer, entry.seq === this.history.position.seq));
    if (this.frozen) connection.send(encode({ type: 'notice', kind: 'frozen' }));
  }

  /** `latest`: the turn is told as it is after this entry, which is known for the last one only. */
  private eventFrame({ seq, digest, entry }: LogEntry, viewer: Viewer, latest: boolean): string {
    return encode({
      type: 'event',
      seq,
      digest,
      epoch: entry.epoch,
      at: entry.at,
      ...(latest ? this.turn(viewer) : { deadline: null }),
      events: projectEntry(this.game, entry, viewer),
    });
  }

  private snapshotFrame(viewer: Viewer): Snapshot {
    const now = this.deps.clock.now();
    return { type: 'snapshot', now, ...this.position, ...this.turn(viewer), view: this.view(viewer) };
  }

  private turn(viewer: Viewer): TurnInfo {
    return viewTurn(this.game, this.state, viewer);
  }

  private presenceView(): PresenceView {
    return { seats: this.presence.connected, spectators: this.presence.spectators };
  }

  private attachedTo(seat: Seat): Connection[] {
    return [...this.attached].flatMap(([connection, at]) => (at === seat ? [connection] : []));
  }

  private broadcast(frame: ClientOut): void {
    const text = encode(frame);
    for (const connection of this.attached.keys()) connection.send(text);
  }

  /** One timer a room, for whatever is due first. */
  private schedule(): void {
    if (this.ended) return;
    const { clock, idleMs } = this.deps;
    const at = nextTick(
      { game: this.game, head: this.head, state: this.state, presence: this.presence, windows: this.windows },
      idleMs,
    );
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
    const position = this.history.position;
    if (this.snapshotting || position.seq - this.snapshotSeq < SNAPSHOT_EVERY) return;
    this.snapshotting = true;
    const { store, logKeep } = this.deps;
    void store
      .snapshot(this.code, this.fence, toSnapshot(position, this.state, this.windows), logKeep)
      .then((reply) => {
        if (reply.outcome !== 'ok') return;
        this.snapshotSeq = position.seq;
        this.history.trim(position.seq, HISTORY_KEEP);
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
    for (const connection of this.attached.keys()) connection.close(code);
    for (const input of this.queue) if ('from' in input) input.from.close(code);
    this.queue.length = 0;
    this.attached.clear();
    this.deps.onEnd(this, this.ended ?? 'failed');
  }
}

function refuse(to: Connection, refusal: Refusal, id?: string): void {
  to.send(encode(errorFrame(refusal.code, refusal.detail, id, refusal.reason)));
  if (id === undefined && errors[refusal.code].close !== undefined) to.close(refusal.code);
}
