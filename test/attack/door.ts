/** A door of the cluster, as attackers reach it, and what has gone through it. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What is asked, so that as much can be asked that is well-formed. What never becomes a request is not counted. */
export class Traffic {
  /** Connections that brought a request, those of WebSockets included. */
  connections = 0;
  /** Requests over HTTP, event streams included. */
  requests = 0;
  /** Handshakes of WebSockets. */
  sockets = 0;
  /** Messages on WebSockets. What a flood sends beyond its first is not counted: nobody reads it. */
  messages = 0;
}

export interface PlayersDoor {
  readonly port: number;
  /** By TLS. */
  readonly secure: boolean;
  readonly traffic: Traffic;
  /** So many messages a second are sent on a WebSocket at most; not given: as fast as they come. */
  readonly messageRate?: number;
}

/** A connection from an address of this host. `ready` is told when it can be written to; its errors count as its end. */
export function dial({ port, secure }: PlayersDoor, from: string, ready: (socket: Socket) => void): Socket {
  const to = { host: '127.0.0.1', port, localAddress: from };
  const socket = secure ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
  socket.once(secure ? 'secureConnect' : 'connect', () => ready(socket));
  return socket;
}
