/** What is known of the store still calling this instance the room's owner. */
import { type Clock, sleep } from '../runtime/clock.js';
import type { Lease } from './lease.js';
import type { Ledger } from './ledger.js';

const RETRY_MS = 50;

export class Proof {
  /** Generation of the lease at which the ownership was last known. */
  private generation: number;
  /** Monotonic ms at which the store was asked what it has confirmed last. */
  private confirmedAt = Number.NEGATIVE_INFINITY;
  /** What the store said to earlier questions does not count, monotonic ms. */
  private doubtedAt = Number.NEGATIVE_INFINITY;
  private renewing = false;

  /** @param isAsync the room plays on through a gap of the store, until shortly before the lease ends. */
  constructor(
    private readonly lease: Lease,
    private readonly clock: Clock,
    private readonly isAsync: boolean,
  ) {
    this.generation = lease.generation;
  }

  /** Whether nobody else can have taken the room over without having asked for it. */
  get leased(): boolean {
    const { lease } = this;
    const trusted = this.isAsync ? lease.holds() : lease.fresh();
    return trusted && (lease.generation === this.generation || !lease.fresh());
  }

  /** Whether the store has confirmed the ownership to every doubt. */
  get confirmed(): boolean {
    return this.confirmedAt >= this.doubtedAt;
  }

  /** Whether the room may speak without asking the store first. */
  get stands(): boolean {
    return this.leased && this.confirmed;
  }

  /** The store was asked `at` (monotonic ms) for what only the owner may do, and has done it. */
  confirm(at: number): void {
    this.confirmedAt = Math.max(at, this.confirmedAt);
  }

  /** Only an answer to a question asked `since` then (monotonic ms) counts. Where play goes on without it, none is needed. */
  doubt(since: number): void {
    if (!this.isAsync) this.doubtedAt = Math.max(since, this.doubtedAt);
  }

  /**
   * Where there is doubt, asks the store, once at a time. That is cheap, as thousands of rooms wait; `inDoubt` is called
   * when the answer does not settle it.
   */
  renew(ledger: Pick<Ledger, 'stands'>, inDoubt: () => void): void {
    if (this.confirmed || this.renewing) return;
    this.renewing = true;
    const askedAt = this.clock.monotonic();
    // The store tells a failure as an answer: this does not reject.
    void ledger.stands().then((yes) => {
      this.renewing = false;
      if (yes && this.leased) this.confirm(askedAt);
      if (!this.confirmed) inDoubt();
    });
  }

  /** Asks the store by `owned`, once it is believed to answer. False when the room is another's; else look again. */
  async ask(owned: () => Promise<boolean | undefined>): Promise<boolean> {
    const { lease, clock } = this;
    await lease.whenFresh();
    const { generation } = lease;
    const askedAt = clock.monotonic();
    const answer = await owned();
    if (answer === true && lease.fresh()) {
      this.generation = generation;
      this.confirm(askedAt);
    } else if (answer !== false) {
      await sleep(clock, RETRY_MS);
    }
    return answer !== false;
  }
}
