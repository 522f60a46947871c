/** The client library in Node: sockets by `ws`. */
import { WebSocket } from 'ws';
import type { SocketLike } from './socket.js';
import { Table, type TableOptions } from './table.js';

export * from './index.js';

export const openNodeSocket = (url: string): SocketLike =>
  new WebSocket(url, { perMessageDeflate: false }) as unknown as SocketLike;

/** Sits down at (or watches) a table. */
export function joinTable(options: TableOptions): Table {
  return new Table({ openSocket: openNodeSocket, ...options });
}
