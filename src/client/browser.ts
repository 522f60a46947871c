/** The client library in browsers, on their own WebSocket. */
import { Table, type TableOptions } from './table.js';

export * from './index.js';

/** Takes a seat at a table, or watches it. */
export function joinTable(options: TableOptions): Table {
  return new Table(options);
}
