/**
 * A sealed room on its way to another instance, as the store sees it: given, given again where a failover has lost that, or
 * taken back.
 *
 * INVARIANT: until the new owner has answered, this instance keeps the room's memory and plays nothing. It plays on only
 * after a claim above every epoch that the new owner may hold, made by compare-and-set on a log in which the new owner has
 * written nothing.
 */
import type { Epoch, InstanceId, RoomCode } from '../protocol/ids.js';
import { type Clock, sleep } from '../runtime/clock.js';
import type { Tail } from './history.js';
import type { Ledger } from './ledger.js';
import type { CommitReply, RoomStore, Stored } from './store.js';

/**
 * given: the new owner's, which has not been heard of. moved: the new owner has written to it, and alone repairs it from
 * then on. kept: this instance's again. lost: another's, or over.
 */
export type Handed = 'given' | 'moved' | 'kept' | 'lost';

export interface HandoverDeps {
  readonly store: Pick<RoomStore, 'transfer' | 'check'>;
  readonly clock: Clock;
  /** Resolves when what the store says of an owner can be believed after a gap. */
  readonly settled: () => Promise<void>;
}

const RETRY_MS = 50;

export class Handover {
  /** Under which the room was given away; 0 before. */
  private given = 0 as Epoch;

  constructor(
    private readonly deps: HandoverDeps,
    private readonly ledger: Ledger,
    private readonly code: RoomCode,
    private readonly to: InstanceId,
    private readonly address: string,
  ) {}

  /** The new owner's epoch. */
  get epoch(): Epoch {
    return this.given;
  }

  /** The end of the log, for the new owner. */
  get tail(): Tail {
    return this.ledger.tail();
  }

  /** Makes the other instance the owner; comes back when the copies have it. */
  async give(): Promise<Handed> {
    const { store, clock } = this.deps;
    const { ledger, code, to } = this;
    while (!ledger.closed && (await ledger.isUndisputed())) {
      const { fence, position } = ledger;
      const reply = await store.transfer(code, fence, position, to, this.address);
      if (reply.outcome === 'ok') {
        this.given = reply.epoch;
        return 'given';
      }
      if (reply.outcome === 'unknown') {
        await sleep(clock, RETRY_MS);
      } else if (reply.outcome === 'fenced' && reply.owner === to && reply.epoch > fence.epoch) {
        this.given = reply.epoch;
        return this.settle(false);
      } else if (!(await ledger.repair(reply))) {
        return 'lost';
      }
    }
    return 'lost';
  }

  /** What has become of the room by now; where the new owner has not written to it, it is taken back if `wanted`. */
  async settle(wanted: boolean): Promise<Handed> {
    const { store, clock } = this.deps;
    const { ledger, code, to } = this;
    while (!ledger.closed) {
      const reply = await store.check(code, { owner: to, epoch: this.given }, ledger.position);
      if (reply.outcome === 'unknown') {
        if (!wanted) return 'given';
        await sleep(clock, RETRY_MS);
        continue;
      }
      const seen = this.seenIn(reply);
      if (seen?.owner !== to || seen.epoch < this.given) {
        // A failover has taken the transfer back, or a claim of this instance has landed.
        if (reply.outcome === 'ok' || !(await ledger.repair(reply))) return 'lost';
        // With the epoch it had: the new owner may have played, and appends what it lost.
        if (!wanted) return this.give();
        if (ledger.fence.epoch > this.given) return 'kept';
        await this.claim({ ...ledger.fence, ...ledger.position });
      } else if (seen.seq > ledger.position.seq) {
        return 'moved';
      } else if (!ledger.knows(seen)) {
        return 'lost';
      } else if (!wanted && seen.seq === ledger.position.seq) {
        this.given = seen.epoch;
        return 'given';
      } else {
        this.given = seen.epoch;
        await this.claim(seen);
      }
    }
    return 'lost';
  }

  private seenIn(reply: Exclude<CommitReply, { outcome: 'unknown' }>): Stored | undefined {
    const named = { owner: this.to, epoch: this.given };
    switch (reply.outcome) {
      case 'ok':
        return { ...named, ...this.ledger.position };
      case 'gap':
        return { ...named, ...reply };
      case 'fenced':
        return reply;
      case 'gone':
        return undefined;
    }
  }

  /** Above whatever the new owner has been given. */
  private async claim(seen: Stored): Promise<void> {
    // The new owner may have played, and lost to a failover what it wrote: it has the time to write it again.
    await this.deps.settled();
    const above = Math.max(seen.epoch, this.given) as Epoch;
    await this.ledger.reclaim(seen, above);
  }
}
