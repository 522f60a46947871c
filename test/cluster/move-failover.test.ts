/** A room that moves while Redis fails over to a copy that lacks its last commands: real instances, real Redis. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { joinTable } from '../../src/client/node.js';
import type { Table } from '../../src/client/table.js';
import { Bus } from '../../src/cluster/bus.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { log } from '../room/rooms.js';
import { createRoom, startInstance } from '../support/cluster.js';
import { addressOf, testHost } from '../support/host.js';
import { storedLog, throughAny } from '../support/players.js';
import { end, startRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const FAILED_OVER_MS = 20_000;
const script = readFileSync(new URL('src/redis/lua/transferRoom-1.lua', packageRoot), 'utf8');
const sha = createHash('sha1').update(script).digest('hex');

/** What a test has started, the last first. */
const started: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const stop of started.splice(0).toReversed()) await stop();
});

function owned<Thing>(thing: Thing, stop: (thing: Thing) => Promise<unknown> | unknown): Thing {
  started.push(() => stop(thing));
  return thing;
}

async function connected(url: string): Promise<RedisConnection> {
  return owned(await connectToRedis(url), (connection) => connection.disconnect());
}

/** Two instances on a primary with two copies, behind wires; a room with a player at the first. */
async function stage() {
  const settings = ['--repl-diskless-sync-delay', '0', '--repl-timeout', '60'];
  const primary = owned(await startRedis(settings), (redis) => redis.stop());
  const wire = owned(await TcpProxy.to(primary.port), (proxy) => proxy.stop());
  const copies = await Promise.all(
    [0, 1].map(async () => {
      const link = owned(await TcpProxy.to(primary.port), (proxy) => proxy.stop());
      const redis = await startRedis([...settings, '--replicaof', testHost(), String(link.port)]);
      owned(redis, (copy) => copy.stop());
      return { link, redis, connection: await connected(redis.url) };
    }),
  );
  const [heir, other] = copies;
  if (!heir || !other) throw new Error('two copies');
  const admin = await connected(primary.url);
  await until('the copies follow', async () => (await admin.info('replication')).match(/state=online/g)?.length === 2);
  await admin.script('LOAD', script);
  const url = `redis://${addressOf(wire.port)}`;
  const env = { REDIS_COPIES: '3', HOKM_BOT_DELAY_MS: '60000' };
  const [source, target] = await Promise.all([startInstance(url, env), startInstance(url, env)]);
  for (const instance of [source, target]) owned(instance, ({ process }) => end(process));

  const room = (await createRoom(`http://${addressOf(source.port)}`)) as RoomCode;
  const open = [source];
  const table: Table = joinTable({ url: 'ws://any/ws', room, name: 'Sara', openSocket: throughAny(() => open) });
  owned(table, (joined) => joined.close());
  await until('the player sits', () => table.state.seat === 0);
  open.push(target);
  await until('the copies have that', async () => (await storedLog(heir.connection, room)).length === 1);

  return {
    room,
    table,
    heir: heir.connection,
    /** From now on the copies get nothing. */
    lag: () => {
      for (const { link } of copies) link.cut();
    },
    move: async () => {
      const id = 'test' as InstanceId;
      const bus = new Bus({ id, redis: admin, subscriber: admin, inbox: admin, clock: new SystemClock(), log });
      const to = target.id as InstanceId;
      await bus.send(source.id as InstanceId, { type: 'game_migration_request', room, to, request: 'any' });
    },
    /** When the `nth` transfer arrives at the primary, it dies and the first copy takes its place. */
    failOverAtTransfer: (nth: number) =>
      new Promise<void>((resolve, reject) => {
        let seen = 0;
        let over = false;
        wire.intercept = (data) => {
          if (over || !data.includes(sha)) return over;
          seen += 1;
          if (seen < nth) return false;
          over = true;
          (async () => {
            await end(primary.process);
            await heir.connection.call('REPLICAOF', 'NO', 'ONE');
            await other.connection.call('REPLICAOF', testHost(), String(heir.redis.port));
            wire.targetPort = heir.redis.port;
            wire.intercept = () => false;
            wire.mend();
          })().then(resolve, reject);
          return true;
        };
      }),
  };
}

const bot = (seat: number) => ({ type: 'add_bot', seat });

/** The commands' entries in the log, by what they did. */
async function logged(redis: RedisConnection, room: string): Promise<string[]> {
  const entries = await storedLog(redis, room);
  return entries.flatMap(({ seq, entry }) => (entry.by ? [`${seq}: ${entry.events.map(({ type }) => type)}`] : []));
}

test.each([
  ['as the transfer arrives', 1],
  ['after a transfer that no copy has, as it is sent again', 2],
])(
  'acknowledged commands survive a failover to a copy without them %s',
  async (_, nth) => {
    const { room, table, heir, lag, move, failOverAtTransfer } = await stage();
    lag();
    const seqs = [await table.command(bot(1)), await table.command(bot(2))];
    expect(seqs).toEqual([2, 3]);
    expect(await logged(heir, room)).toEqual([]);
    const failedOver = failOverAtTransfer(nth);
    await move();
    await failedOver;
    expect(await logged(heir, room)).toEqual([]);

    const last = await Promise.race([
      table.command(bot(3)),
      until('the room goes on', () => table.state.error?.code, FAILED_OVER_MS),
    ]);
    expect(last).toEqual(expect.any(Number));
    expect(await logged(heir, room)).toEqual(['2: seat_taken', '3: seat_taken', `${last}: seat_taken`]);
    expect(table.state.view?.seats.every((occupant) => occupant !== null)).toBe(true);
  },
  40_000,
);
