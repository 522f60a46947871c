/** The list of public tables: what is noted appears, what is not noted any more drops out. */

import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { PublicRooms } from '../../src/cluster/public-rooms.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import type { Mailbox } from '../../src/room/mailbox.js';
import { KEYS } from '../support/keys.js';
import { ManualClock } from '../support/manual-clock.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

let server: TestRedis;
let redis: RedisConnection;
let clock: ManualClock;
let rooms: Map<RoomCode, Mailbox>;
let list: PublicRooms;

beforeAll(async () => {
  server = await startRedis();
  redis = await connectToRedis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  clock = new ManualClock();
  rooms = new Map();
  const own = {
    get rooms() {
      return rooms.values();
    },
    here: (code: RoomCode) => rooms.get(code),
  };
  list = new PublicRooms(redis, own, clock);
});

/** As much of a mailbox as the list looks at. */
function room(
  code: string,
  more: { readonly public?: boolean; readonly status?: string; readonly people?: number } = {},
) {
  const { status = 'lobby', people = 1 } = more;
  const view = {
    room: code,
    game: 'hokm',
    options: {},
    turn_ms: 20_000,
    status,
    seats: [{ name: 'Sara', bot: false, substituted: false }],
  };
  const mailbox = {
    head: { settings: { public: more.public ?? true } },
    over: false,
    presence: { connected: [people > 0] },
    view: () => view,
  };
  rooms.set(code as RoomCode, mailbox as unknown as Mailbox);
  return code as RoomCode;
}

const codes = async () => (await list.list()).map(({ room_code }) => room_code);
const noted = (count: number) =>
  until(`${count} rooms are noted`, async () => (await redis.zcard(KEYS.publicRooms)) === count);

test('public rooms with somebody there, those that wait for players first', async () => {
  list.note(room('PLAY0000', { status: 'playing' }));
  list.note(room('WAIT0000'));
  list.note(room('HIDDEN00', { public: false }));
  list.note(room('EMPTY000', { people: 0 }));
  await clock.advance(0);
  await noted(2);
  expect(await codes()).toEqual(['WAIT0000', 'PLAY0000']);
  expect((await list.list())[0]).toEqual({
    room_code: 'WAIT0000',
    game: 'hokm',
    options: {},
    turn_ms: 20_000,
    status: 'lobby',
    seats: [{ name: 'Sara', bot: false }],
  });
});

test('a room that nobody notes any more is gone, and what was told of it expires', async () => {
  list.note(room('WAIT0000'));
  await clock.advance(0);
  await noted(1);
  rooms.clear();
  const ttl = await redis.pttl(KEYS.publicRoom('WAIT0000'));
  expect(ttl).toBeGreaterThan(0);
  expect(ttl).toBeLessThanOrEqual(7_000);
  await redis.pexpire(KEYS.publicRoom('WAIT0000'), 0);
  expect(await codes()).toEqual([]);
  expect(await redis.exists(KEYS.publicRooms)).toBe(0);
});

test('rooms are listed whatever time it is at their owners', async () => {
  const behind = new ManualClock(1_600_000_000_000);
  const other = new PublicRooms(redis, { rooms: [], here: (code) => rooms.get(code) }, behind);
  other.note(room('LATE0000'));
  await behind.advance(0);
  list.note(room('NOWW0000'));
  await clock.advance(0);
  await noted(2);
  expect(await codes()).toEqual(['NOWW0000', 'LATE0000']);
});

test('owners note their rooms again and again until they stop', async () => {
  room('WAIT0000');
  list.start();
  await clock.advance(2_000);
  await noted(1);
  await clock.advance(6_000);
  await until('noted again', async () => (await codes()).length === 1);
  list.stop();
  await redis.del(KEYS.publicRoom('WAIT0000'));
  await clock.advance(8_000);
  expect(await codes()).toEqual([]);
});
