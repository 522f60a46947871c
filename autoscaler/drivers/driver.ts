/** How instances come and go. What a driver must keep is in test/autoscaler/driver-contract.ts, one suite for all. */
import type { Fencing } from '../../src/cluster/fencing.js';
import { formatHostPort } from '../../src/runtime/address.js';

/** As far as the driver knows it: each field that is there must fit. */
export interface Target {
  /** As `start` and `list` call it. */
  readonly handle?: string | undefined;
  /** In the registry. */
  readonly id?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

export interface Listed {
  readonly handle: string;
  /** In the registry, where the driver knows it. */
  readonly id?: string | undefined;
}

export interface Driver {
  readonly name: string;
  /** Whether an order with a key that was used before starts no second instance. */
  readonly startsOnce: boolean;
  /**
   * Orders one instance and returns at once, with its handle if that is known already: that it is ready is seen in the
   * registry, never assumed.
   * @throws DriverError when it cannot be ordered
   */
  start(key: string, fencing: number): Promise<string | undefined>;
  /**
   * Orders its end: in order, never at once by force. One that is gone already is no error.
   * @throws DriverError
   */
  stop(target: Target, fencing: number): Promise<void>;
  /** All that run or start. @throws DriverError */
  list(): Promise<readonly Listed[]>;
  /** Keys of orders to start that have failed since the last call. */
  takeFailures(): readonly string[];
  /** Waits, within a bound, until what was ordered is on its way without this process. */
  close(): Promise<void>;
}

/** The driver cannot do it; `message` is one line for people. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
}

/** @throws DriverError for an order that is older than one seen before */
export function assertCurrent(seen: Fencing, fencing: number): void {
  if (seen.admits(fencing)) return;
  throw new DriverError(`The order is outdated: it carries the number ${fencing}, ${seen.seen} has been seen.`);
}

/** The one that is meant, or undefined. */
export function find(listed: readonly Listed[], target: Target): Listed | undefined {
  if (target.handle !== undefined) return listed.find(({ handle }) => handle === target.handle);
  const { id, host, port } = target;
  const place = host === undefined || port === undefined ? undefined : formatHostPort({ host, port });
  return (
    listed.find((each) => each.id !== undefined && each.id === id) ??
    listed.find(({ handle }) => handle === id || handle === place) ??
    // Only where the host is one instance's own.
    only(listed.filter(({ handle }) => handle === host))
  );
}

function only<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined;
}
