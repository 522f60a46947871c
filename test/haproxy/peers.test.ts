/** Two HAProxies that share what they know: whichever of them a player comes through, the room is at one instance. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { askHaproxy } from '../../deploy/local/admin-socket.js';
import { newRoomCode } from '../../src/cluster/new-ids.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import { end, freePort, startRedis, type TestRedis, until } from '../support/programs.js';
import { type EchoInstance, startHAProxy, startInstance, type TestHAProxy, whereIs } from './support.js';

let redis: TestRedis;
let first: TestHAProxy;
let second: TestHAProxy;
const instances: EchoInstance[] = [];

beforeAll(async () => {
  const ports = { a: await freePort(), b: await freePort() };
  const peer = (own: 'a' | 'b', other: 'a' | 'b') =>
    startHAProxy({
      HAPROXY_PEER_NAME: own,
      HAPROXY_PEER_PORT: String(ports[own]),
      HAPROXY_PEER2_NAME: other,
      HAPROXY_PEER2_ADDRESS: `127.0.0.1:${ports[other]}`,
    });
  [redis, first, second] = await Promise.all([startRedis(), peer('a', 'b'), peer('b', 'a')]);
  for (let at = 0; at < 3; at++) {
    const instance = await startInstance(redis);
    instances.push(instance);
    await introduce(instance, first, second);
  }
  await connected();
});
afterAll(async () => {
  await Promise.all(instances.map(({ process }) => end(process)));
  await Promise.all([redis.stop(), first.stop(), second.stop()]);
});

/** With the same id at both, as the controllers do it: the instance's number. */
async function introduce({ id, number, port }: EchoInstance, ...haproxies: TestHAProxy[]): Promise<void> {
  for (const { api } of haproxies) {
    await api.add({ name: id, number, address: '127.0.0.1', port, weight: 128 });
    await api.setState(id, 'ready');
  }
}

/** What is written on one side is there on the other. */
async function connected(): Promise<void> {
  for (const [from, to] of [
    [first, second],
    [second, first],
  ] as const) {
    const room = newRoomCode();
    await from.api.setPins([[room, instances[0]?.number ?? 0]]);
    await until('the other has the pin', async () => (await to.api.pins()).has(room));
  }
}

const learnedAt = async ({ socket }: TestHAProxy) =>
  new Map(
    [...(await askHaproxy(socket, 'show table learned')).matchAll(/ key=(\S+) .*\bserver_id=(\d+)/g)].map(
      ([, room, number]) => [room as RoomCode, Number(number)],
    ),
  );

/** Four players at once, through both in turn. */
const four = (room: RoomCode) => Promise.all([first, second, first, second].map(({ port }) => whereIs(port, room)));

test('100 rooms whose four players come at once through different ones: one instance a room', async () => {
  const homes = new Set<string>();
  for (let at = 0; at < 100; at++) {
    const seen = new Set(await four(newRoomCode()));
    expect(seen.size).toBe(1);
    for (const id of seen) homes.add(id);
  }
  expect(homes.size).toBe(3);
});

test('what one has learned the other knows, also when the choice of a newcomer has become another', async () => {
  const rooms = Array.from({ length: 60 }, newRoomCode);
  const before = await Promise.all(rooms.map((room) => whereIs(first.port, room)));
  await until('the other knows them', async () => {
    const learned = await learnedAt(second);
    return rooms.every((room) => learned.has(room));
  });
  const newcomer = await startInstance(redis);
  instances.push(newcomer);
  await introduce(newcomer, first, second);
  expect(await Promise.all(rooms.map((room) => whereIs(second.port, room)))).toEqual(before);
});

test('a pin set at one moves the room at both', async () => {
  const rooms = Array.from({ length: 20 }, newRoomCode);
  for (const room of rooms) await four(room);
  const [, , target] = instances;
  if (!target) throw new Error('three instances expected');
  await first.api.setPins(rooms.map((room) => [room, target.number]));
  await until('the other has the pins', async () => {
    const pins = await second.api.pins();
    return rooms.every((room) => pins.get(room) === target.number);
  });
  for (const room of rooms) expect(new Set(await four(room))).toEqual(new Set([target.id]));
});

test('one that was killed has pins and learned rooms back from the other', async () => {
  const room = newRoomCode();
  const home = await whereIs(first.port, room);
  const pins = await second.api.pins();
  await end(first.process, 'SIGTERM');
  await first.restart();
  for (const instance of instances) await introduce(instance, first);
  await until('its tables are full again', async () => {
    const [back, learned] = [await first.api.pins(), await learnedAt(first)];
    return back.size === pins.size && learned.has(room);
  });
  expect(await first.api.pins()).toEqual(pins);
  expect(await whereIs(first.port, room)).toBe(home);
});
