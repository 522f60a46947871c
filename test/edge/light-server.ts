/** A server that does nothing but open LightSockets, plain ones and those that the library answers, as an instance does. */
import { once } from 'node:events';
import { createServer, IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { Doorway } from '../../src/edge/doorway.js';
import { LIBRARY_OPTIONS, LightSocket, type Listener } from '../../src/edge/light-socket.js';
import type { Wire } from '../../src/edge/wire.js';
import { SystemClock, type Ticks } from '../../src/runtime/clock.js';

export interface Accepted {
  readonly socket: LightSocket;
  readonly wire: Wire;
  /** Whether Node's HTTP has not seen the request. */
  readonly plain: boolean;
}

/** With this header a handshake is not plain. */
export const NOT_PLAIN = { 'Sec-WebSocket-Protocol': 'cards' };

export class LightServer {
  private readonly library = new WebSocketServer({ ...LIBRARY_OPTIONS, noServer: true });
  readonly accepted: Accepted[] = [];

  private constructor(
    private readonly http: Server,
    private readonly listen: (accepted: Accepted) => Listener,
    clock: Ticks,
  ) {
    new Doorway(http, clock, (request, wire, head) => {
      if (request instanceof IncomingMessage) {
        this.library.handleUpgrade(request, wire, head ?? Buffer.alloc(0), (opened) =>
          this.accept(new LightSocket(wire, opened), wire, false),
        );
      } else {
        const socket = new LightSocket(wire);
        socket.answer(request.answer);
        this.accept(socket, wire, true);
      }
    });
  }

  /** @param listen who is told what comes by a connection */
  static async start(
    listen: (accepted: Accepted) => Listener,
    http = createServer(),
    clock: Ticks = new SystemClock(),
  ): Promise<LightServer> {
    const server = new LightServer(http, listen, clock);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return server;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  close(): void {
    for (const { wire } of this.accepted) wire.destroy();
    this.http.close();
    this.http.closeAllConnections();
  }

  private accept(socket: LightSocket, wire: Wire, plain: boolean): void {
    const accepted = { socket, wire, plain };
    this.accepted.push(accepted);
    socket.listener = this.listen(accepted);
  }
}
