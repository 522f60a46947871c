/** What the client library needs of the device it runs on: time and chance. */
import { random } from './chance.js';

/** A timer that has not run yet. */
export interface DeviceTimer {
  cancel(): void;
}

/** The clock, the timers and the chance that a client runs on; tests and simulations have their own. */
export interface Device {
  /** The device's wall clock, ms. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now. */
  after(delayMs: number, callback: () => void): DeviceTimer;
  /** From 0 to `below - 1`. */
  random(below: number): number;
}

export const thisDevice: Device = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  random,
};
