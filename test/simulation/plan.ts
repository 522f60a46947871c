/** What kind of cluster a seed makes, and what is to happen to it. */
import type { Durability } from '../../src/room/state.js';
import { Seeded } from '../chaos/seeded.js';

export interface Plan {
  readonly instances: number;
  readonly rooms: number;
  /** Copies of Redis' data, the primary included. */
  readonly copies: number;
  readonly durability: Durability;
  /** Redis knows WAITAOF. */
  readonly tellsOfDisks: boolean;
  /** Longest delay of a replica, and of a packet as a rule, ms. */
  readonly lagMs: number;
  readonly slowness: number;
  readonly logKeep: number;
  /** How far Redis is, ms in one direction. */
  readonly redisAwayMs: number;
  /** What the clocks of the replicas' hosts are ahead of the primary's, ms. */
  readonly hostClocksMs: number;
  readonly clockErrorMs: number;
  readonly targetPoints: number;
  readonly playAllTricks: boolean;
  readonly turnMs: number;
  readonly botMs: number;
  readonly holdMs: number;
  readonly thinkMs: number;
  readonly mischief: number;
  /** Share of connections that HAProxy sends to the room's owner. */
  readonly pinned: number;
  /** Commits at least, over all rooms. */
  readonly commits: number;
  readonly faults: number;
  /** Share of commands that are given over HTTP. */
  readonly overHttp: number;
  /** Share of players who use the client library. */
  readonly library: number;
  /** Its rooms are on the list for everybody. */
  readonly isPublic: boolean;
}

const HOUR_MS = 3_600_000;
const FAR_TURN_MS = 3_000;

export function planOf(seed: number): Plan {
  const random = new Seeded(seed);
  const one = <T>(...choices: readonly T[]): T => choices[random.between(0, choices.length - 1)] as T;
  const redis = one(
    { copies: 1, durability: 'primary' } as const,
    { copies: 3, durability: 'replicated' } as const,
    { copies: 3, durability: 'primary' } as const,
  );
  const isFar = random.next() < 0.1;
  return {
    ...redis,
    instances: random.between(2, 5),
    rooms: random.between(1, 3),
    lagMs: one(2, 20, 200, 1_000),
    slowness: one(0.3, 1, 4),
    logKeep: one(0, 32, 1_024),
    clockErrorMs: one(0, 0, 3_600_000),
    targetPoints: random.between(1, 7),
    playAllTricks: one(true, false),
    // Clocks that run out all the time, and each commit on its way for longer: such tables are never at rest.
    turnMs: Math.max(one(400, 1_500, 20_000), isFar ? FAR_TURN_MS : 0),
    botMs: one(0, 50, 300),
    holdMs: one(500, 3_000, 60_000),
    thinkMs: one(20, 60, 150),
    mischief: one(0, 0.05, 0.2),
    pinned: one(0, 0.7, 1),
    commits: isFar ? 80 : 200,
    redisAwayMs: isFar ? random.between(125, 250) : 0,
    tellsOfDisks: one(true, false),
    hostClocksMs: one(0, 0, 0, 300, -45_000, 45_000, -HOUR_MS, HOUR_MS),
    faults: random.between(4, 12),
    isPublic: one(true, false),
    overHttp: one(0, 0.1, 0.5),
    library: one(0, 0.5, 1),
  };
}
