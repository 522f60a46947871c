import { until } from '../support/programs.js';

/** Asks `look` until it finds something. @throws Error after `timeoutMs` */
export async function untilFound<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 10_000): Promise<T> {
  let found: T | undefined;
  await until(
    what,
    async () => {
      found = await look();
      return found !== undefined;
    },
    timeoutMs,
  );
  return found as T;
}
