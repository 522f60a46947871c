/**
 * The client library: one seat (or spectator's place) at one table, kept through lost connections, moved rooms and
 * restarted servers. Runs in browsers and in Node.
 *
 * INVARIANT: a command is acknowledged or refused exactly once to its caller; until then it is sent again, with the same
 * id, on every new connection; once it is answered, never again. A move counts for the turn it was given in, or not at all,
 * where the server knows of turns. The view is always what the server would show at `cursor`.
 */
import type { Typed } from '../game/seat.js';
import type { ClientFrame } from '../protocol/client-in.js';
import type { ClientOut, ErrorFrame, EventFrame, RoomView, Said, TurnInfo, Welcome } from '../protocol/client-out.js';
import { type CommandId, type RoomCode, readRoomCode, type Seq, tokenOf } from '../protocol/ids.js';
import { isRoomCommand, type Phrase, PROTOCOL_VERSION } from '../protocol/vocabulary.js';
import { nonce } from './chance.js';
import { type Device, type DeviceTimer, thisDevice } from './device.js';
import { FINAL_CODES, SEATLESS_CODES } from './final-codes.js';
import { foldEvent } from './fold.js';
import { openingMs, pauseMs } from './pauses.js';
import type { PendingCommand } from './pending-command.js';
import { ServerClock } from './server-clock.js';
import { SilenceWatch } from './silence-watch.js';
import { openBrowserSocket, type SocketLike, send, silence } from './socket.js';
import {
  BAD_CODE,
  CLOSED,
  CommandRefused,
  type TableCommand,
  type TableOptions,
  type TableState,
} from './table-state.js';

export { CommandRefused, type Connection, type TableOptions, type TableState } from './table-state.js';

/** Of 36 signs: 144 bits. */
const SECRET_LENGTH = 28;

/** One seat, or a spectator's place, at one table. It connects when it is made, and again whenever the connection is lost. */
export class Table {
  private current: TableState;
  private readonly listeners = new Set<(state: TableState) => void>();
  private readonly ears = new Set<(said: Said) => void>();
  private readonly pending = new Map<string, PendingCommand>();
  private readonly code: RoomCode | undefined;
  private readonly clientId: string;
  private readonly device: Device;
  private readonly nonce: string;
  /** Of the seat that a newcomer takes: the same in every hello until one is welcomed. */
  private readonly proposedToken: string;
  private counter = 0;
  /** What is written to. */
  private socket: SocketLike | undefined;
  /** A newer connection that is being made; while the table moves, beside `socket`. */
  private next: SocketLike | undefined;
  /** Whether `socket` has been welcomed, so that commands count. */
  private welcomed = false;
  /** What the server that has welcomed us takes. */
  private accepts: readonly string[] = [];
  private readonly clock: ServerClock;
  private failures = 0;
  /** Connections that never opened: each turns to the next address. */
  private inVain = 0;
  /** Of the next attempt, or of the one under way. */
  private timer: DeviceTimer | undefined;
  private readonly silence: SilenceWatch;

  constructor(private readonly options: TableOptions) {
    this.code = readRoomCode(options.room);
    this.device = options.device ?? thisDevice;
    this.clock = new ServerClock(this.device);
    this.silence = new SilenceWatch(
      this.device,
      () => this.ask(),
      () => this.lost(1006, ''),
    );
    const fresh = (length: number) => nonce(length, this.device.random);
    this.nonce = fresh(6);
    this.proposedToken = this.code === undefined ? '' : tokenOf(this.code, fresh(SECRET_LENGTH));
    const kept = this.code && !options.spectate ? options.store?.find(this.code) : undefined;
    this.clientId = options.clientId ?? options.store?.clientId ?? fresh(16);
    this.current = {
      connection: 'connecting',
      room: null,
      seat: null,
      token: options.token ?? kept?.token ?? null,
      view: null,
      cursor: null,
      presence: { seats: [], spectators: 0 },
      deadline: null,
      legal: [],
      turn: null,
      pending: 0,
      error: null,
    };
    if (this.code === undefined) this.finish(BAD_CODE);
    else this.connect();
  }

  get state(): TableState {
    return this.current;
  }

  /** Calls `listener` after every change; the returned function ends that. */
  subscribe(listener: (state: TableState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls `listener` with every phrase that somebody says; the returned function ends that. */
  hear(listener: (said: Said) => void): () => void {
    this.ears.add(listener);
    return () => this.ears.delete(listener);
  }

  /**
   * Resolves with the log entry once the command is durable.
   * @param turn that a move was chosen in, where that may be another than now: `TableState.turn` as it was shown
   * @throws CommandRefused
   */
  command(command: TableCommand, turn: Seq | null = this.current.turn): Promise<Seq> {
    return this.commandAs(this.nextId(), command, turn);
  }

  /** Says a phrase, or words of one's own, to the table; lost if the connection is. */
  say(words: Phrase | { readonly text: string }): void {
    this.write({ type: 'say', ...(typeof words === 'string' ? { phrase: words } : { text: words.text }) });
    // Everybody is told, the speaker too.
    if (this.welcomed && this.pending.size === 0) this.silence.expect(0);
  }

  /** The device is back or in doubt (online, offline, woken up): finds out at once what else would take seconds. */
  wake(): void {
    if (this.current.connection === 'closed') return;
    if (this.welcomed) return this.silence.question();
    this.drop();
    this.connect();
  }

  /** Leaves the connection for good; the seat stays ours. */
  close(): void {
    this.finish(null);
  }

  private commandAs(id: CommandId, command: { readonly type: string }, turn: Seq | null): Promise<Seq> {
    return new Promise((resolve, reject) => {
      const { error, connection } = this.current;
      if (connection === 'closed') return reject(new CommandRefused(error ?? CLOSED));
      const frame = { type: 'command', id, command } as const;
      const pending = { frame, turn: isRoomCommand(command.type) ? null : turn, resolve, reject };
      this.pending.set(id, pending);
      this.change({ pending: this.pending.size });
      if (this.welcomed) this.writeCommand(pending);
      // Those that follow do not put it off.
      if (this.welcomed && this.pending.size === 1) this.silence.expect(0);
    });
  }

  private connect(): void {
    this.clearTimers();
    const { openSocket = openBrowserSocket } = this.options;
    const address = this.addresses[this.inVain % this.addresses.length];
    const socket = openSocket(`${address}?room_code=${this.code}`);
    this.next = socket;
    // Whoever asks a browser to close a socket on a silent path hears of its end a minute later.
    this.timer = this.device.after(openingMs(this.failures), () => {
      this.inVain += 1;
      this.lost(1006, '');
    });
    let opened = false;
    socket.onopen = () => {
      opened = true;
      const old = this.socket;
      this.socket = socket;
      this.next = undefined;
      this.welcomed = false;
      this.timer?.cancel();
      if (old) silence(old).close(1000);
      this.hello();
      this.silence.heard(0);
    };
    socket.onmessage = (event: { data: unknown }) => this.receive(String(event.data));
    socket.onerror = () => undefined;
    socket.onclose = (event: { code: number; reason: string }) => {
      if (!opened) this.inVain += 1;
      // The old connection of a table that moves may end before the new one is there.
      if (socket === this.socket && this.next) this.socket = undefined;
      else this.lost(event.code, event.reason);
    };
  }

  private get addresses(): readonly string[] {
    const { url } = this.options;
    return typeof url === 'string' ? [url] : url;
  }

  private hello(): void {
    const { name, seat, spectate } = this.options;
    const { token, cursor } = this.current;
    this.write({
      type: 'hello',
      v: PROTOCOL_VERSION,
      client_id: this.clientId,
      moves: true,
      ...(name === undefined ? {} : { name }),
      ...(token === null ? {} : { token }),
      ...(token === null && !spectate ? { proposed_token: this.proposedToken } : {}),
      ...(seat === undefined || token !== null ? {} : { seat }),
      ...(spectate === undefined ? {} : { spectate }),
      ...(cursor === null ? {} : { resume: { epoch: cursor.epoch, seq: cursor.seq, digest: cursor.digest } }),
    });
  }

  private writeCommand({ frame, turn }: PendingCommand): void {
    this.write(turn !== null && this.accepts.includes('for') ? { ...frame, for: turn } : frame);
  }

  private write(frame: ClientFrame): void {
    // Not open: whatever matters is sent again after the next welcome.
    send(this.socket, JSON.stringify(frame));
  }

  private receive(text: string): void {
    const frame = JSON.parse(text) as ClientOut;
    this.options.onFrame?.(frame);
    this.understand(frame);
    // While another one is made, what the old connection says is no sign of it.
    if (this.socket && !this.next && this.current.connection !== 'closed') this.silence.heard(this.dueInMs);
  }

  /** ms until the server has to say something: an answer, or what the end of a turn brings. */
  private get dueInMs(): number | null {
    if (!this.welcomed || this.pending.size > 0) return 0;
    const { deadline, connection } = this.current;
    return deadline === null || connection === 'frozen' ? null : Math.max(0, deadline - this.device.now());
  }

  private understand(frame: ClientOut): void {
    switch (frame.type) {
      case 'welcome':
        return this.welcome(frame);
      case 'event':
        return this.event(frame);
      case 'snapshot':
        return this.change({
          view: frame.view,
          seat: frame.view.seat,
          cursor: { epoch: frame.epoch, seq: frame.seq, digest: frame.digest },
          ...this.turn(frame, frame.now),
        });
      case 'ack':
        return this.settle(frame.id, (waiting) => waiting.resolve(frame.seq));
      case 'error':
        if (frame.id !== undefined) this.settle(frame.id, (waiting) => waiting.reject(new CommandRefused(frame)));
        // What was said too fast is lost, and that is all.
        else if (frame.code !== 'TALK_LIMITED') this.change({ error: frame });
        return;
      case 'presence':
        return this.change({ presence: { seats: frame.seats, spectators: frame.spectators } });
      case 'notice':
        if (frame.kind === 'moving') return this.connect();
        return this.change({ connection: frame.kind === 'frozen' ? 'frozen' : 'open' });
      case 'said':
        for (const listener of this.ears) listener(frame);
        return;
      case 'pong':
        return this.correct(this.clock.answered(frame.now));
    }
  }

  private welcome(frame: Welcome): void {
    this.failures = 0;
    this.welcomed = true;
    this.accepts = frame.accepts ?? [];
    this.clock.told(frame.now);
    this.countOn(frame.last_command);
    if (frame.token !== undefined) this.options.store?.keep({ room: frame.room, token: frame.token });
    // Before anybody is told: a command that a listener gives now is written by itself, after the older ones.
    for (const pending of this.pending.values()) this.writeCommand(pending);
    // The turn is told as it is after the missed events, which follow: the last of them tells it again.
    const behind = frame.resumed && frame.seq !== this.current.cursor?.seq;
    this.change({
      connection: 'open',
      room: frame.room,
      seat: frame.seat,
      token: frame.token ?? this.current.token,
      presence: frame.presence,
      error: null,
      ...this.turn(behind ? { deadline: null } : frame),
      ...(frame.view ? { view: frame.view, cursor: { epoch: frame.epoch, seq: frame.seq, digest: frame.digest } } : {}),
    });
  }

  /** The next number is above all that the seat has seen; so is that of what was given before the first welcome. */
  private countOn(from: number): void {
    this.counter = Math.max(this.counter, from);
    for (const pending of this.current.cursor === null ? [...this.pending.values()] : []) {
      this.pending.delete(pending.frame.id);
      const id = this.nextId();
      this.pending.set(id, { ...pending, frame: { ...pending.frame, id } });
    }
  }

  private nextId(): CommandId {
    this.counter += 1;
    return `${this.counter}-${this.nonce}` as CommandId;
  }

  private event(frame: EventFrame): void {
    const { cursor, view } = this.current;
    if (!cursor || !view || frame.seq <= cursor.seq) return;
    if (frame.seq !== cursor.seq + 1) return this.resynchronise();
    this.change({
      view: frame.events.reduce<RoomView>((before, event: Typed) => foldEvent(before, event), view),
      cursor: { epoch: frame.epoch, seq: frame.seq, digest: frame.digest },
      ...this.turn(frame),
    });
  }

  /** A frame is missing, which the protocol rules out: start again from the cursor. */
  private resynchronise(): void {
    this.drop();
    this.connect();
  }

  private turn({ deadline, legal = [], turn }: TurnInfo, now?: number): Partial<TableState> {
    if (now !== undefined) this.clock.told(now);
    const dueAt = deadline === null ? null : this.clock.onDevice(deadline);
    return { deadline: dueAt, legal: legal as readonly TableCommand[], turn: turn ?? null };
  }

  private ask(): void {
    this.clock.asked();
    this.write({ type: 'ping' });
  }

  /** The device's clock was set: moments that were told by it are later by so much. */
  private correct(byMs: number): void {
    const { deadline } = this.current;
    if (byMs !== 0 && deadline !== null) this.change({ deadline: deadline + byMs });
  }

  private settle(id: string, answer: (waiting: PendingCommand) => void): void {
    const waiting = this.pending.get(id);
    if (!waiting) return;
    this.pending.delete(id);
    this.change({ pending: this.pending.size });
    answer(waiting);
  }

  private lost(code: number, reason: string): void {
    this.drop();
    if (this.current.connection === 'closed') return;
    if (FINAL_CODES.has(code)) return this.finish(this.current.error ?? { ...CLOSED, code: reason || 'CLOSED' });
    this.change({ connection: 'connecting' });
    this.timer = this.device.after(this.pause, () => this.connect());
    this.failures += 1;
  }

  /** ms until the next attempt. */
  private get pause(): number {
    return pauseMs(this.failures, this.addresses.length, this.isWaitedFor, this.device.random);
  }

  /** Whether the table goes on as soon as we are back. */
  private get isWaitedFor(): boolean {
    return this.current.legal.length > 0 || this.pending.size > 0 || this.current.cursor === null;
  }

  private finish(reason: ErrorFrame | null): void {
    if (this.current.connection === 'closed') return;
    const error = reason?.code === 'WRONG_TOKEN' && this.isLeaving ? { ...CLOSED, code: 'SEAT_LEFT' } : reason;
    this.drop();
    if (error && this.code && SEATLESS_CODES.has(error.code)) this.options.store?.forget(this.code);
    this.change({ connection: 'closed', error, legal: [], turn: null, deadline: null, pending: 0 });
    for (const waiting of this.pending.values()) waiting.reject(new CommandRefused(error ?? CLOSED));
    this.pending.clear();
  }

  /** A leave whose answer was lost with its connection: the seat's token is then worth nothing on the next one. */
  private get isLeaving(): boolean {
    return [...this.pending.values()].some(({ frame }) => frame.command.type === 'leave');
  }

  private drop(): void {
    this.clearTimers();
    for (const socket of [this.socket, this.next]) if (socket) silence(socket).close(1000);
    this.socket = undefined;
    this.next = undefined;
    this.welcomed = false;
  }

  private clearTimers(): void {
    this.timer?.cancel();
    this.silence.stop();
  }

  private change(part: Partial<TableState>): void {
    this.current = { ...this.current, ...part };
    for (const listener of this.listeners) listener(this.current);
  }
}
