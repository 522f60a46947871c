/**
 * Notices a connection that has died without a word: a path that drops packets ends no socket for minutes. While something is
 * due the connection is asked soon, and left within 3 s; at rest it is asked now and then.
 */
import type { Device, DeviceTimer } from './device.js';

/** A silent connection is asked after this, and left when it stays silent as long again. */
const SILENCE_MS = 6_000;
/** The same for a connection of which something is due, or that is probably lost. */
export const DOUBT_MS = 1_400;
/** A timer that comes this much too late says that this device slept, not that the other side is silent. */
const SLEPT_MS = 1_000;

export class SilenceWatch {
  private timer: DeviceTimer | undefined;
  /** Whether a sleep of the device has been taken for the reason already, since something was last heard. */
  private excused = false;

  /**
   * @param ask asks the other side for a sign of life
   * @param onSilence the connection is to be left
   */
  constructor(
    private readonly device: Device,
    private readonly ask: () => void,
    private readonly onSilence: () => void,
  ) {}

  /** Something was heard. @param dueInMs when the other side has to say something next; null: nothing is due */
  heard(dueInMs: number | null): void {
    this.excused = false;
    this.expect(dueInMs);
  }

  /** Begins to wait, `dueInMs` from now, for something that the other side has to say. */
  expect(dueInMs: number | null): void {
    const soon = dueInMs !== null && dueInMs + DOUBT_MS < SILENCE_MS;
    const delay = soon ? DOUBT_MS + Math.max(0, dueInMs) : SILENCE_MS;
    this.after(delay, () => this.question(soon ? DOUBT_MS : SILENCE_MS));
  }

  /** The connection is left unless something is heard within `withinMs`. */
  question(withinMs = DOUBT_MS): void {
    this.ask();
    const endsAt = this.device.now() + withinMs;
    this.after(withinMs, () => {
      const slept = this.device.now() - endsAt > SLEPT_MS;
      if (!slept || this.excused) return this.onSilence();
      this.excused = true;
      this.question();
    });
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private after(delayMs: number, callback: () => void): void {
    this.stop();
    this.timer = this.device.after(delayMs, callback);
  }
}
