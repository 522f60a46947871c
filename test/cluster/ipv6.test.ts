/** A whole cluster on `::1`: HAProxy, two instances, Redis. What glues an address together as text breaks here. */
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openNodeSocket } from '../../src/client/node.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import { startController, startHAProxy, type TestHAProxy } from '../haproxy/support.js';
import { createRoom, runs, startCluster, type TestCluster } from '../support/cluster.js';
import { addressOf } from '../support/host.js';
import { leaveAll, lostOrDoubled, seatBots } from '../support/players.js';
import { end, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

process.env.HOKM_TEST_HOST = '::1';

/** Longer than a lease: each instance asks the other whether it has Redis. */
const AWAY_MS = 7_000;

let cluster: TestCluster;
let haproxy: TestHAProxy;
let controller: ChildProcess;
beforeAll(async () => {
  [cluster, haproxy] = await Promise.all([
    // Either spelling.
    startCluster(2, { HOKM_ADVERTISED_HOST: '[0:0:0:0:0:0:0:1]' }),
    startHAProxy(),
  ]);
  controller = await startController(cluster.redis, haproxy, { HOKM_LEASE_MS: '5000', HOKM_HEARTBEAT_MS: '1000' });
});
afterAll(async () => {
  await end(controller);
  await haproxy.stop();
  await cluster.stop();
});

const through = (path: string) => openNodeSocket(`ws://${addressOf(haproxy.port)}/ws${new URL(path).search}`);

test('a game is played on ::1 while Redis stops for 7 s and while the instance of the table dies', async () => {
  await until('HAProxy has both instances', async () => {
    const shown = await haproxy.api.servers();
    return shown.length === 2 && shown.every(({ up, state }) => up && state === 'ready');
  });
  expect((await haproxy.api.servers()).map(({ address }) => address).sort()).toEqual(
    cluster.instances.map(({ port }) => `[::1]:${port}`).sort(),
  );

  const room = await createRoom(`http://${addressOf(haproxy.port)}`, { options: { target_points: 5 } });
  const redis = await connectToRedis(cluster.redis.url);
  const table = seatBots(room, through, 150);
  const moves = () => table.acks.length;
  await until('the game runs', () => moves() > 4);

  cluster.redis.process.kill('SIGSTOP');
  const since = performance.now();
  await until(`Redis has been away for ${AWAY_MS} ms`, () => performance.now() - since > AWAY_MS);
  expect(cluster.instances.filter(runs)).toHaveLength(2);
  cluster.redis.process.kill('SIGCONT');
  const before = moves();
  await until('the game goes on', () => moves() > before + 4);

  const owner = await redis.hget(redis.keyspace.roomMeta(room as RoomCode), 'owner');
  const victim = cluster.instances.find(({ id }) => id === owner);
  expect(victim).toBeDefined();
  if (victim) await end(victim.process);
  const atDeath = moves();
  await until('the other instance has taken the room over', () => moves() > atDeath + 4);
  leaveAll([table]);
  expect(await lostOrDoubled(redis, table)).toEqual([]);
  redis.disconnect();
}, 60_000);
