/** The inbox of an instance: what is put into it is handled, whatever Redis has forgotten of it meanwhile. */

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Bus } from '../../src/cluster/bus.js';
import { Inbox } from '../../src/cluster/inbox.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { createLogger, type Logger } from '../../src/runtime/log.js';
import { KEYS } from '../support/keys.js';
import { ManualClock } from '../support/manual-clock.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

const id = 'instance-i' as InstanceId;
const KEY = KEYS.inbox(id);

let server: TestRedis;
let redis: RedisConnection;
let inbox: RedisConnection;
let bus: Bus;
/** The numbers of the handled messages, in order. */
let handled: number[];

beforeEach(async () => {
  server = await startRedis();
  [redis, inbox] = await Promise.all([connectToRedis(server.url), connectToRedis(server.url)]);
  const subscriber = await connectToRedis(server.url);
  const log = createLogger('silent', { process: 'test' });
  bus = new Bus({ id, redis, subscriber, inbox, clock: new SystemClock(), log });
  handled = [];
  bus.on('game_migration_request', ({ rooms }) => void handled.push(rooms ?? -1));
  await bus.start();
  subscribers.push(subscriber);
});
const subscribers: RedisConnection[] = [];
afterEach(async () => {
  bus.stop();
  for (const connection of [redis, inbox, ...subscribers.splice(0)]) connection.disconnect();
  await server.stop();
});

const message = (rooms: number) => ({ type: 'game_migration_request', rooms, to: id, request: `r${rooms}` }) as const;
const send = (rooms: number) => bus.send(id, message(rooms));
const put = (entryId: string, rooms: number) => redis.xadd(KEY, entryId, 'message', JSON.stringify(message(rooms)));

test('what is put into the inbox is handled once, in order', async () => {
  for (const rooms of [1, 2, 3]) await send(rooms);
  await until('all are handled', () => handled.length >= 3);
  await send(4);
  await until('the last is handled', () => handled.includes(4));
  expect(handled).toEqual([1, 2, 3, 4]);
});

test('an inbox that has expired is read again, also where the clock of Redis is behind by then', async () => {
  await send(1);
  await until('it is handled', () => handled.length === 1);
  await redis.del(KEY);
  // What another Redis, whose clock is behind, gives as the id of the next message.
  await put('1000-0', 2);
  await until('it is handled too', () => handled.length === 2);
  expect(handled).toEqual([1, 2]);
});

test('what a failover puts back into the inbox is not handled again', async () => {
  await put('2000-0', 1);
  await until('it is handled', () => handled.length === 1);
  await redis.del(KEY);
  await put('2000-0', 1);
  await put('2000-1', 2);
  await until('what is new is handled', () => handled.includes(2));
  expect(handled).toEqual([1, 2]);
});

test('a message whose handler has failed is handled again, and stays in the inbox until it has been', async () => {
  const tried: number[] = [];
  let works = false;
  bus.on('game_migration_request', ({ rooms }) => {
    tried.push(rooms ?? -1);
    if (rooms === 1 && !works) throw new Error('the registry does not answer');
    handled.push(rooms ?? -1);
  });
  await send(1);
  await send(2);
  await until('both are tried, the first twice', () => tried.filter((one) => one === 1).length >= 2);
  expect(handled).toEqual([2]);
  expect(await redis.xlen(KEY)).toBeGreaterThan(0);
  works = true;
  await until('both are handled', () => handled.length === 2);
  await until('the inbox is empty', async () => (await redis.xlen(KEY)) === 0);
  expect(handled).toEqual([2, 1]);
});

test('a message that takes long is in the inbox until it is done with, and holds up no other', async () => {
  let finish: () => void = () => undefined;
  bus.on('game_migration_request', ({ rooms }) => {
    handled.push(rooms ?? -1);
    return rooms === 1 ? new Promise<void>((resolve) => (finish = resolve)) : undefined;
  });
  await send(1);
  await until('the first is being handled', () => handled.length === 1);
  await send(2);
  await until('the second is handled meanwhile', () => handled.length === 2);
  expect(await redis.xlen(KEY)).toBe(2);
  finish();
  await until('the inbox is empty', async () => (await redis.xlen(KEY)) === 0);
  expect(handled).toEqual([1, 2]);
});

test('a message that nobody can handle is given up after a bounded number of attempts', async () => {
  const clock = new ManualClock();
  const given: string[] = [];
  const key = KEYS.inbox('instance-p' as InstanceId);
  await redis.xadd(key, '*', 'message', 'poison');
  const said: string[] = [];
  const line = (_: object, text: string) => void said.push(text);
  const log = { warn: line, error: line } as unknown as Logger;
  const handle = (text: string) => {
    given.push(text);
    return Promise.reject(new Error('cannot be handled'));
  };
  const poisoned = new Inbox({ key, waiting: inbox, redis, clock, log, handle });
  bus.stop();
  void poisoned.read();
  await until('it is given up', async () => {
    await clock.advance(5_000);
    return said.includes('message of the inbox given up');
  });
  const attempts = given.length;
  await until('it is out of the inbox', async () => {
    await clock.advance(5_000);
    return (await redis.xlen(key)) === 0;
  });
  expect(given.length).toBe(attempts);
  poisoned.stop();
});
