/** What must hold, told with what it is instead. */
import { isDeepStrictEqual } from 'node:util';

export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`not so: ${what}\n  is     ${JSON.stringify(actual)}\n  not as ${JSON.stringify(expected)}`);
  }
}

export const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
