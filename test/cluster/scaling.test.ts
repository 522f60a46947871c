/** Real instances that are told to leave, to stay, and to give rooms away. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { joinTable } from '../../src/client/node.js';
import { Bus } from '../../src/cluster/bus.js';
import { type InstanceRecord, Registry } from '../../src/cluster/registry.js';
import type { MessageOf } from '../../src/protocol/cluster.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { RedisRoomStore } from '../../src/redis/room-store.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { log } from '../room/rooms.js';
import { createRoom, runs, startCluster, type TestCluster, type TestInstance } from '../support/cluster.js';
import { addressOf } from '../support/host.js';
import { type BotTable, leaveAll, lostOrDoubled, playRooms, seatBots, throughAny } from '../support/players.js';
import { end, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

type Moves = Omit<MessageOf<'game_migration_request'>, 'type' | 'request' | 'to'> & { readonly to: TestInstance };

const LONG = { options: { target_points: 13, play_all_tricks: true } };
/** Every table that was opened: closed at the end, however a test ends. */
let tables: BotTable[] = [];

let cluster: TestCluster;
let redis: RedisConnection;
let bus: Bus;

async function start(instances: number, env: Record<string, string> = {}): Promise<void> {
  cluster = await startCluster(instances, env);
  redis = await connectToRedis(cluster.redis.url);
  const id = 'test' as InstanceId;
  bus = new Bus({ id, redis, subscriber: redis, inbox: redis, clock: new SystemClock(), log });
}

beforeEach(() => start(2));

afterEach(async () => {
  leaveAll(tables);
  redis.disconnect();
  await cluster.stop();
});

const idOf = ({ id }: TestInstance) => id as InstanceId;
const at = (index: number) => cluster.instances[index] as TestInstance;
const live = () => cluster.instances.filter(runs);
const tell = (to: TestInstance, event: MessageOf<'scaling_event'>['event'], fencing: number) =>
  bus.send(idOf(to), { type: 'scaling_event', event, instance: idOf(to), fencing });
const ask = (from: TestInstance, { to, ...what }: Moves) =>
  bus.send(idOf(from), { type: 'game_migration_request', to: idOf(to), request: 'any', ...what });
const owner = async (room: string) => (await new RedisRoomStore(redis).meta(room as RoomCode))?.owner;
const health = async ({ port }: TestInstance) => (await fetch(`http://${addressOf(port)}/health`)).status;

/** An owner that may choose the rooms waits up to 10 s for some that are between hands. */
const SEEN_MS = 30_000;
const seen = (instance: TestInstance, what: (record: InstanceRecord) => boolean) =>
  until(
    'the registry says so',
    async () => {
      const record = await new Registry(redis, 0).get(idOf(instance));
      return record !== undefined && what(record);
    },
    SEEN_MS,
  );

describe('an instance that is told to leave', () => {
  test('gives its rooms away while they are played, stays, and is ready again when it is told so', async () => {
    tables = await playRooms(cluster, 6, throughAny(live), LONG, 20);
    await until('moves are made', () => tables.every(({ acks }) => acks.length > 3));
    const [leaver, other] = [at(0), at(1)];
    await tell(leaver, 'scale_down_prepare', 7);
    await seen(leaver, ({ status, active_games }) => status === 'draining' && active_games === 0);
    await seen(other, ({ active_games }) => active_games === 6);
    expect(await health(leaver)).toBe(404);
    expect(runs(leaver)).toBe(true);
    await seen(leaver, ({ connected_players }) => connected_players === 0);
    const acked = tables.map(({ acks }) => acks.length);
    await until('all rooms go on', () => tables.every(({ acks }, room) => acks.length > (acked[room] ?? 0)));

    await tell(leaver, 'scale_up_complete', 7);
    await seen(leaver, ({ status }) => status === 'ready');
    expect(await health(leaver)).toBe(200);
    await ask(other, { rooms: 2, to: leaver, fencing: 7 });
    await seen(leaver, ({ active_games }) => active_games === 2);
    leaveAll(tables);
    for (const table of tables) expect(await lostOrDoubled(redis, table)).toEqual([]);
  });

  test('keeps on playing what nobody takes, serves who comes, and gives all away once somebody is there', async () => {
    await end(at(1).process, 'SIGTERM');
    const leaver = at(0);
    tables = await playRooms(cluster, 2, throughAny(live), LONG, 20);
    await until('moves are made', () => tables.every(({ acks }) => acks.length > 3));
    const waiting = await cluster.createRoom(LONG);
    await tell(leaver, 'scale_down_prepare', 1);
    await seen(leaver, ({ status }) => status === 'draining');
    tables.push(seatBots(waiting, throughAny(live), 20));
    const acked = tables.map(({ acks }) => acks.length);
    await until('all rooms go on', () => tables.every(({ acks }, room) => acks.length > (acked[room] ?? 0)));

    const next = await cluster.add();
    await seen(next, ({ active_games }) => active_games === 3);
    await seen(leaver, ({ active_games, status }) => active_games === 0 && status === 'draining');
    leaveAll(tables);
    for (const table of tables) expect(await lostOrDoubled(redis, table)).toEqual([]);
  });

  test('ends in order when it is stopped in the middle of it', async () => {
    tables = await playRooms(cluster, 12, throughAny(live), LONG, 20);
    await until('moves are made', () => tables.every(({ acks }) => acks.length > 3));
    await tell(at(0), 'scale_down_prepare', 1);
    await seen(at(0), ({ status }) => status === 'draining');
    await end(at(0).process, 'SIGTERM');
    expect(at(0).process.exitCode).toBe(0);
    await seen(at(1), ({ active_games }) => active_games === 12);
    leaveAll(tables);
    for (const table of tables) expect(await lostOrDoubled(redis, table)).toEqual([]);
  });
});

describe('an order with an older number', () => {
  test('is refused: to leave, and to move a room', async () => {
    const [from, to] = [at(0), at(1)];
    const base = `http://${addressOf(from.port)}`;
    const rooms = await Promise.all([createRoom(base), createRoom(base)]);
    tables = rooms.map((room) =>
      seatBots(
        room,
        throughAny(() => [from]),
        20,
      ),
    );
    await until('both are played', () => tables.every(({ acks }) => acks.length > 0));
    const [first, second] = rooms as [RoomCode, RoomCode];
    // The number may be learnt from what concerns another.
    await bus.send(idOf(from), { type: 'scaling_event', event: 'scale_up_complete', instance: idOf(to), fencing: 8 });
    await tell(from, 'scale_down_prepare', 7);
    await ask(from, { room: first, to, fencing: 7 });
    await ask(from, { room: second, to, fencing: 8 });
    await until('the current one is obeyed', async () => (await owner(second)) === to.id);
    expect(await owner(first)).toBe(from.id);
    await seen(from, ({ status }) => status === 'ready');
  });
});

describe('rooms of the owner’s choice', () => {
  test('move between hands first', async () => {
    await cluster.stop();
    redis.disconnect();
    // Nobody plays on for those who have left.
    await start(2, { HOKM_BOT_DELAY_MS: '60000' });
    const [from, to] = [at(0), at(1)];
    const base = `http://${addressOf(from.port)}`;
    const onlyThere = throughAny(() => [from]);
    const played = seatBots(await createRoom(base), onlyThere);
    tables = [played];
    const hasCard = () =>
      played.frames.some((frames) => frames.some(({ events }) => events.some(({ type }) => type === 'card_played')));
    await until('a hand is being played', hasCard);
    leaveAll([played]);
    const lobby = await createRoom(base);
    const host = joinTable({ url: 'ws://any/ws', room: lobby, name: 'Host', openSocket: onlyThere });
    await seen(from, ({ active_games }) => active_games === 2);
    await ask(from, { rooms: 1, to, fencing: 1 });
    await until('the room that waits has moved', async () => (await owner(lobby)) === to.id);
    expect(await owner(played.room)).toBe(from.id);
    host.close();
  });
});
