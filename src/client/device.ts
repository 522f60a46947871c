/** What the client library needs of the device it runs on: time and chance. */
import { random } from './chance.js';

export interface DeviceTimer {
  cancel(): void;
}

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
