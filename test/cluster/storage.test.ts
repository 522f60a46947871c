/** New rooms are refused before Redis has no space left. */
import { expect, test } from '@jest/globals';
import { Storage, type StorageDeps } from '../../src/cluster/storage.js';
import { createLogger } from '../../src/runtime/log.js';
import { ManualClock } from '../support/manual-clock.js';

const memory = (used: number, max: number, policy = 'noeviction') =>
  `# Memory\r\nused_memory:${used}\r\nmaxmemory:${max}\r\nmaxmemory_policy:${policy}\r\n`;

function given(change: Partial<StorageDeps>) {
  const clock = new ManualClock();
  const storage = new Storage({
    redis: { info: async () => memory(500, 0) },
    folder: '/redis',
    freeBytes: async () => 1_000,
    minFreeBytes: 100,
    clock,
    log: createLogger('silent', {}),
    ...change,
  });
  return { clock, storage };
}

test.each<[string, Partial<StorageDeps>, boolean]>([
  ['a disk with space, and memory without a limit', {}, false],
  ['a disk below the limit', { freeBytes: async () => 99 }, true],
  ['no folder of this host', { folder: undefined, freeBytes: async () => 0 }, false],
  ['a folder that cannot be asked', { freeBytes: async () => Promise.reject(new Error('ENOENT')) }, false],
  ['memory of which a tenth is free', { redis: { info: async () => memory(900, 1_000) } }, false],
  ['memory of which less than a tenth is free', { redis: { info: async () => memory(901, 1_000) } }, true],
  ['a Redis that evicts rooms', { redis: { info: async () => memory(1, 1_000, 'allkeys-lru') } }, true],
  ['a Redis that would, without a limit', { redis: { info: async () => memory(1, 0, 'allkeys-lru') } }, false],
  ['a Redis that evicts what has a time', { redis: { info: async () => memory(1, 1_000, 'volatile-ttl') } }, false],
  ['a Redis that does not answer', { redis: { info: async () => Promise.reject(new Error('away')) } }, false],
])('%s', async (_, change, low) => {
  expect(await given(change).storage.low()).toBe(low);
});

test('many questions in a second are one to the disk, and the next second asks again', async () => {
  let asked = 0;
  let free = 99;
  const { clock, storage } = given({
    freeBytes: async () => {
      asked += 1;
      return free;
    },
  });
  expect(await Promise.all(Array.from({ length: 50 }, () => storage.low()))).toEqual(Array(50).fill(true));
  expect(asked).toBe(1);
  free = 100;
  await clock.advance(1_000);
  expect([await storage.low(), asked]).toEqual([false, 2]);
});
