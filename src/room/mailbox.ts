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
import type { InstanceId, RoomCode } from '../protocol/ids.js';
import { Alarm } from './alarm.js';
import { Audience, type Committed, type Connection } from './audience.js';
import { type Done, runBatch } from './batch.js';
import { Handover } from './handover.js';
import type { LogEntry, Position } from './history.js';
import { holderOf, InputQueue, type RoomInput, sendersOf } from './input-queue.js';
import { Ledger } from './ledger.js';
import type { LoadedRoom } from './load.js';
import { Proof } from './proof.js';
import type { RoomDeps } from './room-deps.js';
import { noteLeft, noteSeats } from './seat-notes.js';
import { nobodyPresent, type Presence } from './seats.js';
import { Standstill } from './standstill.js';
import { type RoomHead, type RoomState, seatOf } from './state.js';
import { nextTick, type Room } from './step.js';
import type { Fence, StoredSnapshot } from './store.js';
import { viewRoom } from './view.js';

export interface MailboxDeps extends RoomDeps {
  /** The room is no longer played here. */
  readonly onEnd: (mailbox: Mailbox, reason: EndReason, why?: string) => void;
  /** A lost room is this instance's again, and nobody plays it. */
  readonly onRegained?: (code: RoomCode) => void;
}

/**
 * closed: for good. released: stored for whoever comes next. moved: given to another instance. lost: another instance
 * has taken it. failed: it has an error.
 */
export type EndReason = 'closed' | 'released' | 'moved' | 'lost' | 'failed';

/** Entries that an `async` room may be ahead of the store. */
const ASYNC_AHEAD = 256;

export class Mailbox {
  private readonly room: Committed;
  private readonly audience: Audience;
  private readonly ledger: Ledger;
  private readonly queue = new InputQueue();
  /** What has been taken from the queue and is not published yet. */
  private batch: readonly RoomInput[] = [];
  private working: Promise<void> | undefined;
  private ended: EndReason | undefined;
  /** What everybody was told at the end, and whoever comes later is. */
  private closedWith: ErrorCode | undefined;
  private readonly tick: Alarm;
  private readonly standstill: Standstill;
  private readonly proof: Proof;
  private flushing: Promise<boolean> | undefined;
  private sealed = false;
  private enter!: (entered: boolean) => void;
  /** Whether the store has confirmed what this owner wrote first; false when the room was over before. */
  readonly entered = new Promise<boolean>((resolve) => {
    this.enter = resolve;
  });

  constructor(
    private readonly deps: MailboxDeps,
    private readonly game: Game,
    readonly head: RoomHead,
    fence: Fence,
    loaded: LoadedRoom,
    /** When the room was last played, cluster time: what has passed since is given back. */
    aliveAt: number,
    /** Another owner has handed the room over and waits for the first entry. */
    adopted = false,
  ) {
    const now = deps.clock.now();
    this.room = { ...loaded, presence: nobodyPresent(loaded.state.seats.length, now) };
    const whenFresh = () => deps.lease.whenFresh();
    this.ledger = new Ledger({ ...deps, whenFresh, committed: () => this.room }, head, loaded.history, fence);
    this.audience = new Audience(game, head, () => this.ledger.fence.epoch, deps.clock, this.room);
    this.proof = new Proof(deps.lease, deps.clock, this.isAsync);
    this.tick = new Alarm(deps.clock, () => this.post({ type: 'tick' }));
    this.standstill = new Standstill(deps.clock, () => this.audience.broadcast({ type: 'notice', kind: 'frozen' }));
    if (!adopted) this.enter(true);
    this.post({ type: adopted ? 'adopted' : 'thaw', forMs: now - aliveAt });
  }

  get code(): RoomCode {
    return this.head.code;
  }

  /** Owner and epoch of the room here. */
  get fence(): Fence {
    return this.ledger.fence;
  }

  get status(): RoomState['status'] {
    return this.room.state.status;
  }

  /** No hand is being played: whoever interrupts now disturbs least. */
  get betweenHands(): boolean {
    const { status, table } = this.room.state;
    return status !== 'playing' || this.game.betweenHands(table);
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
    return this.standstill.frozen;
  }

  get over(): boolean {
    return this.ended !== undefined;
  }

  /** Who sits where, as committed. */
  get seats(): RoomState['seats'] {
    return this.room.state.seats;
  }

  /** Who of the seats is connected. */
  get presence(): Presence {
    return this.room.presence;
  }

  /** What `viewer` may know of the room as committed. */
  view(viewer: Viewer): RoomView {
    return viewRoom(this.game, this.head, this.room.state, viewer);
  }

  /** The seat whose token has this hash, as committed. */
  seatOf(tokenHash: string): Seat | undefined {
    return seatOf(this.room.state, tokenHash);
  }

  /** Puts in what was received then (monotonic ms), to be worked off in order. Who comes too late or sends too much is closed. */
  post(input: RoomInput, receivedAt = this.deps.clock.monotonic()): void {
    const isPlayer = this.queue.crowded && this.seatOf(holderOf(input)) !== undefined;
    const isFull = 'from' in input && this.queue.isFull(input.from, isPlayer);
    const refusal = this.closedWith ?? (isFull ? 'RATE_LIMITED' : undefined);
    if (refusal !== undefined) return 'from' in input ? input.from.close(refusal) : undefined;
    // Who joins or reads is told what is so now, or that a token is wrong, often without a commit that would prove it.
    if (input.type === 'hello' || input.type === 'read') this.proof.doubt(receivedAt);
    this.queue.push(input);
    if (!this.ended) this.wake();
  }

  /** Asks the store whose the room is, unless it has said so since (monotonic ms): a room that waits may have been lost. */
  prove(since: number): void {
    if (this.ended) return;
    this.proof.doubt(since);
    // A room at work asks by its next commit.
    if (!this.working) this.proof.renew(this.ledger, () => this.wake());
  }

  /** Looks again whether the room is still owned; called when the lease may have been lost. */
  wake(): void {
    this.working ??= this.run();
  }

  /** A connection ended by itself. */
  detach(connection: Connection): void {
    if (this.closedWith) return;
    this.queue.detach(connection);
    if (!this.ended) this.wake();
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
    if (this.ended || !(await this.commit([]))) return undefined;
    this.standstill.asked(this.deps.clock.monotonic());
    return this.ledger.snapshotOf(this.room);
  }

  /** Goes on where `seal` stopped. */
  unseal(): void {
    this.sealed = false;
    this.wake();
  }

  /** The sealed room's way to another instance. */
  handOver(to: InstanceId, address: string, settled: () => Promise<void>): Handover {
    return new Handover({ ...this.deps, settled }, this.ledger, this.code, to, address);
  }

  /** Whether the room's history leads through `at`. */
  knows(at: Position): boolean {
    return this.ledger.knows(at);
  }

  /** The sealed room is another instance's now: sockets are told to follow. */
  moved(): void {
    if (this.ended) return;
    this.ended = 'moved';
    this.finish('MOVED');
  }

  /** Stores a snapshot and gives the room up: sockets are told to come back elsewhere. It is over here when that resolves. */
  async release(ttlMs: number): Promise<void> {
    const snapshot = await this.seal();
    if (!snapshot) return;
    this.ended = 'released';
    await this.ledger.release(ttlMs, snapshot);
    this.finish('MOVED');
  }

  private async run(): Promise<void> {
    // What is posted in the same turn of the event loop goes into the same batch.
    await undefined;
    await this.work().catch((error: unknown) => this.fail(error));
    this.working = undefined;
    if (this.queue.length > 0 && !this.ended && !this.sealed) this.wake();
  }

  private async work(): Promise<void> {
    while (!this.ended && !this.sealed) {
      if (!this.proof.stands && (!this.proof.leased || this.queue.length === 0)) await this.verify();
      this.thaw();
      if (this.ended || this.sealed || this.queue.length === 0) break;
      this.batch = this.queue.takeBatch((connection) => this.detached(connection));
      const { clock, idleMs, newSeed } = this.deps;
      const context = { epoch: this.fence.epoch, clock, idleMs, newSeed };
      const done = runBatch(this.current(), this.room.history.position, this.batch, context);
      const entries: LogEntry[] = [];
      for (const { entry } of done) if (entry) entries.push(entry);
      if (this.isAsync) {
        this.publish(done);
        this.flush();
        if (this.ledger.behind > ASYNC_AHEAD && !(await this.flushing)) return;
      } else {
        if (entries.length > 0) await this.commit(entries);
        else await this.verify();
        if (this.ended) return;
        this.publish(done);
      }
      if (this.room.state.status === 'closed') await this.bury();
      else this.ledger.considerSnapshot(this.room);
    }
    this.schedule();
  }

  private detached(connection: Connection): RoomInput | undefined {
    const seat = this.audience.seatAt(connection);
    this.audience.forget(connection);
    return seat === undefined ? undefined : { type: 'gone', seat };
  }

  private get isAsync(): boolean {
    return this.head.settings.durability === 'async';
  }

  /** Brings the store up to where an `async` room already is, while it plays on. */
  private flush(): void {
    this.flushing ??= this.ledger
      .catchUp()
      .then((ours) => {
        if (ours) this.ledger.considerSnapshot(this.room);
        else this.lose();
        this.enter(ours);
        return ours;
      })
      .finally(() => {
        this.flushing = undefined;
      });
  }

  /** True when the entries are safe; false when the room is lost. If that takes long, the table is frozen meanwhile. */
  private commit(entries: readonly LogEntry[]): Promise<boolean> {
    const startedAt = this.deps.clock.monotonic();
    this.standstill.asked(startedAt);
    return this.ledger.append(entries).then((ours) => {
      this.standstill.answered();
      if (ours) this.proof.confirm(startedAt);
      else this.lose();
      this.enter(ours);
      return ours;
    });
  }

  private current(): Room {
    const { state, presence, windows } = this.room;
    return { game: this.game, head: this.head, state, presence, windows };
  }

  /** While there is doubt that no commit has answered, stands still until the store confirms the owner and the epoch. */
  private async verify(): Promise<void> {
    while (!this.ended && !this.proof.stands) {
      const startedAt = this.deps.clock.monotonic();
      if (!this.proof.leased) this.standstill.freeze(startedAt);
      this.standstill.asked(startedAt);
      if (!(await this.proof.ask(() => this.ledger.owned()))) this.lose();
      this.standstill.answered();
    }
  }

  private thaw(): void {
    const forMs = this.ended ? undefined : this.standstill.end();
    if (forMs === undefined) return;
    this.queue.first({ type: 'thaw', forMs });
    this.audience.broadcast({ type: 'notice', kind: 'resumed' });
  }

  /** Lets out what a committed batch did: for each step its entry to everybody, then its effects. */
  private publish(done: readonly Done[]): void {
    for (const { step: taken, state, presence, entry } of done) {
      const before = this.room.state;
      this.room.state = state;
      this.room.presence = presence;
      if (entry) {
        this.room.history.push(entry);
        this.audience.show(entry, before);
        noteSeats(this.deps, this.code, entry, before);
      }
      for (const effect of taken.effects) this.audience.apply(effect);
    }
    this.batch = [];
    this.thaw();
  }

  private schedule(): void {
    // While sealed nothing is worked off: an alarm for what is overdue would ring again and again.
    if (!this.ended && !this.sealed) this.tick.set(nextTick(this.current(), this.deps.idleMs));
  }

  /** The room has been closed by its own rules: its keys live on for a while, so that late comers hear why. */
  private async bury(): Promise<void> {
    await this.flushing;
    if (this.ended) return;
    this.ended = 'closed';
    for (const occupant of this.room.state.seats) noteLeft(this.deps, occupant);
    // That it is closed is committed: nobody waits until its keys are given up.
    this.tellEnd('ROOM_CLOSED');
    await this.ledger.release(this.deps.closedTtlMs);
    this.finish('ROOM_CLOSED');
  }

  /** Another instance owns the room, or soon may: nothing of ours counts any more. */
  lose(): void {
    if (this.supersede()) void this.outlast();
  }

  /** This instance plays the room by another mailbox now. False when it was over before. */
  supersede(): boolean {
    if (this.ended) return false;
    this.ended = 'lost';
    this.finish('MOVED');
    return true;
  }

  private async outlast(): Promise<void> {
    // What is still under way is given up first.
    await this.working;
    await this.flushing;
    if (await this.ledger.outlast()) this.deps.onRegained?.(this.code);
  }

  /** The room has an error of its own; it ends, all others go on. */
  private fail(error: unknown): void {
    if (this.ended) return;
    this.deps.log.error({ room: this.code, err: error }, 'room failed');
    this.ended = 'failed';
    this.finish('ROOM_FAILED', String(error));
  }

  private finish(code: ErrorCode, why?: string): void {
    this.tick.cancel();
    this.standstill.cancel();
    this.ledger.close();
    this.enter(false);
    this.tellEnd(code);
    this.deps.onEnd(this, this.ended ?? 'failed', why);
  }

  /** Tells everybody that it is over, and whoever comes later. */
  private tellEnd(code: ErrorCode): void {
    this.closedWith = code;
    this.audience.end(code, [...sendersOf(this.batch), ...this.queue.clear()]);
    this.batch = [];
  }
}
