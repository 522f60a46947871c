/** Redis is half a second away from every instance. */
import { afterEach, expect, test } from '@jest/globals';
import { createRoom, startInstance } from '../support/cluster.js';
import { addressOf } from '../support/host.js';
import { leaveAll, lostOrDoubled, seatBots, storedLog, throughAny } from '../support/players.js';
import { end, startRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const DELAY_MS = 500;
let cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

test('a table is played at the pace of Redis, without standing still, and a connection that was cut comes back', async () => {
  const server = await startRedis();
  const redis = await connectToRedis(server.url);
  const wire = await TcpProxy.to(server.port);
  cleanUps.push(
    () => server.stop(),
    () => redis.disconnect(),
    () => wire.stop(),
  );
  wire.delayMs = DELAY_MS;
  const env = { HOKM_MESSAGE_RATE: '1000', HOKM_BOT_DELAY_MS: '1', LOG_LEVEL: 'silent' };
  const instances = await Promise.all([1, 2].map(() => startInstance(`redis://${addressOf(wire.port)}`, env)));
  for (const { process } of instances) cleanUps.push(() => end(process));
  const room = await createRoom(`http://${addressOf(instances[0]?.port)}`, { options: { target_points: 3 } });
  const table = seatBots(
    room,
    throughAny(() => instances),
  );
  cleanUps.push(() => leaveAll([table]));
  const moves = (more: number) => {
    const before = table.acks.length;
    return until(`${more} moves more`, () => table.acks.length >= before + more, 30_000);
  };
  await until('it is played', () => table.acks.length > 4, 30_000);
  const startedAt = performance.now();
  await moves(12);
  const perMove = (performance.now() - startedAt) / 12;
  const played = await storedLog(redis, room);
  // What stood still is given back by an entry; only the first commits can have met a table that knew no distance.
  const moved = played.filter(({ entry }) => entry.events.some(({ type }) => type === 'clock_moved'));
  expect(moved.length).toBeLessThanOrEqual(2);
  expect(perMove).toBeLessThan(2 * DELAY_MS);
  expect(table.errors).toEqual([]);

  wire.mend();
  await moves(8);
  leaveAll([table]);
  expect(await lostOrDoubled(redis, table)).toEqual([]);
  const owners = new Set((await storedLog(redis, room)).map(({ entry }) => entry.epoch));
  expect(owners.size).toBe(1);
});
