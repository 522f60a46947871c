/** The loopback address that tests run on: HOKM_TEST_HOST, as `::1`, or 127.0.0.1. */
import { formatHostPort } from '../../src/runtime/address.js';

/** Asked anew each time: a test file may set it for itself. */
export const testHost = (): string => process.env.HOKM_TEST_HOST ?? '127.0.0.1';

/** `host:port` on that address. */
export const addressOf = (port: number | string | undefined): string =>
  formatHostPort({ host: testHost(), port: Number(port) });
