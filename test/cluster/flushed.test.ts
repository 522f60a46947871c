/** Redis is emptied (FLUSHALL) while tables are played: their owners store them again. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Inspector } from '../../deploy/ops/inspect.js';
import { joinTable } from '../../src/client/node.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { RedisRoomStore } from '../../src/redis/room-store.js';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { type BotTable, leaveAll, playRooms, throughAny } from '../support/players.js';
import { until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

/** Longer than the log is kept behind its snapshots would be: some of these rooms have a snapshot when Redis is emptied. */
const LONG = { options: { target_points: 7, play_all_tricks: true } };
const BACK_MS = 20_000;

let cluster: TestCluster;
let redis: RedisConnection;
let tables: readonly BotTable[] = [];
beforeAll(async () => {
  cluster = await startCluster(2, { HOKM_TURN_MS: '600000' });
  redis = await connectToRedis(cluster.redis.url);
});
afterEach(() => leaveAll(tables));
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

/** Four who sit and do nothing. */
function seatPeople(room: string): BotTable {
  const openSocket = throughAny(() => cluster.instances);
  const seats = [0, 1, 2, 3].map((at) => joinTable({ url: 'ws://any/ws', room, name: `Idle ${at}`, openSocket }));
  return { room, tables: seats, acks: [], errors: [], frames: [], finished: Promise.resolve([]) };
}

const lastAck = ({ acks }: BotTable) => Math.max(0, ...acks.map(({ seq }) => seq));
const metaOf = (room: string) => new RedisRoomStore(redis).meta(room as RoomCode);
const inspector = () =>
  new Inspector({ redis, copies: 1, haproxySocket: undefined, local: undefined, opsToken: undefined });

test('nothing that was acknowledged is lost, twice in a row, also of a table at which nobody moves', async () => {
  tables = await playRooms(
    cluster,
    6,
    throughAny(() => cluster.instances),
    LONG,
    20,
  );
  const quiet = await cluster.createRoom(LONG);
  const idle = seatPeople(quiet);
  tables = [...tables, idle];
  await until('all play', () => tables.every((table) => table === idle || table.acks.length > 80), BACK_MS);
  await until('all sit at the quiet one', async () => ((await metaOf(quiet))?.seq ?? 0) >= 4);
  const before = new Map<string, { acked: number; seq: number; epoch: number }>();
  for (let round = 0; round < 2; round++) {
    const metas = await Promise.all(tables.map(({ room }) => metaOf(room)));
    for (const [at, table] of tables.entries()) {
      const { seq = 0, epoch = 0 } = metas[at] ?? {};
      before.set(table.room, { acked: lastAck(table), seq, epoch });
    }
    await redis.flushall();
    await until(
      'all rooms are stored again',
      async () =>
        (await Promise.all(tables.map(({ room }) => metaOf(room)))).every((meta, at) => {
          const known = before.get(tables[at]?.room ?? '');
          return known && meta && meta.owner !== null && meta.seq >= known.seq && meta.epoch >= known.epoch;
        }),
      BACK_MS,
    );
    const acked = tables.map(({ acks }) => acks.length);
    await until(
      'all are played on',
      () => tables.every((table, at) => table === idle || table.acks.length > (acked[at] ?? 0) + 4),
      BACK_MS,
    );
  }
  for (const table of tables) {
    expect(table.errors).toEqual([]);
    // Each move took effect once, in order, and none has the place of another.
    const seqs = table.acks.map(({ seq }) => seq);
    expect(new Set(seqs).size).toBe(seqs.length);
    expect(new Set(table.acks.map(({ id }) => id)).size).toBe(seqs.length);
    const meta = await metaOf(table.room);
    expect(meta?.seq).toBeGreaterThanOrEqual(lastAck(table));
    // What is stored adds up, and is found again should its owner die.
    await until(
      'it is in the index',
      async () => (await redis.sismember(KEYS.roomsOf(meta?.owner ?? ''), table.room)) === 1,
    );
    expect((await inspector().explain(table.room as RoomCode))?.problems).toEqual([]);
  }
}, 90_000);
