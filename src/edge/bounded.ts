import { CatalogueError } from '../errors.js';
import type { Ticks } from '../runtime/clock.js';

const WAIT_MS = 5_000;

/** What was asked for, or an error within a bound, so that no request hangs while Redis is away. */
export function bounded<T>(clock: Ticks, asked: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(WAIT_MS, () => reject(new CatalogueError('FROZEN')));
    asked.then(resolve, reject).finally(() => timer.cancel());
  });
}
