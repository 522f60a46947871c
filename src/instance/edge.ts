/** The instance's port: what players, HAProxy, other instances and operators reach. */
import type { PublicRooms } from '../cluster/public-rooms.js';
import type { InstanceRecord } from '../cluster/registry.js';
import { Storage } from '../cluster/storage.js';
import { TableQuota } from '../cluster/table-quota.js';
import type { InstanceConfig } from '../config.js';
import { Health } from '../edge/health.js';
import { HttpApi } from '../edge/http.js';
import { Operators } from '../edge/operators.js';
import { Players } from '../edge/players.js';
import { RoomReads } from '../edge/room-reads.js';
import { RoomsApi } from '../edge/rooms-api.js';
import { freeBytes } from '../runtime/disk.js';
import type { Lifecycle } from '../runtime/lifecycle.js';
import type { InstanceMetrics } from '../runtime/metrics.js';
import type { Connections, Membership } from './membership.js';
import type { OpenPort, Ports } from './ports.js';
import type { Rooms } from './rooms.js';

/** A room that was created and never joined. */
const UNCLAIMED_TTL_MS = 3_600_000;

export interface EdgeDeps {
  readonly config: InstanceConfig;
  readonly ports: Ports;
  readonly redis: Connections;
  readonly lifecycle: Lifecycle;
  readonly membership: Membership;
  readonly rooms: Rooms;
  readonly metrics: InstanceMetrics;
  readonly publicRooms: Pick<PublicRooms, 'list'>;
  /** Whether this instance alone has lost Redis. */
  readonly isolated: () => boolean;
  /** The other instances as last known. */
  readonly peers: () => readonly InstanceRecord[];
}

export type Edge = ReturnType<typeof createEdge>;

export function createEdge(deps: EdgeDeps) {
  const { config, ports, redis, lifecycle, membership, rooms, metrics, publicRooms, isolated, peers } = deps;
  const { clock, log } = ports;
  const { self, lease, losses, takeover } = membership;
  const { ownership, store, seats } = rooms;
  const sitters = () => players.sitters();
  const quota = new TableQuota(redis.commands, config.HOKM_MAX_PUBLIC_TABLES_PER_IP, sitters, clock);
  lifecycle.add('table quota', { start: () => quota.start(), stop: () => quota.stop() });
  const players: Players = new Players({
    ownership,
    clock,
    log,
    metrics,
    pingMs: config.HOKM_PING_MS,
    messageRate: config.HOKM_MESSAGE_RATE,
    whenFresh: () => lease.whenFresh(),
    lostLately: () => losses.doubtful,
    isolated,
    quota,
  });
  const storage = new Storage({
    redis: redis.commands,
    folder: config.HOKM_REDIS_FOLDER,
    freeBytes,
    minFreeBytes: config.HOKM_MIN_FREE_MB * 2 ** 20,
    clock,
    log,
  });
  const reads = new RoomReads({ store, clock, lostLately: () => losses.look() });
  const api = new RoomsApi({
    store,
    seats,
    publicRooms,
    clock,
    lostLately: () => losses.look(),
    newRoomCode: ports.newRoomCode,
    defaults: {
      durability: 'primary',
      turn_ms: config.HOKM_TURN_MS,
      bot_ms: config.HOKM_BOT_DELAY_MS,
      hold_ms: config.HOKM_HOLD_MS,
    },
    messageRate: config.HOKM_MESSAGE_RATE,
    unclaimedTtlMs: UNCLAIMED_TTL_MS,
    copies: config.REDIS_COPIES,
    hasSpace: () => self.hasSpace,
    storageLow: () => storage.low(),
  });
  const health = new Health({
    id: ports.id,
    ownership,
    errors: ports.errors,
    status: () => self.status,
    leaseFresh: () => lease.fresh(),
    redisForMs: () => lease.steadyFor(),
    isolated,
    peers,
    connections: () => players.size,
    redisFaults: ports.redisFaults,
  });
  const http = new HttpApi({
    api,
    reads,
    health,
    ownership,
    metrics,
    clock,
    log,
    pages: ports.pages,
    operators: new Operators({
      token: config.HOKM_OPS_TOKEN,
      networks: config.HOKM_OPS_NETWORKS,
      names: [config.HOKM_HOST, config.HOKM_ADVERTISED_HOST ?? '', ...config.HOKM_OPS_HOSTS],
    }),
    publicOrigin: config.HOKM_PUBLIC_URL,
  });
  let open: OpenPort | undefined;
  lifecycle.add('port', {
    start: async () => {
      players.start();
      open = await ports.serve({ http, players, leaseRanOut: (other) => takeover.leaseRanOut(other) });
      self.port = open.port;
    },
    stop: () => open?.close(),
    shut: () => {
      players.shut();
      http.shut();
    },
  });
  /** Sends all players elsewhere. */
  const sendPlayersAway = () => {
    players.closeAll('MOVED');
    open?.cutForwarded();
  };
  return { players, reads, sendPlayersAway };
}
