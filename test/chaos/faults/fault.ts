/** What every fault is to the campaign that injects it. */
import type { RoomCode } from '../../../src/protocol/ids.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import type { ClusterUnderTest } from '../cluster-under-test.js';
import type { HandoverRedis } from '../handover-redis.js';
import type { ClientHistory } from '../history.js';
import type { Load } from '../load.js';
import type { Seeded } from '../seeded.js';
import type { SentinelRedis } from '../sentinel.js';
import type { SlowDisk } from '../slow-disk.js';
import type { SteppedRedis } from '../stepped-redis.js';

export interface Strike {
  readonly affected: Iterable<RoomCode>;
  /** Whether the sockets of these rooms break. */
  readonly cuts: boolean;
  /** Who comes back with it: they wait from then on, whether or not it is their turn, and their moves alone count. */
  readonly returning?: ReadonlySet<ClientHistory>;
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
  readonly relay: TcpProxy | undefined;
  readonly handover: HandoverRedis | undefined;
  readonly stepped: SteppedRedis | undefined;
  readonly slowDisk: SlowDisk | undefined;
  /** How long devices sleep. */
  readonly asleepMs: number;
  /** Where instances reach Redis, sentinels included. */
  readonly redisPorts: readonly number[];
  /** Injects and measures; resolves when every affected room has gone on, or has had a minute for it. */
  strike(strike: Strike): Promise<void>;
  /** Waits; rejects when the whole campaign is stopped meanwhile. */
  pause(ms: number): Promise<void>;
  /** Something is not as it should be: the campaign fails, and goes on. */
  complain(text: string): void;
  /** A line of the timeline. */
  tell(text: string): void;
}

/**
 * own: the cluster's. small-disk: the same, on a disk of 48 MB. slow-disk: the same, on one that can be slow and lose its
 * power. relayed: through a relay that can be slow. sentinel: one primary, two replicas, three sentinels. lagging: the
 * same, with a relay before each node that can hold replication back. handover: two nodes behind one address that leads
 * to the primary. stepped: one whose clock can be set.
 */
export type RedisKind =
  | 'own'
  | 'small-disk'
  | 'slow-disk'
  | 'relayed'
  | 'sentinel'
  | 'lagging'
  | 'handover'
  | 'stepped';

/** What a machine may not have: namespaces of one's own, or a C compiler. */
export type Need = 'namespace' | 'compiler';

export interface Fault {
  readonly name: string;
  readonly redis: RedisKind;
  /** The longest stop that is promised (p99), ms. */
  readonly boundMs: number;
  /** Without it the fault is skipped. */
  readonly needs?: Need;
  /** Instances that it takes at least. */
  readonly instances?: number;
  /** It strikes at moments of its own choice, and need not be kept waiting for one. */
  readonly ownMoments?: boolean;
  /** More environment for all programs of the cluster. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether rooms that wait for no copies may lose what was acknowledged last: counted, and no violation. */
  readonly losesTail?: boolean;
  /** Strikes once and undoes what the supervisor does not; resolves with the processes that are gone for good. */
  run(arena: Arena): Promise<readonly number[]>;
}
