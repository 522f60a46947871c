/** One game instance: its parts, in the order of starting. */
import './runtime/heap.js';
import { readFileSync } from 'node:fs';
import { Bus } from './cluster/bus.js';
import { Drain } from './cluster/drain.js';
import { Fencing } from './cluster/fencing.js';
import { Isolation } from './cluster/isolation.js';
import { HeartbeatLease, SUSPECT_PERIODS } from './cluster/lease.js';
import { Migration } from './cluster/migration.js';
import { newInstanceId } from './cluster/new-ids.js';
import { Orphans } from './cluster/orphans.js';
import { Ownership } from './cluster/ownership.js';
import { Peers } from './cluster/peers.js';
import { Pins } from './cluster/pins.js';
import { PublicRooms } from './cluster/public-rooms.js';
import { Registry } from './cluster/registry.js';
import { RequestedMoves } from './cluster/requested-moves.js';
import { RoomIndex } from './cluster/room-index.js';
import { Scaling } from './cluster/scaling.js';
import { SeatsIndex } from './cluster/seats-index.js';
import { Self } from './cluster/self.js';
import { Settling } from './cluster/settling.js';
import { Takeover } from './cluster/takeover.js';
import { instanceConfig } from './config.js';
import { Forwarder } from './edge/forward.js';
import { Health } from './edge/health.js';
import { HttpServer } from './edge/http.js';
import { RoomsApi } from './edge/rooms-api.js';
import { WebSockets } from './edge/websocket.js';
import { connect, onReturn, ready } from './redis/client.js';
import { RedisRoomStore } from './redis/room-store.js';
import { SystemClock } from './runtime/clock.js';
import { exitWithOneLine } from './runtime/exit.js';
import { Lifecycle } from './runtime/lifecycle.js';
import { createLogger } from './runtime/log.js';
import { Metrics } from './runtime/metrics.js';
import { packageRoot } from './runtime/package-root.js';
import { randomHex } from './runtime/random.js';
import { RecentErrors } from './runtime/recent-errors.js';
import { UsageMeter } from './runtime/usage.js';

/** A room that was created and never joined. */
const UNCLAIMED_TTL_MS = 3_600_000;
/** A room that has been closed: late comers hear why. */
const CLOSED_TTL_MS = 600_000;
/** A room whose cluster was stopped. */
const STORED_TTL_MS = 7 * 86_400_000;
/** A room in which nothing happens is looked up in Redis again after this. */
const PROOF_MS = 5_000;
/** Between two looks at the registry. */
const LOOK_MS = 500;

async function main(): Promise<void> {
  const config = instanceConfig();
  const id = newInstanceId();
  const clock = new SystemClock();
  const errors = new RecentErrors(clock);
  const log = createLogger(config.LOG_LEVEL, { process: 'instance', instance: id }, errors);
  const lifecycle = new Lifecycle(log, config.HOKM_DRAIN_MS);

  const redis = connect(config, 'commands');
  const waiting = connect(config, 'copies');
  const subscriber = connect(config, 'subscriber', true);
  const inbox = connect(config, 'inbox', true);
  const connections = [redis, waiting, subscriber, inbox];
  lifecycle.onStop('redis', () => {
    for (const connection of connections) connection.disconnect();
  });
  await Promise.all(connections.map((connection) => ready(connection, config, config.HOKM_START_WAIT_MS)));

  const registry = new Registry(redis, config.HOKM_LEASE_MS);
  const index = new RoomIndex(redis);
  const store = new RedisRoomStore(redis, { waiting, copies: config.REDIS_COPIES });
  const usage = new UsageMeter(clock, config.HOKM_HEARTBEAT_MS);
  await usage.start();
  lifecycle.onStop('usage', () => usage.stop());

  // Before anything is told in cluster time, as when this process started.
  const askedAt = clock.monotonic();
  clock.synchronise(await registry.time(), askedAt);
  const self: Self = new Self({
    id,
    number: await registry.nextNumber(),
    host: config.HOKM_ADVERTISED_HOST ?? config.HOKM_HOST,
    startedAt: clock.now(),
    region: config.HOKM_REGION,
    zone: config.HOKM_ZONE,
    version: (JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as { version: string }).version,
    capacity: config.HOKM_CAPACITY,
    usage,
    rooms: () => ownership.size,
    connections: () => webSockets.size,
  });
  const lease = new HeartbeatLease({
    registry,
    clock,
    log,
    heartbeatMs: config.HOKM_HEARTBEAT_MS,
    leaseMs: config.HOKM_LEASE_MS,
    fields: () => self.fields(),
    onStale: () => {
      for (const room of ownership.rooms) room.wake();
    },
  });
  const bus = new Bus({ id, redis, subscriber, inbox, clock, log });
  const pins = new Pins(bus, self, registry, clock);
  const takeover = new Takeover({
    registry,
    clock,
    steady: () => lease.steady(),
    suspectMs: config.HOKM_HEARTBEAT_MS * SUSPECT_PERIODS,
  });
  const metrics: Metrics = new Metrics(id, {
    rooms: () => ownership.size,
    connections: () => webSockets.size,
    frozenRooms: () => [...ownership.rooms].filter((room) => room.frozen).length,
    loopDelay: () => usage.latest.loopDelay,
  });
  const ownership: Ownership = new Ownership({
    id,
    address: () => self.address,
    store,
    index,
    takeover,
    log,
    settled: () => settling.settled(),
    storedTtlMs: STORED_TTL_MS,
    mailbox: {
      clock,
      lease,
      newSeed: () => randomHex(32),
      idleMs: config.HOKM_IDLE_ROOM_MS,
      logKeep: config.HOKM_LOG_KEEP,
      closedTtlMs: CLOSED_TTL_MS,
      onSeatTaken: (room, seat, tokenHash) => {
        seats.note(room, seat, tokenHash);
        publicRooms.note(room);
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
  onReturn(redis, () => settling.returned());
  const seats = new SeatsIndex(redis, bus, self, ownership, clock);
  const publicRooms = new PublicRooms(redis, ownership, clock);
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
    log,
  });
  const drain = new Drain({ self, redis, registry, ownership, migration, clock, log, storedTtlMs: STORED_TTL_MS });
  const fencing = new Fencing();
  new RequestedMoves({ self, bus, fencing, migration, ownership, registry, clock, log });
  const scaling = new Scaling({ self, bus, fencing, drain, lease, registry, clock, log });
  const orphans = new Orphans({ self, registry, index, ownership, clock, log, steady: () => lease.steady() });
  const peers = new Peers(registry, id, clock, log, LOOK_MS, (seen) => {
    const since = clock.monotonic() - PROOF_MS;
    for (const room of ownership.rooms) room.prove(since);
    return orphans.look(seen);
  });
  const isolation = new Isolation({
    lease,
    clock,
    log,
    peers: () => peers.others,
    onIsolated: () => {
      webSockets.closeAll('MOVED');
      forwarder.closeAll();
      http.closeStreams();
    },
  });

  const forwarder = new Forwarder(config.HOKM_CLUSTER_SECRET);
  const webSockets: WebSockets = new WebSockets({
    ownership,
    forwarder,
    clock,
    log,
    metrics,
    origins: config.HOKM_ORIGINS,
    pingMs: config.HOKM_PING_MS,
    messageRate: config.HOKM_MESSAGE_RATE,
    whenFresh: () => lease.whenFresh(),
    isolated: () => isolation.active,
  });
  const api = new RoomsApi({
    ownership,
    store,
    seats,
    publicRooms,
    clock,
    defaults: {
      durability: 'primary',
      turn_ms: config.HOKM_TURN_MS,
      bot_ms: config.HOKM_BOT_DELAY_MS,
      hold_ms: config.HOKM_HOLD_MS,
    },
    unclaimedTtlMs: UNCLAIMED_TTL_MS,
    hasSpace: () => self.hasSpace,
  });
  const health = new Health({
    id,
    ownership,
    errors,
    status: () => self.status,
    leaseFresh: () => lease.fresh(),
    isolated: () => isolation.active,
    peers: () => peers.others,
    connections: () => webSockets.size,
  });
  const http = new HttpServer({
    api,
    health,
    webSockets,
    ownership,
    forwarder,
    metrics,
    clock,
    log,
    opsToken: config.HOKM_OPS_TOKEN,
  });

  self.port = await http.listen(config.HOKM_HOST, config.HOKM_PORT);
  lifecycle.onStop('http', () => http.close());
  await bus.start();
  self.status = 'ready';
  await lease.start();
  lifecycle.onStop('registration', async () => {
    self.status = 'stopped';
    lease.stop();
    bus.stop();
    await registry.remove(id);
    await registry.announce();
  });
  peers.start();
  publicRooms.start();
  isolation.start();
  lifecycle.onStop('rooms', async () => {
    await drain.run();
    await seats.flush();
    webSockets.closeAll('MOVED');
    forwarder.closeAll();
  });
  lifecycle.onStop('status', async () => {
    isolation.stop();
    peers.stop();
    publicRooms.stop();
    ownership.close();
    self.status = 'draining';
    await lease.renew();
    await registry.announce();
  });
  lifecycle.onStop('scaling', () => scaling.stop());
  lifecycle.stopOnSignals();
  lifecycle.stopWithParent();
  await registry.announce();
  log.info({ port: self.port }, 'ready');
  process.send?.({ type: 'ready', id, port: self.port });
}

main().catch(exitWithOneLine);
