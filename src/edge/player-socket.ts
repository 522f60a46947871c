/** One player's WebSocket: bytes in, checked inputs to the room's mailbox, frames out. */
import { hash } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import { IncompatibleRoom, type Ownership } from '../cluster/ownership.js';
import type { TableQuota } from '../cluster/table-quota.js';
import { type ErrorCode, errors } from '../errors.js';
import { type ClientIn, type Hello, parseClientFrame } from '../protocol/client-in.js';
import { encode, errorFrame } from '../protocol/encode.js';
import type { Frame } from '../protocol/frame.js';
import { type RoomCode, tokenOf } from '../protocol/ids.js';
import type { Connection } from '../room/audience.js';
import type { Mailbox } from '../room/mailbox.js';
import { seatOf } from '../room/state.js';
import { CorruptRoom } from '../room/store.js';
import type { Clock, Ticks } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { InstanceMetrics } from '../runtime/metrics.js';
import { randomToken } from '../runtime/random.js';
import { Deadlines } from './deadlines.js';
import {
  HELLO_TIMEOUT_MS,
  MAX_BUFFERED_BYTES,
  MAX_EARLY_MESSAGES,
  TALK_BURST,
  TALK_EVERY_MS,
  TokenBucket,
} from './limits.js';

/** A `ws` socket as it is used here; `send` takes whole frames, and drops them when the socket is no longer open. */
export interface RawSocket extends Pick<WebSocket, 'bufferedAmount' | 'close' | 'terminate' | 'ping'> {
  readonly isOpen: boolean;
  send(frame: Frame): void;
  pong(data: Buffer): void;
}

export interface PlayerSocketDeps {
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<InstanceMetrics, 'messages' | 'errors'>;
  /** Messages a second that a socket may send. */
  readonly messageRate: number;
  readonly whenFresh: () => Promise<void>;
  /** Whether Redis has lost something just now, which may be stored again. */
  readonly lostLately: () => boolean;
  /** Whether nothing more is taken in. */
  readonly isShut: () => boolean;
  readonly hellos: Deadlines<PlayerSocket>;
  readonly onGone?: (socket: PlayerSocket) => void;
  /** At how many public tables people of an address may sit. */
  readonly quota: Pick<TableQuota, 'take' | 'left'>;
}

/** For all sockets of an instance. */
export const helloDeadlines = (clock: Ticks): Deadlines<PlayerSocket> =>
  new Deadlines(clock, HELLO_TIMEOUT_MS, (socket) => socket.expectHello());

const RETRY_MS = 100;
/** A client that follows moves has left its old connection by then, ms. */
const MOVE_GRACE_MS = 2_000;
const TOKEN_BYTES = 18;

export const hashToken = (token: string): string => hash('sha256', token);

export class PlayerSocket implements Connection {
  clientId = '';
  private tokenHash = '';
  private mailbox: Mailbox | undefined;
  private saidHello = false;
  private followsMoves = false;
  /** What came after hello while the room was being opened. */
  private early: ClientIn[] | undefined;
  private answered = true;
  private readonly bucket: TokenBucket;
  /** Most never say anything. */
  private talk: TokenBucket | undefined;

  constructor(
    private readonly socket: RawSocket,
    private readonly code: RoomCode,
    private readonly deps: PlayerSocketDeps,
    /** Of the player, where HAProxy has told it; without it there is no limit by address. */
    private readonly address?: string,
  ) {
    this.bucket = new TokenBucket(deps.clock, deps.messageRate);
    deps.hellos.start(this);
  }

  /** Never throws: the room that sends goes on without whoever cannot be sent to. */
  send(frame: Frame): void {
    try {
      if (this.socket.bufferedAmount <= MAX_BUFFERED_BYTES) return this.socket.send(frame);
      if (!this.socket.isOpen) return;
      this.count('SLOW_READER');
      this.socket.terminate();
    } catch (error) {
      this.failed(error, 'send failed');
    }
  }

  /** Never throws. */
  close(code: ErrorCode): void {
    try {
      if (!this.socket.isOpen) return;
      // Whoever holds the seat that this token is for may just be about to store it again.
      const said = code === 'WRONG_TOKEN' && this.deps.lostLately() ? 'OWNER_UNREACHABLE' : code;
      if (said !== 'MOVED') {
        this.count(said);
        this.send(encode(errorFrame(said)));
      }
      if ((code === 'SEAT_LEFT' || code === 'KICKED') && this.countedAs)
        this.deps.quota.left(this.countedAs, this.code);
      this.socket.close(errors[said].close ?? 1011, said);
    } catch (error) {
      this.failed(error, 'close failed');
    }
  }

  private failed(error: unknown, what: string): void {
    this.deps.log.error({ room: this.code, err: error }, what);
    this.count('INTERNAL');
    this.socket.terminate();
  }

  /** By now it has said hello. */
  expectHello(): void {
    if (!this.saidHello) this.close('HELLO_EXPECTED');
  }

  /** A client that says so opens its new connection first; the others are closed and come back. */
  moved(): void {
    if (!this.followsMoves) return this.close('MOVED');
    this.send(encode({ type: 'notice', kind: 'moving' }));
    this.deps.clock.after(MOVE_GRACE_MS, () => this.close('MOVED'));
  }

  /** Takes one frame from the wire. Whatever it leads to ends at most this connection. */
  receive(data: RawData | string, binary: boolean): void {
    try {
      this.read(data, binary);
    } catch (error) {
      this.failed(error, 'frame failed');
    }
  }

  private read(data: RawData | string, binary: boolean): void {
    this.answered = true;
    if (!this.socket.isOpen) return;
    if (binary) return this.close('BINARY_FRAME');
    if (!this.bucket.take()) return this.close('RATE_LIMITED');
    const parsed = parseClientFrame(String(data));
    if (!parsed.ok) {
      if (parsed.code === 'VERSION_UNSUPPORTED') return this.close(parsed.code);
      this.count(parsed.code);
      this.send(encode(errorFrame(parsed.code, parsed.detail, parsed.id)));
      return;
    }
    this.deps.metrics.messages.inc({ type: parsed.value.type });
    if (this.deps.isShut() && parsed.value.type !== 'ping') return this.leaveUnanswered(parsed.value);
    if (parsed.value.type === 'hello') this.hello(parsed.value);
    else if (!this.saidHello) this.close('HELLO_EXPECTED');
    else if (parsed.value.type === 'ping') this.send(encode({ type: 'pong', now: this.deps.clock.now() }));
    else if (this.mailbox) this.deliver(this.mailbox, parsed.value);
    else this.keep(parsed.value);
  }

  /** Who has given a command gives it again to whoever plays the room next; who has just come is sent there at once. */
  private leaveUnanswered({ type }: ClientIn): void {
    if (type === 'hello') this.close('MOVED');
  }

  private keep(frame: ClientIn): void {
    this.early ??= [];
    if (this.early.length < MAX_EARLY_MESSAGES) this.early.push(frame);
    else this.close('RATE_LIMITED');
  }

  /** The other side has answered a ping, or sent one: to answer costs as much as a message. */
  heard(): void {
    this.answered = true;
    if (this.socket.isOpen && !this.bucket.take()) this.close('RATE_LIMITED');
  }

  pinged(data: Buffer): void {
    this.heard();
    this.socket.pong(data);
  }

  ping(): void {
    if (!this.answered) return this.socket.terminate();
    this.answered = false;
    this.socket.ping();
  }

  /** The socket is closed. */
  gone(): void {
    this.mailbox?.detach(this);
    this.deps.onGone?.(this);
  }

  /** The address and public table for which the player counts; undefined without a seat at one. */
  get sitting(): { readonly address: string; readonly room: RoomCode } | undefined {
    const { countedAs, mailbox, code } = this;
    return countedAs !== undefined && typeof mailbox?.seatAt(this) === 'number'
      ? { address: countedAs, room: code }
      : undefined;
  }

  private get countedAs(): string | undefined {
    return this.mailbox?.head.settings.public ? this.address : undefined;
  }

  private hello(hello: Hello): void {
    if (this.saidHello) return this.send(encode(errorFrame('HELLO_REPEATED')));
    this.saidHello = true;
    const { ownership, clock } = this.deps;
    this.clientId = hello.client_id;
    this.followsMoves = hello.moves ?? false;
    const failed = (error: unknown) => {
      this.deps.log.error({ room: this.code, err: error }, 'join failed');
      this.close(error instanceof CorruptRoom ? 'ROOM_FAILED' : 'INTERNAL');
    };
    const mailbox = ownership.here(this.code);
    if (!mailbox) return void this.join(hello).catch(failed);
    try {
      this.enter(mailbox, hello, clock.monotonic());
    } catch (error) {
      failed(error);
    }
  }

  /** Opens the room, for as long as that takes: while Redis is away the player waits and is told so. */
  private async join(hello: Hello): Promise<void> {
    const { ownership, whenFresh, clock, log } = this.deps;
    const receivedAt = clock.monotonic();
    for (let told = false; this.socket.isOpen; ) {
      try {
        const location = await ownership.open(this.code);
        if (location.at === 'here') return this.enter(location.mailbox, hello, receivedAt);
        return this.close(location.at === 'nowhere' ? 'ROOM_UNAVAILABLE' : 'MOVED');
      } catch (error) {
        if (error instanceof CorruptRoom) throw error;
        if (error instanceof IncompatibleRoom) return this.close('MOVED');
        log.warn({ room: this.code, err: (error as Error).message }, 'room cannot be opened yet');
        if (!told) this.send(encode({ type: 'notice', kind: 'frozen' }));
        told = true;
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
        await whenFresh();
      }
    }
  }

  /** Whoever would take a seat at a public table is counted first; the others come in at once. */
  private enter(mailbox: Mailbox, hello: Hello, receivedAt: number): void {
    const { address } = this;
    // With a token whose seat has become free it is taken again.
    const takesSeat =
      hello.token === undefined ? !hello.spectate : seatOf(mailbox, hashToken(hello.token)) === undefined;
    if (address === undefined || !takesSeat || !mailbox.head.settings.public)
      return this.admit(mailbox, hello, receivedAt);
    void this.deps.quota.take(address, this.code).then((may) => {
      try {
        if (may) this.admit(mailbox, hello, receivedAt);
        else this.close('TABLES_LIMITED');
      } catch (error) {
        this.failed(error, 'join failed');
      }
    });
  }

  private admit(mailbox: Mailbox, hello: Hello, receivedAt: number): void {
    if (!this.socket.isOpen) return;
    const token = hello.proposed_token ?? tokenOf(this.code, randomToken(TOKEN_BYTES));
    const fresh = { token, hash: hashToken(token) };
    const presented = hello.token === undefined ? undefined : hashToken(hello.token);
    this.tokenHash = presented ?? (hello.spectate ? '' : fresh.hash);
    this.mailbox = mailbox;
    const input = {
      type: 'hello',
      from: this,
      hello,
      fresh,
      ...(presented === undefined ? {} : { presented }),
    } as const;
    mailbox.post(input, receivedAt);
    const early = this.early ?? [];
    this.early = undefined;
    for (const frame of early) this.deliver(mailbox, frame);
  }

  private deliver(mailbox: Mailbox, frame: ClientIn): void {
    switch (frame.type) {
      case 'command':
        mailbox.post({
          type: 'command',
          from: this,
          holder: this.tokenHash,
          id: frame.id,
          command: frame.command,
          turn: frame.for,
        });
        break;
      case 'say':
        this.talk ??= new TokenBucket(this.deps.clock, 1_000 / TALK_EVERY_MS, TALK_BURST);
        if ('text' in frame.talk && !this.talk.take()) {
          this.count('TALK_LIMITED');
          return this.send(encode(errorFrame('TALK_LIMITED')));
        }
        mailbox.post({ type: 'say', from: this, holder: this.tokenHash, talk: frame.talk });
        break;
      // Answered at once, also while the room is being opened: it asks whether the connection lives.
      case 'ping':
      case 'hello':
        break;
    }
  }

  private count(code: ErrorCode): void {
    this.deps.metrics.errors.inc({ code });
  }
}
