/** What is known of the store still calling this instance the room's owner. */
import { type Clock, sleep } from '../runtime/clock.js';
import type { Lease } from './lease.js';

const RETRY_MS = 50;

export class Proof {
  /** Generation of the lease at which the ownership was last known. */
  private generation: number;
  /** Monotonic ms at which the store last confirmed the ownership. */
  private confirmedAt: number;
  private doubted = false;

  /** @param isAsync the room plays on through a gap of the store, until shortly before the lease ends. */
  constructor(
    private readonly lease: Lease,
    private readonly clock: Clock,
    private readonly isAsync: boolean,
  ) {
    this.generation = lease.generation;
    this.confirmedAt = clock.monotonic();
  }

  /** Whether nobody else can have taken the room over without having asked for it. */
  get leased(): boolean {
    const { lease } = this;
    const trusted = this.isAsync ? lease.holds() : lease.fresh();
    return trusted && (lease.generation === this.generation || !lease.fresh());
  }

  /** Whether the room may speak without asking the store first. */
  get stands(): boolean {
    return this.leased && !this.doubted;
  }

  /** The store has done what only the owner may. */
  confirm(): void {
    this.confirmedAt = this.clock.monotonic();
  }

  /** The store is asked once more before anything else is done. Where play goes on without it, nothing is. */
  doubt(): void {
    this.doubted = !this.isAsync;
  }

  /** True when the store has said nothing for `maxAgeMs`; it is asked then. */
  expires(maxAgeMs: number): boolean {
    if (this.clock.monotonic() - this.confirmedAt >= maxAgeMs) this.doubt();
    return this.doubted;
  }

  /** Asks the store by `owned`, once it is believed to answer. False when the room is another's; else look again. */
  async ask(owned: () => Promise<boolean | undefined>): Promise<boolean> {
    const { lease, clock } = this;
    await lease.whenFresh();
    const { generation } = lease;
    const askedAt = clock.monotonic();
    this.doubted = false;
    const answer = await owned();
    if (answer === true && lease.fresh()) {
      this.generation = generation;
      this.confirmedAt = askedAt;
    } else if (answer !== false) {
      this.doubt();
      await sleep(clock, RETRY_MS);
    }
    return answer !== false;
  }
}
