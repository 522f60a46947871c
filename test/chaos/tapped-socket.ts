/** A client's socket that lets somebody listen in, also after the client library has left it. */
import type { SocketLike } from '../../src/client/socket.js';

export interface SocketTap {
  opened(): void;
  /** A promise: the frame goes when it is kept. */
  sent(text: string): void | Promise<void>;
  received(text: string): void;
  closed(code: number): void;
}

export class TappedSocket implements SocketLike {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  onerror: SocketLike['onerror'] = null;

  constructor(
    private readonly inner: SocketLike,
    private readonly tap: SocketTap,
  ) {
    inner.onopen = () => {
      tap.opened();
      this.onopen?.();
    };
    inner.onmessage = (event) => {
      tap.received(String(event.data));
      this.onmessage?.(event);
    };
    inner.onclose = (event) => {
      tap.closed(event.code);
      this.onclose?.(event);
    };
    inner.onerror = () => this.onerror?.();
  }

  /** Noted first: whatever the answer is, it comes after. */
  send(text: string): void {
    const noted = this.tap.sent(text);
    if (noted) void noted.then(() => this.inner.send(text));
    else this.inner.send(text);
  }

  close(code?: number, reason?: string): void {
    this.inner.close(code, reason);
  }
}
