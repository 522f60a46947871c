/** A player's device, whose network can go away: nobody is told, neither the other end nor, of an old socket, this one. */
import { WebSocket } from 'ws';
import { type SocketLike, silence } from '../../src/client/socket.js';

const GONE = 1_006;

export class Device {
  private readonly sockets = new Set<{ readonly inner: WebSocket; readonly outer: SocketLike }>();
  private away = false;

  constructor(private readonly dial = plainly) {}

  /** Dials, if there is a network. */
  readonly open = (url: string): SocketLike => {
    if (this.away) return unreachable();
    const inner = this.dial(url);
    const outer = inner as unknown as SocketLike;
    const socket = { inner, outer };
    this.sockets.add(socket);
    inner.once('close', () => this.sockets.delete(socket));
    return outer;
  };

  /** Whatever is open hears and says nothing any more, for ever: the network that comes back is another one. */
  loseNetwork(): void {
    this.away = true;
    for (const { inner, outer } of this.sockets) {
      silence(outer);
      inner.send = () => undefined;
      inner.close = () => undefined;
      if (inner.readyState === WebSocket.OPEN) inner.pause();
      else inner.terminate();
    }
  }

  findNetwork(): void {
    this.away = false;
  }

  close(): void {
    for (const { inner } of this.sockets) inner.terminate();
  }
}

const plainly = (url: string): WebSocket => new WebSocket(url, { perMessageDeflate: false });

/** What a device without a network makes of a dial. */
function unreachable(): SocketLike {
  const socket: SocketLike = {
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send: () => undefined,
    close: () => undefined,
  };
  setImmediate(() => {
    socket.onerror?.();
    socket.onclose?.({ code: GONE, reason: '' });
  });
  return socket;
}
