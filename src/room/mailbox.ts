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
import { type Done, publish, runBatch } from './batch.js';
import { Handover } from './handover.js';
import type { LogLine, Position } from './history.js';
import { holderOf, InputQueue, type RoomInput, sendersOf } from './input-queue.js';
import { Ledger } from './ledger.js';
import type { LoadedRoom } from './load.js';
import { OutputGate } from './output-gate.js';
import { type EndReason, Phase } from './phase.js';
import type { RoomDeps } from './room-deps.js';
import { noteLeft, noteSeats } from './seat-notes.js';
import { nobodyPresent, type Presence } from './seats.js';
import { lapsedSeatOf, type RoomHead, type RoomState, seatOf, tokenHashOf } from './state.js';
import { nextTick, type Room } from './step.js';
import type { Fence, StoredSnapshot } from './store.js';
import { viewRoom } from './view.js';

export interface MailboxDeps extends RoomDeps {
  /** The room is no longer played here. */
  readonly onEnd: (mailbox: Mailbox, reason: EndReason, why?: string) => void;
  /** A lost room is this instance's again, and nobody plays it. */
  readonly onRegained?: (code: RoomCode) => void;
}

/** Entries that an `async` room may be ahead of the store. */
const ASYNC_AHEAD = 256;

export class Mailbox {
  private readonly room: Committed;
  private readonly audience: Audience;
  private readonly ledger: Ledger;
  private readonly queue = new InputQueue();
  /** What has been taken from the queue and is not published yet. */
  private batch: readonly RoomInput[] = [];
  private readonly phase = new Phase();
  private readonly gate: OutputGate;
  private readonly tick: Alarm;
  private readonly isAsync: boolean;
  private working: Promise<void> | undefined;
  /** False when it is not known whether the store still names this instance as the owner of the room that was given up. */
  givenUp = true;
  /** Of a lost room: resolves when the end of its log is kept no longer: the copies have the new owner, or it is ours again. */
  outlasted: Promise<void> = Promise.resolve();

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
    this.isAsync = head.settings.durability === 'async';
    this.room = { ...loaded, presence: nobodyPresent(loaded.state.seats.length, now) };
    this.ledger = new Ledger({ ...deps, committed: () => this.room }, head, loaded.history, fence);
    this.audience = new Audience(game, head, () => this.ledger.fence.epoch, deps.clock, this.room);
    this.gate = new OutputGate({
      ...deps,
      ledger: this.ledger,
      isAsync: this.isAsync,
      isOver: () => this.over,
      onFrozen: () => this.audience.broadcast({ type: 'notice', kind: 'frozen' }),
      onLost: () => this.lose(),
    });
    this.tick = new Alarm(deps.clock, () => this.post({ type: 'tick' }));
    if (!adopted) this.gate.settle(true);
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
    return this.gate.standstill.frozen;
  }

  get over(): boolean {
    return this.phase.isOver;
  }

  /** Whether the store has confirmed what this owner wrote first; false when the room was over before. */
  get entered(): Promise<boolean> {
    return this.gate.entered;
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

  /** The seat whose token has this hash, as committed; one that is free by now as well, while its player may come back. */
  seatOf(tokenHash: string): Seat | undefined {
    const { state } = this.room;
    return seatOf(state, tokenHash) ?? lapsedSeatOf(state, tokenHash);
  }

  /** Puts in what was received then (monotonic ms), to be worked off in order. Who comes too late or sends too much is closed. */
  post(input: RoomInput, receivedAt = this.deps.clock.monotonic()): void {
    const isPlayer = this.queue.crowded && this.seatOf(holderOf(input)) !== undefined;
    const isFull = 'from' in input && this.queue.isFull(input.from, isPlayer);
    const refusal = this.phase.code ?? (isFull ? 'RATE_LIMITED' : undefined);
    if (refusal !== undefined) return 'from' in input ? input.from.close(refusal) : undefined;
    // Who joins or reads is told what is so now, and a refusal is final: often no commit proves that it is ours to say.
    if (input.type === 'hello' || input.type === 'read' || input.type === 'command') this.gate.proof.doubt(receivedAt);
    this.queue.push(input);
    if (!this.over) this.wake();
  }

  /** Asks the store whose the room is, unless it has said so since (monotonic ms): a room that waits may have been lost. */
  prove(since: number): void {
    if (this.over) return;
    this.gate.proof.doubt(since);
    // A room at work asks by its next commit.
    if (!this.working) this.gate.proof.renew(this.ledger, () => this.wake());
  }

  /** Looks again whether the room is still owned; called when the lease may have been lost. */
  wake(): void {
    this.working ??= this.run();
  }

  /** A connection ended by itself. */
  detach(connection: Connection): void {
    if (this.phase.code) return;
    this.queue.detach(connection);
    if (!this.over) this.wake();
  }

  /** The seat a connection plays; null for a spectator, undefined when it is not (or no longer) attached. */
  seatAt(connection: Connection): Seat | null | undefined {
    return this.audience.seatAt(connection);
  }

  /** Works off what is under way, then takes nothing more: the room as it is then, or undefined when it is over. */
  async seal(): Promise<StoredSnapshot | undefined> {
    this.phase.seal();
    while (this.working) await this.working;
    await this.gate.flushed();
    if (this.over || !(await this.gate.commit([]))) return undefined;
    this.gate.standstill.asked(this.deps.clock.monotonic());
    return this.ledger.snapshotOf(this.room);
  }

  /** Goes on where `seal` stopped. */
  unseal(): void {
    // Whoever has sealed it has an answer: nobody waits for the store any more.
    this.gate.standstill.cancel();
    this.phase.unseal();
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

  /** What its history has behind `at`; nothing where it does not lead through there. */
  entriesAfter(at: Position): readonly LogLine[] {
    return this.room.history.after(at) ?? [];
  }

  /** The sealed room is another instance's now: sockets are told to follow. */
  moved(): void {
    if (this.phase.leave('moved')) this.finish('MOVED');
  }

  /** Stores a snapshot and gives the room up: sockets are told to come back elsewhere. It is over here when that resolves. */
  async release(ttlMs: number): Promise<void> {
    const snapshot = await this.seal();
    if (!snapshot || !this.phase.leave('released')) return this.outlasted;
    this.givenUp = await this.ledger.release(ttlMs, snapshot);
    this.finish('MOVED');
  }

  private async run(): Promise<void> {
    // What is posted in the same turn of the event loop goes into the same batch.
    await undefined;
    await this.work().catch((error: unknown) => this.fail(error));
    this.working = undefined;
    if (this.queue.length > 0 && this.phase.isOpen) this.wake();
  }

  private async work(): Promise<void> {
    while (this.phase.isOpen) {
      if (!this.gate.proof.stands && (!this.gate.proof.leased || this.queue.length === 0)) await this.gate.verify();
      this.thaw();
      if (!this.phase.isOpen || this.queue.length === 0) break;
      this.batch = this.queue.takeBatch((connection) => this.audience.leave(connection));
      const context = { ...this.deps, epoch: this.fence.epoch };
      const done = runBatch(this.current(), this.room.history.position, this.batch, context);
      const entries = done.flatMap(({ entry }) => entry ?? []);
      if (this.isAsync) {
        this.publish(done);
        this.gate.flush(() => this.ledger.considerSnapshot(this.room));
        if (this.ledger.behind > ASYNC_AHEAD && !(await this.gate.flushed())) return;
      } else {
        if (entries.length > 0) await this.gate.commit(entries);
        else await this.gate.verify();
        if (this.over) return;
        this.publish(done);
      }
      if (this.room.state.status === 'closed') await this.bury();
      else this.ledger.considerSnapshot(this.room);
    }
    this.schedule();
  }

  private current(): Room {
    return { ...this.room, game: this.game, head: this.head };
  }

  private thaw(): void {
    const forMs = this.over ? undefined : this.gate.standstill.end();
    if (forMs === undefined) return;
    this.queue.first({ type: 'thaw', forMs });
    this.audience.broadcast({ type: 'notice', kind: 'resumed' });
  }

  private publish(done: readonly Done[]): void {
    publish(this.room, done, this.audience, (entry, before) => noteSeats(this.deps, this.code, entry, before));
    this.batch = [];
    this.thaw();
  }

  private schedule(): void {
    // While sealed nothing is worked off: an alarm for what is overdue would ring again and again.
    if (this.phase.isOpen) this.tick.set(nextTick(this.current(), this.deps.idleMs));
  }

  /** The room has been closed by its own rules: its keys live on for a while, so that late comers hear why. */
  private async bury(): Promise<void> {
    await this.gate.flushed();
    if (!this.phase.leave('closed')) return;
    const { state } = this.room;
    for (const seat of state.seats.keys()) noteLeft(this.deps, tokenHashOf(state, seat as Seat));
    // That it is closed is committed: nobody waits until its keys are given up.
    this.tellEnd('ROOM_CLOSED');
    this.givenUp = await this.ledger.release(this.deps.closedTtlMs);
    this.finish('ROOM_CLOSED');
  }

  /** Another instance owns the room, or soon may: nothing of ours counts any more. */
  lose(): void {
    if (!this.phase.leave('lost')) return;
    this.outlasted = this.outlast();
    this.finish('MOVED');
  }

  /** This instance plays the room by another mailbox now. False when it was over before. */
  supersede(): boolean {
    const isFirst = this.phase.leave('lost');
    if (isFirst) this.finish('MOVED');
    return isFirst;
  }

  private async outlast(): Promise<void> {
    // What is still under way is given up first.
    await this.working;
    await this.gate.flushed();
    if (await this.ledger.outlast()) this.deps.onRegained?.(this.code);
  }

  /** The room has an error of its own; it ends, all others go on. */
  private fail(error: unknown): void {
    if (!this.phase.leave('failed')) return;
    this.deps.log.error({ room: this.code, err: error }, 'room failed');
    this.finish('ROOM_FAILED', String(error));
  }

  private finish(code: ErrorCode, why?: string): void {
    this.tick.cancel();
    this.gate.close();
    this.tellEnd(code);
    this.deps.onEnd(this, this.phase.reason ?? 'failed', why);
  }

  /** Tells everybody that it is over, and whoever comes later. */
  private tellEnd(code: ErrorCode): void {
    this.phase.end(code);
    this.audience.end(code, [...sendersOf(this.batch), ...this.queue.clear()]);
    this.batch = [];
  }
}
