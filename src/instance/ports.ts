/** What an instance needs of the world: real in production, simulated in the simulation. */
import type { Livez } from '../cluster/livez.js';
import type { HttpApi } from '../edge/http.js';
import type { Players } from '../edge/players.js';
import type { PageRoutes } from '../edge/static.js';
import type { InstanceId, RoomCode } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { ClusterClock } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { Gauges, InstanceMetrics } from '../runtime/metrics.js';
import type { RecentErrors } from '../runtime/recent-errors.js';
import type { UsageMeter } from '../runtime/usage.js';

/** What answers those who come to the instance's port. */
export interface Served {
  readonly http: HttpApi;
  readonly players: Players;
  /** Whether the lease of another instance is over, so that nobody stays with it who was passed on to it. */
  readonly leaseRanOut: (id: InstanceId) => boolean;
}

/** The instance's port, once it is open. */
export interface OpenPort {
  readonly port: number;
  /** Cuts the connections that are passed on to other instances. */
  cutForwarded(): void;
  close(): Promise<void>;
}

export interface Ports {
  /** New for every start of a process. */
  readonly id: InstanceId;
  readonly version: string;
  readonly clock: ClusterClock;
  readonly log: Logger;
  readonly errors: RecentErrors;
  /** `bytes` random bytes as lower-case hex. */
  readonly randomHex: (bytes: number) => string;
  readonly newRoomCode: () => RoomCode;
  /** @param blocking it waits in XREAD BLOCK or for messages */
  readonly connect: (role: string, blocking?: boolean) => RedisConnection;
  /** What is wrong with Redis, as it was when it was last connected to: one line a fault, for operators. */
  readonly redisFaults: () => readonly string[];
  /** Waits until the connection can be used. @throws when that takes too long */
  readonly connected: (connection: RedisConnection) => Promise<void>;
  /** Asks another instance whether it lives. */
  readonly probe: (address: string) => Promise<Livez>;
  /** @throws when the port cannot be had */
  readonly serve: (served: Served) => Promise<OpenPort>;
  readonly usage: Pick<UsageMeter, 'start' | 'stop' | 'latest'>;
  readonly metrics: (gauges: Gauges) => InstanceMetrics;
  readonly pages: PageRoutes;
}
