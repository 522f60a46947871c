// Holds I11 of src/README.md.
/** The rooms of the dead are found until somebody has them: races between who gives, who takes and who tidies up. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HeartbeatWatch } from '../../src/cluster/heartbeat-watch.js';
import { IndexReconciler, type IndexReconcilerDeps } from '../../src/cluster/index-reconciler.js';
import { Orphans, type OrphansDeps } from '../../src/cluster/orphans.js';
import { type InstanceFields, Registry } from '../../src/cluster/registry.js';
import { RoomIndex } from '../../src/cluster/room-index.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { log } from '../room/rooms.js';
import { ManualClock } from '../support/manual-clock.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

const DEAD = 'game-dead' as InstanceId;
const SELF = 'game-self' as InstanceId;
const ROOM = 'R00M0000' as RoomCode;
const LEASE_MS = 5_000;

let server: TestRedis;
let redis: RedisConnection;
let index: RoomIndex;
beforeAll(async () => {
  server = await startRedis();
  redis = await connectToRedis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.call('FLUSHALL');
  index = new RoomIndex(redis);
});

/** Looks for the rooms of the dead once; opening one comes to `found`. */
async function look(found: object): Promise<void> {
  const ownership = { open: async () => found, locate: async () => found };
  const parts = {
    self: { id: SELF, status: 'ready' },
    registry: { remove: async () => undefined },
    index,
    ownership,
    clock: { monotonic: () => 0, after: (_: number, run: () => void) => setImmediate(run) },
    log,
    steady: () => true,
    heartbeats: { silentFor: () => LEASE_MS },
    leaseMs: LEASE_MS,
  };
  const orphans = new Orphans(parts as unknown as OrphansDeps);
  await orphans.look({ instances: [{ id: SELF, status: 'ready' }], expired: [DEAD] } as never);
}

test.each([
  ['whose owner turns out to live', { at: 'elsewhere', owner: DEAD, address: 'dead:1' }],
  ['that an instance which takes no rooms any more has found free', { at: 'free', meta: { owner: DEAD } }],
])('a room %s stays in its owner’s index', async (_, found) => {
  await index.add(DEAD, ROOM);
  await look(found);
  expect(await index.rooms(DEAD)).toEqual([ROOM]);
});

test.each([
  ['is here now', { at: 'here' }],
  ['is another’s', { at: 'elsewhere', owner: 'game-other' as InstanceId, address: 'other:1' }],
  ['is no more', { at: 'nowhere' }],
])('a room that %s leaves the index of its dead owner, which is forgotten', async (_, found) => {
  await index.add(DEAD, ROOM);
  await look(found);
  expect(await index.rooms(DEAD)).toEqual([]);
  expect(await index.ids()).toEqual([]);
});

/** What Redis' clock, set back an hour, makes of a lease. */
const KEPT_MS = 3_600_000;
const FIELDS = {
  id: DEAD,
  number: '1',
  host: '10.0.0.1',
  port: '7000',
  status: 'ready',
  started_at: '0',
  active_games: '1',
  connected_players: '4',
  cpu_usage: '0',
  memory_usage: '0',
  event_loop_delay: '0',
  weight: '256',
  capacity: '10',
  region: 'r',
  zone: 'z',
  version: '1',
  rules_versions: 'hokm@1',
} as unknown as InstanceFields;

describe('an entry that the clock of Redis keeps beyond its lease', () => {
  const clock = new ManualClock();
  let registry: Registry;
  let heartbeats: HeartbeatWatch;
  let steady: boolean;
  beforeEach(async () => {
    steady = true;
    registry = new Registry(redis, KEPT_MS);
    heartbeats = new HeartbeatWatch(clock, 2_000);
    await registry.heartbeat(FIELDS, 1);
  });

  /** Looks at the registry once a second for so long. */
  async function watch(seconds: number): Promise<void> {
    const ownership = { open: async () => ({ at: 'here' }) };
    const self = { id: SELF, status: 'ready' };
    const parts = { self, registry, index, ownership, clock, log, steady: () => steady, heartbeats, leaseMs: LEASE_MS };
    const orphans = new Orphans(parts as unknown as OrphansDeps);
    for (let second = 0; second <= seconds; second++) {
      const seen = await registry.list();
      heartbeats.observe(seen.instances, seen.expired);
      await orphans.look(seen);
      await clock.advance(1_000);
    }
  }

  test('ends when its instance has been silent for a lease as seen here, and stays listed for its rooms', async () => {
    await watch(5);
    expect(await registry.list()).toMatchObject({ instances: [], expired: [DEAD] });
  });

  test('stays for as long as a lease', async () => {
    await watch(4);
    expect((await registry.list()).expired).toEqual([]);
  });

  test('stays while Redis has not answered here for a lease without a gap', async () => {
    steady = false;
    await watch(20);
    expect((await registry.list()).expired).toEqual([]);
  });

  test('stays when a heartbeat has come since the registry was read', async () => {
    await watch(4);
    const { get } = registry;
    registry.get = async (id) => {
      await registry.heartbeat(FIELDS, 2);
      return get.call(registry, id);
    };
    await watch(1);
    expect((await registry.list()).expired).toEqual([]);
  });
});

test('an entry that was left by a move in vain is not taken out while the next move gives the room to this instance', async () => {
  const clock = new ManualClock();
  await index.add(SELF, ROOM);
  let isGiven = false;
  const store = {
    // Between the question for its owner and the tidying up the room is given to this instance.
    meta: async () => {
      isGiven = !(await index.rooms(SELF)).includes(ROOM);
      return { owner: isGiven ? SELF : DEAD };
    },
  };
  const parts = {
    self: { id: SELF, status: 'ready' },
    registry: { isListed: async () => true },
    index,
    store,
    ownership: { rooms: [], size: 0, concerns: () => false, open: async () => undefined },
    listed: () => new Set([SELF, DEAD]),
    leaseMs: LEASE_MS,
    clock,
    log,
  };
  const reconciler = new IndexReconciler(parts as unknown as IndexReconcilerDeps);
  reconciler.start();
  await until('the entry was taken out', async () => {
    await clock.advance(1_000);
    return isGiven;
  });
  reconciler.stop();
  await until('the room is in the index', async () => (await index.rooms(SELF)).includes(ROOM));
});

test('many entries that are yet to be looked at again do not keep a room of this instance from being played', async () => {
  const clock = new ManualClock();
  const foreign = Array.from({ length: 200 }, (_, at) => `F0RE1G${String(at).padStart(2, '0')}` as RoomCode);
  const given = new Set<RoomCode>();
  const names = [...foreign, ROOM];
  const parts = {
    self: { id: SELF, status: 'ready' },
    registry: { isListed: async () => true },
    index: {
      rooms: async () => names,
      size: async () => names.length,
      ids: async () => [],
      remove: async () => undefined,
      enter: async () => undefined,
    },
    store: { meta: async (code: RoomCode) => ({ owner: code === ROOM ? SELF : DEAD }) },
    ownership: { rooms: [], size: 0, concerns: () => false, open: async (code: RoomCode) => void given.add(code) },
    listed: () => new Set([SELF, DEAD]),
    leaseMs: LEASE_MS,
    clock,
    log,
  };
  const reconciler = new IndexReconciler(parts as unknown as IndexReconcilerDeps);
  reconciler.start();
  await clock.advance(LEASE_MS + 2_000);
  reconciler.stop();
  expect([...given]).toEqual([ROOM]);
});
