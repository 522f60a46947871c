/** The cluster's time on this device, whose own clock may be wrong, and may be set while a match is on. */
import type { Device } from './device.js';

/** A clock that is set differs by more than this and what a round trip may explain, ms. */
const TOLERANCE_MS = 250;
/** An answer that took longer tells no time. */
const LONGEST_TRIP_MS = 3_000;

export class ServerClock {
  /** Cluster time plus this is the device's time, ms. */
  private offset = 0;
  private askedAt: number | undefined;

  constructor(private readonly device: Pick<Device, 'now'>) {}

  /** The moment of cluster time by the device's clock. */
  onDevice(time: number): number {
    return Math.round(time + this.offset);
  }

  /** The cluster has said what time it is. */
  told(now: number): void {
    this.offset = this.device.now() - now;
  }

  /** The cluster is asked for the time. */
  asked(): void {
    this.askedAt ??= this.device.now();
  }

  /** The answer to that. Gives by how much moments by the device's clock have to be set later, ms. */
  answered(now: number): number {
    const { askedAt } = this;
    this.askedAt = undefined;
    if (askedAt === undefined) return 0;
    const trip = this.device.now() - askedAt;
    if (trip < 0 || trip > LONGEST_TRIP_MS) return 0;
    const by = Math.round(this.device.now() - trip / 2 - now - this.offset);
    if (!(Math.abs(by) > TOLERANCE_MS + trip / 2)) return 0;
    this.offset += by;
    return by;
  }
}
