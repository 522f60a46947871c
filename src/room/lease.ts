/** Whether this instance may still speak for its rooms. */
export interface Lease {
  /** True while the last confirmed heartbeat is recent enough that nobody can have taken the rooms over. */
  fresh(): boolean;
  /** True until shortly before the lease itself ends: what rooms that chose `async` play on under. */
  holds(): boolean;
  /** Rises whenever the lease was not fresh: what was known of ownership before must be checked again. */
  readonly generation: number;
  /** Resolves when the lease is fresh again, at once when it is. */
  whenFresh(): Promise<void>;
}
