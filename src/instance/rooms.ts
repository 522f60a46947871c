/** The rooms of an instance: where they are kept, how they come here, and how they go. */
import { Drain } from '../cluster/drain.js';
import { FailedRooms } from '../cluster/failed-rooms.js';
import { Migration } from '../cluster/migration.js';
import { Ownership } from '../cluster/ownership.js';
import { RoomIndex } from '../cluster/room-index.js';
import { SeatsIndex } from '../cluster/seats-index.js';
import { Settling } from '../cluster/settling.js';
import type { InstanceConfig } from '../config.js';
import type { RoomCode } from '../protocol/ids.js';
import { onReturn } from '../redis/client.js';
import { RedisRoomStore } from '../redis/room-store.js';
import type { InstanceMetrics } from '../runtime/metrics.js';
import type { Connections, Membership } from './membership.js';
import type { Ports } from './ports.js';

/** A room that has been closed: late comers hear why. */
const CLOSED_TTL_MS = 600_000;
/** A room whose cluster was stopped. */
const STORED_TTL_MS = 7 * 86_400_000;

export interface RoomsDeps {
  readonly config: InstanceConfig;
  readonly ports: Ports;
  readonly redis: Connections;
  readonly membership: Membership;
  readonly metrics: InstanceMetrics;
  /** A seat of the room has been taken. */
  readonly onSeatTaken: (room: RoomCode) => void;
}

export type Rooms = ReturnType<typeof createRooms>;

export function createRooms({ config, ports, redis, membership, metrics, onSeatTaken }: RoomsDeps) {
  const { id, clock, log, randomHex } = ports;
  const { registry, self, losses, lease, bus, pins, takeover } = membership;
  const index = new RoomIndex(redis.commands);
  const store = new RedisRoomStore(redis.commands, {
    waiting: redis.copies,
    copies: config.REDIS_COPIES,
    onMemoryOnly: (why) => log.warn({ why }, 'copies confirm from memory: WAITAOF is refused'),
  });
  const failedRooms = new FailedRooms({ id, redis: redis.commands, store, index, version: ports.version, clock, log });
  const ownership: Ownership = new Ownership({
    id,
    address: () => self.address,
    store,
    index,
    takeover,
    failedRooms,
    log,
    settled: () => settling.settled(),
    lostLately: () => losses.look(),
    storedTtlMs: STORED_TTL_MS,
    mailbox: {
      clock,
      lease,
      whenRestored: () => settling.whenRestored(),
      newSeed: () => randomHex(32),
      idleMs: config.HOKM_IDLE_ROOM_MS,
      logKeep: config.HOKM_LOG_KEEP,
      closedTtlMs: CLOSED_TTL_MS,
      onSeatTaken: (room, seat, tokenHash) => {
        seats.note(room, seat, tokenHash);
        onSeatTaken(room);
      },
      onSeatLeft: (tokenHash) => seats.left(tokenHash, CLOSED_TTL_MS),
    },
    askForRoom: (room, owner) =>
      bus.send(owner, { type: 'game_migration_request', room, to: id, request: randomHex(8) }),
    onClaimed: (room) => {
      metrics.claims.inc();
      pins.assigned(room.code);
    },
    onEnd: (room, reason) => {
      metrics.ends.inc({ reason });
      if (reason === 'lost') log.warn({ room: room.code, epoch: room.fence.epoch }, 'room lost to another owner');
    },
  });
  const settling = new Settling(clock, () => ownership.rooms);
  onReturn(redis.commands, () => {
    settling.returned();
    // It may be another Redis, or a restored one.
    losses.look().catch(() => undefined);
  });
  const seats = new SeatsIndex(redis.commands, bus, self, ownership, clock);
  const settled = () => settling.settled();
  const migration = new Migration({
    self,
    bus,
    pins,
    store,
    index,
    registry,
    ownership,
    takeover,
    clock,
    settled,
    log,
  });
  const drain = new Drain({
    self,
    redis: redis.commands,
    registry,
    ownership,
    migration,
    clock,
    log,
    storedTtlMs: STORED_TTL_MS,
    deadlineMs: config.HOKM_DRAIN_MS,
  });
  /** What Redis has lost of the rooms that are played here. */
  const storeAgain = () => {
    settling.lost();
    seats.noteAgain();
  };
  return { index, store, ownership, seats, migration, drain, storeAgain };
}
