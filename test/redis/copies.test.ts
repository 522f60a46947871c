/** How copies are asked whether they have a write, where a Redis has WAITAOF and refuses it. */
import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import { countGenerations, type RedisConnection } from '../../src/redis/client.js';
import { Copies } from '../../src/redis/copies.js';

/** A server that answers WAITAOF with an error: Redis 7.0, which the tests run on, does not know it at all. */
function refusing(message: string) {
  const connection = Object.assign(new EventEmitter(), {
    call: () => Promise.reject(new Error(message)),
    wait: () => Promise.resolve(1),
  }) as unknown as RedisConnection;
  countGenerations(connection);
  const told: string[] = [];
  return { connection, told, copies: new Copies(connection, 1, (why) => told.push(why)) };
}

test.each([
  "NOPERM User hokm has no permissions to run the 'waitaof' command",
  'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.',
])('a Redis that refuses WAITAOF is asked by WAIT, which is told once: %s', async (message) => {
  const { connection, copies, told } = refusing(message);
  expect(await copies.confirm()).toBe(true);
  connection.emit('connect');
  expect(await copies.confirm()).toBe(true);
  expect(told).toEqual([message]);
});

test('of a Redis that is too old for WAITAOF nothing is told', async () => {
  const { copies, told } = refusing("ERR unknown command 'WAITAOF', with args beginning with: '1'");
  expect(await copies.confirm()).toBe(true);
  expect(told).toEqual([]);
});

test('any other error is one, and nothing is confirmed', async () => {
  const { copies } = refusing('LOADING Redis is loading the dataset in memory');
  await expect(copies.confirm()).rejects.toThrow('LOADING');
});
