/**
 * A player's WebSocket that does by itself what players nearly always do: it takes their plain frames, and sends. For all
 * else, which is any other frame and the closing, it calls in the `ws` library: what that keeps for a connection is 1.6 kB.
 *
 * It gathers what is sent in one turn of the event loop and writes it at once: an ack and the event it goes with are one
 * system call, not two. While nothing waits in the wire's stream it writes past that as well: what the stream keeps about
 * each write costs more than a tenth of a move.
 *
 * INVARIANT: the library sees none of a connection's frames, or, from some frame on, all of them. Bytes leave in the order
 * in which they were sent, and never through a descriptor that was closed.
 */
import { writeSync } from 'node:fs';
import { type RawData, type ServerOptions, WebSocket } from 'ws';
import type { Frame } from '../protocol/frame.js';
import { MAX_FRAME_BYTES } from './limits.js';
import { isPlainPong, plainText } from './plain-frames.js';
import type { RawSocket } from './player-socket.js';
import { PING, pongFrame, textFrame } from './text-frame.js';
import { type Reader, readAhead, type Wire } from './wire.js';

/** Who is told what comes. */
export interface Listener {
  receive(data: RawData | string, binary: boolean): void;
  /** A ping was answered. */
  heard(): void;
  pinged(data: Buffer): void;
  /** The connection has ended. */
  gone(): void;
}

const MAX_FRAGMENTS = 16;
/** A closed socket whose other side does not take part in closing (it floods, or is gone) is cut off after this. */
const CLOSE_TIMEOUT_MS = 1_500;

/** `closeTimeout` is younger than the library's types. */
export const LIBRARY_OPTIONS = {
  maxPayload: MAX_FRAME_BYTES,
  maxFragments: MAX_FRAGMENTS,
  perMessageDeflate: false,
  autoPong: false,
  closeTimeout: CLOSE_TIMEOUT_MS,
} as const satisfies ServerOptions & { readonly closeTimeout: number };

/** As the library makes a WebSocket of a connection at the end of its own handshake; not in its types. */
interface Opening extends WebSocket {
  setSocket(wire: Wire, head: Buffer, options: typeof LIBRARY_OPTIONS): void;
}
const Opening = WebSocket as unknown as new (
  address: null,
  protocols: undefined,
  options: typeof LIBRARY_OPTIONS,
) => Opening;

const NO_BYTES = Buffer.alloc(0);
const ignore = () => undefined;

/** Those with something unsent in this turn. */
let waiting: LightSocket[] = [];

function flushAll(): void {
  const sockets = waiting;
  waiting = [];
  for (const socket of sockets) {
    try {
      socket.flush();
    } catch {
      // The others' frames leave all the same.
      socket.terminate();
    }
  }
}

export class LightSocket implements RawSocket, Reader {
  /** Set before anything comes. */
  listener: Listener | undefined;
  /** Called in when it is needed. */
  private library: WebSocket | undefined;
  /** All that came so far was plain. */
  private plain: boolean;
  private ended = false;
  /** Frames, a character a byte. */
  private unsent = '';
  /** The wire's; -1 where Node gives none, as on Windows. */
  private readonly descriptor: number;
  /** Something may wait in the wire's stream. */
  private streaming = true;

  /**
   * @param wire plain TCP, not TLS
   * @param opened where the library has answered the handshake
   */
  constructor(
    private readonly wire: Wire,
    opened?: WebSocket,
  ) {
    this.descriptor = wire._handle?.fd ?? -1;
    if (opened) this.listenTo(opened);
    this.plain = readAhead(wire, this);
    if (!this.plain) this.callLibrary();
  }

  get isOpen(): boolean {
    return this.library ? this.library.readyState === WebSocket.OPEN : !this.ended;
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedAmount(): number {
    return this.streaming ? this.wire.writableLength : 0;
  }

  send(frame: Frame): void {
    this.gather(frame.carriedBy(textFrame));
  }

  ping(): void {
    this.gather(PING);
  }

  pong(data: Buffer): void {
    this.gather(pongFrame(data));
  }

  /** Sends what comes before all frames, a character a byte: at once, for the library may answer a frame that came early. */
  answer(handshake: string): void {
    this.unsent = handshake;
    this.flush();
  }

  flush(): void {
    const frames = this.unsent;
    if (frames === '') return;
    this.unsent = '';
    if (!this.isOpen) return;
    this.streaming &&= this.wire.writableLength > 0;
    const taken = this.streaming ? 0 : this.writeNow(frames);
    if (taken === frames.length) return;
    this.streaming = true;
    this.wire.write(frames.slice(taken), 'latin1');
  }

  close(code?: number, reason?: string): void {
    if (!this.isOpen) return;
    this.flush();
    this.callLibrary().close(code, reason);
  }

  terminate(): void {
    if (this.library) this.library.terminate();
    else this.wire.destroy();
  }

  take(input: Buffer, size: number): boolean {
    if (!this.plain) return false;
    const text = plainText(input, size);
    if (text !== undefined) this.listener?.receive(text, false);
    else if (isPlainPong(input, size)) this.listener?.heard();
    else this.plain = false;
    if (!this.plain) this.callLibrary();
    return this.plain;
  }

  closed(): void {
    this.ended = true;
    if (!this.library) this.listener?.gone();
  }

  private callLibrary(): WebSocket {
    if (this.library) return this.library;
    const opened = new Opening(null, undefined, LIBRARY_OPTIONS);
    this.listenTo(opened);
    opened.setSocket(this.wire, NO_BYTES, LIBRARY_OPTIONS);
    return opened;
  }

  private listenTo(library: WebSocket): void {
    this.library = library;
    library.on('message', (data, binary) => this.listener?.receive(data, binary));
    library.on('ping', (data) => this.listener?.pinged(data));
    library.on('pong', () => this.listener?.heard());
    // A broken frame: the library has answered it with the close code that fits.
    library.on('error', ignore);
    library.on('close', () => this.listener?.gone());
  }

  /** How many bytes the kernel has taken. What it has not taken is left to the stream, and so is whatever goes wrong. */
  private writeNow(frames: string): number {
    if (this.descriptor < 0 || !this.wire._handle) return 0;
    try {
      return writeSync(this.descriptor, frames, null, 'latin1');
    } catch {
      return 0;
    }
  }

  private gather(frame: string): void {
    if (this.unsent === '' && waiting.push(this) === 1) process.nextTick(flushAll);
    this.unsent += frame;
  }
}
