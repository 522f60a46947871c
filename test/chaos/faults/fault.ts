/** What every fault is to the campaign that injects it. */
import type { RoomCode } from '../../../src/protocol/ids.js';
import type { ClusterUnderTest } from '../cluster-under-test.js';
import type { Load } from '../load.js';
import type { Seeded } from '../seeded.js';
import type { SentinelRedis } from '../sentinel.js';

export interface Strike {
  readonly affected: Iterable<RoomCode>;
  /** Whether the sockets of these rooms break. */
  readonly cuts: boolean;
  /** When it struck, if that was before now; monotonic ms. */
  readonly at?: number;
  /** Does it, at once. */
  readonly inject: () => void;
}

/** Where a fault strikes, and what it can do there. */
export interface Arena {
  readonly cluster: ClusterUnderTest;
  readonly load: Load;
  readonly random: Seeded;
  /** Only for faults that ask for it. */
  readonly sentinel: SentinelRedis | undefined;
  /** Injects and measures; resolves when every affected room has gone on, or has had 30 s for it. */
  strike(strike: Strike): Promise<void>;
  /** Waits; rejects when the whole campaign is stopped meanwhile. */
  pause(ms: number): Promise<void>;
  /** Something is not as it should be: the campaign fails, and goes on. */
  complain(text: string): void;
}

export interface Fault {
  readonly name: string;
  /** What Redis it needs: the cluster's own, or one with Sentinel. */
  readonly redis: 'own' | 'sentinel';
  /** Strikes once and undoes what the supervisor does not; resolves with the processes that are gone for good. */
  run(arena: Arena): Promise<readonly number[]>;
}
