/** One row of the attack table, as it is carried out on a running cluster. */
import type { ClusterUnderTest } from '../chaos/cluster-under-test.js';
import type { Seeded } from '../chaos/seeded.js';
import type { PlayersDoor } from './door.js';

/**
 * The cluster that a row is carried out on. `default`: every limit as it comes, and for clients of this host too.
 * `lifted`: no limit of messages and connections, so that what lies behind the limits is reached as often as possible.
 */
export type Limits = 'default' | 'lifted';

/** What was measured, by name with its unit. */
export type Figures = Readonly<Record<string, number | string>>;

export interface Attack {
  readonly name: string;
  readonly what: string;
  readonly limits: Limits;
  /** How often at its full number. */
  readonly full: number;
  /** The fewest that mean anything. */
  readonly least: number;
  /** What is counted. */
  readonly unit: string;
  /** Bound of the slowest join of somebody healthy beside it, ms. */
  readonly joinMs?: number;
  run(scene: Scene): Promise<Figures>;
}

/** What an attack can know of the cluster, or change behind its back. */
export type AttackedCluster = Pick<ClusterUnderTest, 'facts' | 'store' | 'redis'>;

export interface Scene {
  readonly cluster: AttackedCluster;
  /** The players', on 127.0.0.1, by TLS. */
  readonly door: PlayersDoor;
  /** The one beside it that only sends players to it. */
  readonly plainDoor: PlayersDoor;
  /** Folder with the cluster's data and logs. */
  readonly folder: string;
  /** How often to attack. */
  readonly times: number;
  readonly random: Seeded;
  /** Bound of what healthy players wait for, ms. */
  readonly stopMs: number;
  /** Whether nothing else is sent to the cluster but what its healthy players send. */
  readonly isAlone: boolean;
  /** An address of this host that nobody has come from yet. */
  stranger(): string;
  /** So many more are done. */
  did(more: number): void;
  /** A bound does not hold. */
  broken(text: string): void;
}

/** Runs `work` on `count` numbers from 0, at most `parallel` at a time. */
export async function each(count: number, parallel: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const workers = Array.from({ length: Math.min(parallel, count) }, async () => {
    while (next < count) await work(next++);
  });
  await Promise.all(workers);
}
