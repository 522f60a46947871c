/**
 * The socket of a client one of whose moves goes out again and again. The client library knows nothing of it but lost
 * connections, after which it sends again what has not been answered.
 */
import { type SocketLike, silence } from '../../src/client/socket.js';
import type { ClientFrame } from '../../src/protocol/client-in.js';
import type { ClientOut } from '../../src/protocol/client-out.js';
import type { CommandId } from '../../src/protocol/ids.js';

/** one socket: all at once. a socket each: it breaks when the answer is there, which the client does not get, but the last. */
export type Way = 'one socket' | 'a socket each';

const BROKEN = 1_006;

/** A move that is sent `times` times: the next one. */
export class Resends {
  /** Once it is made. */
  id: CommandId | undefined;
  private answers = 0;

  constructor(
    readonly times: number,
    readonly way: Way,
  ) {}

  /** How often this frame is to be sent. */
  timesOf(frame: ClientFrame): number {
    if (frame.type !== 'command') return 1;
    this.id ??= frame.id as CommandId;
    return this.id === frame.id && this.way === 'one socket' ? this.times : 1;
  }

  /** Whether the socket breaks with this frame. */
  breaks(frame: ClientOut): boolean {
    if (this.way === 'one socket' || frame.type !== 'ack' || frame.id !== this.id) return false;
    this.answers += 1;
    return this.answers < this.times;
  }
}

export class ResendingSocket implements SocketLike {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  onerror: SocketLike['onerror'] = null;

  /** @param resends what is to be sent again now */
  constructor(
    private readonly inner: SocketLike,
    private readonly resends: () => Resends | undefined,
  ) {
    inner.onopen = () => this.onopen?.();
    inner.onmessage = (event) => {
      if (this.resends()?.breaks(JSON.parse(String(event.data)) as ClientOut)) this.break();
      else this.onmessage?.(event);
    };
    inner.onclose = (event) => this.onclose?.(event);
    inner.onerror = () => this.onerror?.();
  }

  send(text: string): void {
    const times = this.resends()?.timesOf(JSON.parse(text) as ClientFrame) ?? 1;
    for (let sent = 0; sent < times; sent++) this.inner.send(text);
  }

  close(code?: number, reason?: string): void {
    this.inner.close(code, reason);
  }

  private break(): void {
    silence(this.inner).close();
    this.onclose?.({ code: BROKEN, reason: '' });
  }
}
