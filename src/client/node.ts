/** The client library in Node: sockets by `ws`. */
import { WebSocket } from 'ws';
import type { SocketLike } from './socket.js';
import { Table, type TableOptions } from './table.js';

export * from './index.js';

/** Opens a WebSocket of the package `ws`, without compression. */
export const openNodeSocket = (url: string): SocketLike =>
  new WebSocket(url, { perMessageDeflate: false }) as unknown as SocketLike;

/** Takes a seat at a table, or watches it. */
export function joinTable(options: TableOptions): Table {
  return new Table({ openSocket: openNodeSocket, ...options });
}
