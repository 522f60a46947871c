/** The client library in browsers: their own WebSocket, and an eye on the device. */
import { Table, type TableOptions } from './table.js';

export * from './index.js';

/** Sits down at (or watches) a table. */
export function joinTable(options: TableOptions): Table {
  return new Table(options);
}

/** As much of `window` as is needed. */
export interface Device {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** A network that came or went, a page that was asleep or hidden. `visibilitychange` bubbles up to the window. */
const SIGNS = ['online', 'offline', 'pageshow', 'visibilitychange'] as const;

/** Lets the table find out at once what the device's network or sleep has done; the returned function ends that. */
export function wakeWith(device: Device, table: Pick<Table, 'wake'>): () => void {
  const wake = () => table.wake();
  for (const sign of SIGNS) device.addEventListener(sign, wake);
  return () => {
    for (const sign of SIGNS) device.removeEventListener(sign, wake);
  };
}
