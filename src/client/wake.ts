/** In browsers: reconnects at once after the device was offline or asleep. */
import type { Table } from './table.js';

/** The part of `window` that `wakeWith` needs. */
export interface PageEvents {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** The network came or went, the page was asleep or hidden. `visibilitychange` bubbles up to the window. */
const WAKE_EVENTS = ['online', 'offline', 'pageshow', 'visibilitychange'] as const;

/** Has the table check its connection whenever the device's network or sleep may have broken it. Returns the function that ends this. */
export function wakeWith(page: PageEvents, table: Pick<Table, 'wake'>): () => void {
  const wake = () => table.wake();
  for (const type of WAKE_EVENTS) page.addEventListener(type, wake);
  return () => {
    for (const type of WAKE_EVENTS) page.removeEventListener(type, wake);
  };
}
