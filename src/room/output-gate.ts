/**
 * What stands between a step and whoever is told of it: the store has it, and this instance is the owner.
 *
 * INVARIANT: `commit`, `verify` and `flush` come back with yes only when the store has said so after they were asked. A no is
 * final, and has been reported as the loss of the room.
 */
import type { Clock } from '../runtime/clock.js';
import type { LogEntry } from './history.js';
import type { Lease } from './lease.js';
import type { Ledger } from './ledger.js';
import { Proof } from './proof.js';
import { Standstill } from './standstill.js';

export interface OutputGateDeps {
  readonly clock: Clock;
  readonly lease: Lease;
  readonly ledger: Ledger;
  /** The room plays on while the store is brought up to it. */
  readonly isAsync: boolean;
  readonly isOver: () => boolean;
  /** The table has begun to stand still. */
  readonly onFrozen: () => void;
  /** The room is another instance's. */
  readonly onLost: () => void;
}

export class OutputGate {
  readonly proof: Proof;
  readonly standstill: Standstill;
  private flushing: Promise<boolean> | undefined;
  private enter!: (entered: boolean) => void;
  /** Whether the store has confirmed what this owner wrote first; false when the room was over before. */
  readonly entered = new Promise<boolean>((resolve) => {
    this.enter = resolve;
  });

  constructor(private readonly deps: OutputGateDeps) {
    this.proof = new Proof(deps.lease, deps.clock, deps.isAsync);
    this.standstill = new Standstill(deps.clock, deps.onFrozen);
  }

  /** What the owner before has written is all that is waited for: nothing, or no more. */
  settle(entered: boolean): void {
    this.enter(entered);
  }

  /** True when the entries are safe; false when the room is lost. If that takes long, the table is frozen meanwhile. */
  commit(entries: readonly LogEntry[]): Promise<boolean> {
    const startedAt = this.deps.clock.monotonic();
    this.standstill.asked(startedAt);
    return this.deps.ledger.append(entries).then((ours) => {
      this.standstill.answered();
      if (ours) this.proof.confirm(startedAt);
      else this.deps.onLost();
      this.enter(ours);
      return ours;
    });
  }

  /** While there is doubt that no commit has answered, stands still until the store confirms the owner and the epoch. */
  async verify(): Promise<void> {
    const { clock, ledger, isOver, onLost } = this.deps;
    while (!isOver() && !this.proof.stands) {
      const startedAt = clock.monotonic();
      if (!this.proof.leased) this.standstill.freeze(startedAt);
      this.standstill.asked(startedAt);
      if (!(await this.proof.ask(() => ledger.owned()))) onLost();
      this.standstill.answered();
    }
  }

  /** Brings the store up to where an `async` room already is, while it plays on; `done` when it is there. */
  flush(done: () => void): void {
    const { ledger, onLost } = this.deps;
    this.flushing ??= ledger
      .catchUp()
      .then((ours) => {
        if (ours) done();
        else onLost();
        this.enter(ours);
        return ours;
      })
      .finally(() => {
        this.flushing = undefined;
      });
  }

  /** Comes back when nothing is being flushed; false when the room was lost by that. */
  async flushed(): Promise<boolean> {
    return (await this.flushing) ?? true;
  }

  /** Nothing more passes. */
  close(): void {
    this.standstill.cancel();
    this.deps.ledger.close();
    this.enter(false);
  }
}
