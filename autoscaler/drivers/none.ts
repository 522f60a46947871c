/** No way to start or stop anything: for looking on. */
import { type Driver, DriverError, type Listed } from './driver.js';

export class NoDriver implements Driver {
  readonly name = 'none';
  readonly startsOnce = true;

  async start(): Promise<undefined> {
    throw new DriverError('The policy names no driver: nothing can be started.');
  }

  async stop(): Promise<void> {
    throw new DriverError('The policy names no driver: nothing can be stopped.');
  }

  async list(): Promise<readonly Listed[]> {
    return [];
  }

  takeFailures(): readonly string[] {
    return [];
  }

  async close(): Promise<void> {}
}
