/** What the instance says of itself on its own port: to HAProxy, to the other instances, to operators. */
import type { Ownership } from '../cluster/ownership.js';
import type { InstanceStatus } from '../cluster/registry.js';
import type { SeatView } from '../protocol/client-out.js';
import type { InstanceId, RoomCode } from '../protocol/ids.js';
import type { Mailbox } from '../room/mailbox.js';
import type { RecentError, RecentErrors } from '../runtime/recent-errors.js';

export interface HealthDeps {
  readonly id: InstanceId;
  readonly ownership: Pick<Ownership, 'rooms' | 'here'>;
  readonly status: () => InstanceStatus;
  /** Whether Redis confirms this instance's lease. */
  readonly leaseFresh: () => boolean;
  /** How long Redis has done so without a gap, ms; 0 when it does not now. */
  readonly redisForMs: () => number;
  /** Whether this instance alone has lost Redis. */
  readonly isolated: () => boolean;
  /** The other instances it knows of. */
  readonly peers: () => readonly { readonly id: InstanceId }[];
  readonly connections: () => number;
  /** What operators have to mend in Redis, one line each. */
  readonly redisFaults: () => readonly string[];
  readonly errors: Pick<RecentErrors, 'of'>;
}

export interface RoomStatusLine {
  readonly room: string;
  readonly status: string;
  readonly owner: string;
  readonly epoch: number;
  readonly seq: number;
  readonly connections: number;
  readonly frozen: boolean;
  /** Seats taken by people. */
  readonly players: number;
}

/** One room, for operators. */
export interface RoomStatusPage {
  readonly id: InstanceId;
  /** Null when the room is not played here. */
  readonly room: (RoomStatusLine & { readonly seats: readonly ((SeatView & { connected: boolean }) | null)[] }) | null;
  /** What went wrong here with this room, oldest first. */
  readonly errors: readonly RecentError[];
}

export interface InstanceStatusPage {
  readonly id: InstanceId;
  readonly status: string;
  readonly lease_fresh: boolean;
  /** What operators have to mend in Redis, one line each. */
  readonly redis_faults: readonly string[];
  readonly connections: number;
  readonly peers: readonly InstanceId[];
  readonly rooms: readonly RoomStatusLine[];
}

export class Health {
  constructor(private readonly deps: HealthDeps) {}

  /**
   * For HAProxy: 200 takes rooms, 404 keeps the rooms it has. Never 503 for a Redis that is away, or HAProxy would
   * throw every player out of a healthy cluster; only an instance that alone has lost Redis gives its players up.
   */
  health(): { code: number; body: { status: string; id: InstanceId } } {
    const status = this.deps.status();
    const { id } = this.deps;
    if (this.deps.isolated()) return { code: 503, body: { status: 'isolated', id } };
    if (status !== 'ready') return { code: 404, body: { status, id } };
    return { code: 200, body: { status: this.deps.leaseFresh() ? 'ready' : 'degraded', id } };
  }

  /** For the other instances: who this is, whether it has given its rooms up, and since when Redis answers here. */
  alive(): { status: 'alive' | 'isolated'; id: InstanceId; redis: 'ok' | 'away'; redis_for_ms: number } {
    return {
      status: this.deps.isolated() ? 'isolated' : 'alive',
      id: this.deps.id,
      redis: this.deps.leaseFresh() ? 'ok' : 'away',
      redis_for_ms: Math.floor(this.deps.redisForMs()),
    };
  }

  status(): InstanceStatusPage {
    const { id, ownership, status, leaseFresh, connections, redisFaults } = this.deps;
    const rooms = [...ownership.rooms].map(statusLine);
    const peers = this.deps.peers().map((peer) => peer.id);
    const lease = { lease_fresh: leaseFresh(), redis_faults: redisFaults() };
    return { id, status: status(), ...lease, connections: connections(), peers, rooms };
  }
  /** The same of one room, with its seats and its recent errors. */
  roomStatus(code: RoomCode): RoomStatusPage {
    const { id, ownership, errors } = this.deps;
    const mailbox = ownership.here(code);
    const room = mailbox ? { ...statusLine(mailbox), seats: seatsOf(mailbox) } : null;
    return { id, room, errors: errors.of(code) };
  }
}

function statusLine(mailbox: Mailbox): RoomStatusLine {
  return {
    room: mailbox.code,
    status: mailbox.status,
    owner: mailbox.fence.owner,
    epoch: mailbox.fence.epoch,
    seq: mailbox.position.seq,
    connections: mailbox.connections,
    frozen: mailbox.frozen,
    players: mailbox.seats.filter((occupant) => occupant?.kind === 'human').length,
  };
}

function seatsOf(mailbox: Mailbox) {
  const { connected } = mailbox.presence;
  return mailbox.view('spectator').seats.map((seat, at) => seat && { ...seat, connected: connected[at] === true });
}
