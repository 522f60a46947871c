/**
 * A WebSocket that gathers what is sent in one turn of the event loop and writes it at once: an ack and the event it
 * goes with are one system call, not two.
 *
 * Writes past the `ws` library, which hands header and payload of each frame to the kernel apart. Without masks and
 * compression its own frames (pongs, close) are written whole and at once too, so that none gets into another.
 */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Frame } from '../protocol/frame.js';
import type { RawSocket } from './player-socket.js';
import { PING, textFrame } from './text-frame.js';

/** Those with something unsent in this turn. */
let waiting: GatheringSocket[] = [];

function flushAll(): void {
  const sockets = waiting;
  waiting = [];
  for (const socket of sockets) socket.flush();
}

export class GatheringSocket implements RawSocket {
  /** Frames, a character a byte. */
  private unsent = '';

  /** @param wire what `socket` reads from and writes to */
  constructor(
    private readonly socket: WebSocket,
    private readonly wire: Duplex,
  ) {}

  get readyState(): WebSocket['readyState'] {
    return this.socket.readyState;
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedAmount(): number {
    return this.wire.writableLength;
  }

  send(frame: Frame): void {
    this.gather(frame.carriedBy(textFrame));
  }

  ping(): void {
    this.gather(PING);
  }

  flush(): void {
    const frames = this.unsent;
    if (frames === '') return;
    this.unsent = '';
    if (this.readyState === WebSocket.OPEN) this.wire.write(frames, 'latin1');
  }

  close(code?: number, reason?: string): void {
    this.flush();
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  private gather(frame: string): void {
    if (this.unsent === '' && waiting.push(this) === 1) process.nextTick(flushAll);
    this.unsent += frame;
  }
}
