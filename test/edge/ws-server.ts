/** A server that does nothing but open players' WebSockets, as an instance does. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { type Listener, WS_OPTIONS, WsSocket } from '../../src/edge/ws-socket.js';

export interface Accepted {
  readonly socket: WsSocket;
  readonly tcp: Socket;
}

export class WsServer {
  private readonly library = new WebSocketServer({ ...WS_OPTIONS, noServer: true });
  private readonly http: Server = createServer();
  readonly accepted: Accepted[] = [];

  private constructor(private readonly listen: (accepted: Accepted) => Listener) {
    this.http.on('upgrade', (request, socket, head) => {
      const tcp = socket as Socket;
      this.library.handleUpgrade(request, tcp, head, (opened) => {
        const accepted = { socket: new WsSocket(opened, tcp), tcp };
        this.accepted.push(accepted);
        accepted.socket.listen(this.listen(accepted));
      });
    });
  }

  /** @param listen who is told what comes by a connection */
  static async start(listen: (accepted: Accepted) => Listener): Promise<WsServer> {
    const server = new WsServer(listen);
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
    return server;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  close(): void {
    for (const { tcp } of this.accepted) tcp.destroy();
    this.http.close();
    this.http.closeAllConnections();
  }
}
