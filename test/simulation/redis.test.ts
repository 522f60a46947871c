/** The simulated Redis is one: rooms in it keep the contract of every store, by the very scripts of the real one. */
import { expect, test } from '@jest/globals';
import { RedisRoomStore } from '../../src/redis/room-store.js';
import { Seeded } from '../chaos/seeded.js';
import { roomStoreContract } from '../contract/room-store.js';
import { Network } from './network.js';
import { Process } from './process.js';
import { REDIS, SimulatedConnection } from './redis/connection.js';
import { compile } from './redis/lua.js';
import { RedisServer } from './redis/server.js';
import { Timeline } from './timeline.js';

/** A connection to a Redis of its own. */
function connecting() {
  const timeline = new Timeline();
  const random = new Seeded(1);
  const network = new Network(timeline, random);
  const process = new Process(timeline, 'test');
  const options = { copies: 1, lagMs: 1, tellsOfDisks: false, startsAt: 1_000 };
  const server = new RedisServer(timeline, random, options, {
    ran: () => undefined,
    moment: () => undefined,
    copied: () => undefined,
    shortened: () => undefined,
  });
  const connection = new SimulatedConnection({ process, network, server, random });
  return { timeline, network, server, connection };
}

/** The same; time goes on by itself while somebody waits for an answer. */
function connected() {
  const { timeline, connection } = connecting();
  let stopped = false;
  const turn = () => {
    if (stopped) return;
    void timeline.runUntil(() => false, 1).then(() => setImmediate(turn));
  };
  turn();
  return { timeline, connection, stop: () => (stopped = true) };
}

roomStoreContract('the simulated Redis', async () => {
  const { timeline, connection, stop } = connected();
  await timeline.runUntil(() => connection.ready, 1_000);
  return {
    store: new RedisRoomStore(connection.asConnection()),
    elapse: () => undefined,
    stop: async () => void stop(),
  };
});

const run = (lua: string, ...args: string[]) => compile(lua)(() => null, [], args);

test.each([
  ["return {1, 'two', {3}}", [1, 'two', [3]]],
  ['return {1, nil, 3}', [1]],
  ['return 7 / 2', 3],
  ["return '1' + 1", 2],
  ["return 1 .. '2'", '12'],
  ['if 0 then return 1 end', 1],
  ["if redis.call('GET', 'x') then return 1 else return 2 end", 2],
  ["return redis.call('GET', 'x') or 'none'", 'none'],
  ['local sum = 0 for at = 1, #ARGV do sum = sum + ARGV[at] end return sum', 6],
  ['return math.max(2, tonumber(ARGV[3]))', 3],
  ['return not (1 == 2) and 2 < 3', 1],
])('Lua: %s', (lua, reply) => {
  expect(run(lua, '1', '2', '3')).toEqual(reply);
});

test('Lua that is not known is refused', () => {
  expect(() => compile('while true do end')).toThrow();
  expect(() => compile("return 'a' % 2")).toThrow('not known here');
});

test('a connection that Redis has taken ends with its process, also while the client does not know yet that it was taken', async () => {
  const { timeline, network, server, connection } = connecting();
  network.slowness = 0;
  network.distance = { place: REDIS, ms: 100 };
  await timeline.runUntil(() => false, 150);
  server.restart(5_000);
  expect(await timeline.runUntil(() => connection.ready, 4_000)).toBe(false);
  expect(await timeline.runUntil(() => connection.ready, 4_000)).toBe(true);
});
