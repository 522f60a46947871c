/** The primary and a sentinel die without a word (their host is gone, nothing closes) and a replica is promoted. */
import { afterEach, expect, test } from '@jest/globals';
import type { RoomCode } from '../../src/protocol/ids.js';
import { RedisRoomStore } from '../../src/redis/room-store.js';
import { createRoom, startInstance } from '../support/cluster.js';
import { addressOf } from '../support/host.js';
import { leaveAll, lostOrDoubled, seatBots, throughAny } from '../support/players.js';
import { end, until } from '../support/programs.js';
import { startSentinels } from '../support/sentinel.js';

const QUICK = { HOKM_BOT_DELAY_MS: '1', HOKM_MESSAGE_RATE: '1000', LOG_LEVEL: 'silent' };
const ROLES = ['commands', 'copies', 'subscriber', 'inbox'];
let cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

test('every connection follows, and a drain then moves every room, although nothing told that the old one is gone', async () => {
  const redis = await startSentinels();
  cleanUps.push(() => redis.stop());
  const { REDIS_URL = '', ...env } = redis.env;
  const instances = await Promise.all([1, 2].map(() => startInstance(REDIS_URL, { ...QUICK, ...env })));
  for (const { process } of instances) cleanUps.push(() => end(process));
  const [first, second] = instances;
  if (!first || !second) throw new Error('no instances');
  let live = [first];
  const rooms = await Promise.all(
    Array.from({ length: 6 }, () =>
      createRoom(`http://${addressOf(first.port)}`, { durability: 'replicated', options: { target_points: 13 } }),
    ),
  );
  const tables = rooms.map((room) =>
    seatBots(
      room,
      throughAny(() => live),
      20,
    ),
  );
  cleanUps.push(() => leaveAll(tables));
  const played = async (withinMs: number) => {
    const before = tables.map(({ acks }) => acks.length);
    await until('all are played', () => tables.every(({ acks }, at) => acks.length > (before[at] ?? 0) + 2), withinMs);
  };
  await played(10_000);

  // The host of the primary has the first sentinel, too, which is asked first.
  const host = [redis.nodes[0], redis.sentinels[0]];
  for (const node of host) node?.process.kill('SIGSTOP');
  const stoppedAt = performance.now();
  cleanUps.push(() => {
    for (const node of host) node?.process.kill('SIGCONT');
  });
  await played(12_000);
  const standstill = performance.now() - stoppedAt;
  const heirs = redis.nodes.slice(1);
  const admins = await Promise.all(heirs.map(({ port }) => redis.admin(port)));
  cleanUps.push(() => admins.map((admin) => admin.disconnect()));
  const heir = await until('a replica is primary', async () => {
    const roles = await Promise.all(admins.map((admin) => admin.info('replication')));
    return admins.find((_, at) => roles[at]?.includes('role:master')) ?? false;
  });
  if (!heir) throw new Error('no primary');
  await until('every connection is there', async () => {
    const clients = String(await heir.client('LIST'));
    return ROLES.every((role) => clients.split(`name=hokm-${role} `).length === 1 + instances.length);
  });
  const followed = performance.now() - stoppedAt;

  live = [second];
  await end(first.process, 'SIGTERM');
  const store = new RedisRoomStore(heir);
  for (const room of rooms) expect((await store.meta(room as RoomCode))?.owner).toBe(second.id);
  await played(10_000);
  leaveAll(tables);
  for (const table of tables) expect(await lostOrDoubled(heir, table)).toEqual([]);
  // The matrix has 6 s; this machine runs more than the cluster.
  expect(Math.max(standstill, followed)).toBeLessThan(10_000);
});
