/**
 * A player's connection: a WebSocket of the `ws` library and the socket under it.
 *
 * What is sent in one turn of the event loop leaves at its end, at once: an ack and the event it goes with are one system
 * call, not two.
 */
import type { Duplex } from 'node:stream';
import { type RawData, type ServerOptions, WebSocket } from 'ws';
import type { Frame } from '../protocol/frame.js';
import { MAX_FRAME_BYTES } from './limits.js';
import type { RawSocket } from './player-socket.js';
import { textFrame } from './text-frame.js';

/** Who is told what comes. */
export interface Listener {
  receive(data: RawData, binary: boolean): void;
  /** A ping was answered. */
  heard(): void;
  pinged(data: Buffer): void;
  /** The connection has ended. */
  gone(): void;
}

const MAX_FRAGMENTS = 16;
/** A closed socket whose other side does not take part in closing (it floods, or is gone) is cut off after this. */
const CLOSE_TIMEOUT_MS = 1_500;
/** No more than this is gathered: what one turn may send does not count as what a slow reader leaves, bytes. */
const MAX_GATHERED_BYTES = 65_536;

/** `closeTimeout` is younger than the library's types. */
export const WS_OPTIONS = {
  maxPayload: MAX_FRAME_BYTES,
  maxFragments: MAX_FRAGMENTS,
  perMessageDeflate: false,
  autoPong: false,
  closeTimeout: CLOSE_TIMEOUT_MS,
} as const satisfies ServerOptions & { readonly closeTimeout: number };

/** Sockets with something gathered in this turn. */
let gathering: WsSocket[] = [];

function sendGathered(): void {
  const sockets = gathering;
  gathering = [];
  for (const socket of sockets) socket.sendGathered();
}

export class WsSocket implements RawSocket {
  /** Whole frames of this turn. */
  private gathered: Buffer[] = [];
  private gatheredBytes = 0;

  /**
   * @param library as `handleUpgrade` has opened it
   * @param socket what it was opened on
   */
  constructor(
    private readonly library: WebSocket,
    private readonly socket: Duplex,
  ) {}

  listen(listener: Listener): void {
    const { library } = this;
    library.on('message', (data, binary) => listener.receive(data, binary));
    library.on('ping', (data) => listener.pinged(data));
    library.on('pong', () => listener.heard());
    // A broken frame: the library has answered it with the close code that fits.
    library.on('error', () => undefined);
    library.on('close', () => listener.gone());
  }

  get isOpen(): boolean {
    return this.library.readyState === WebSocket.OPEN;
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedAmount(): number {
    return this.library.bufferedAmount;
  }

  send(frame: Frame): void {
    if (!this.isOpen) return;
    const bytes = frame.encodeOnce(textFrame);
    if (this.gathered.length === 0) {
      if (gathering.length === 0) process.nextTick(sendGathered);
      gathering.push(this);
    }
    this.gathered.push(bytes);
    this.gatheredBytes += bytes.length;
    if (this.gatheredBytes > MAX_GATHERED_BYTES) this.sendGathered();
  }

  /** Writes whole frames in one piece. So does the library: no frame is ever torn by another. */
  sendGathered(): void {
    const { gathered } = this;
    const [first] = gathered;
    if (!first) return;
    this.gathered = [];
    this.gatheredBytes = 0;
    if (this.isOpen) this.socket.write(gathered.length === 1 ? first : Buffer.concat(gathered));
  }

  ping(): void {
    this.sendGathered();
    this.library.ping();
  }

  pong(data: Buffer): void {
    this.sendGathered();
    this.library.pong(data);
  }

  close(code?: number, reason?: string): void {
    this.sendGathered();
    this.library.close(code, reason);
  }

  terminate(): void {
    this.library.terminate();
  }
}
