import { expect, test } from '@jest/globals';
import { matrix } from './faults/all.js';
import { parseOptions } from './options.js';

const chosen = async (list: string) =>
  (await parseOptions(['--faults', list], 1)).faults.map(({ name, redis, boundMs, needs }) => [
    name,
    redis,
    boundMs,
    needs,
  ]);

test('faults strike alone and in pairs, beside the baseline; a pair has what both need', async () => {
  expect(await chosen('sigkill,sigkill+failover,cut-redis+sigterm,sigkill')).toEqual([
    ['none', 'own', 0, undefined],
    ['sigkill', 'own', 1_000, undefined],
    ['sigkill+failover', 'sentinel', 13_000, undefined],
    ['cut-redis+sigterm', 'own', 7_250, 'namespace'],
  ]);
});

test('the matrix is every fault by name', async () => {
  expect((await chosen('matrix')).map(([name]) => name)).toEqual(matrix);
});

test('devices sleep longer than the pings that they miss', async () => {
  expect((await parseOptions([], 1)).asleepMs).toBe(60_000);
  expect((await parseOptions(['--asleep', '600'], 1)).asleepMs).toBe(600_000);
  await expect(parseOptions(['--asleep', '50'], 1)).rejects.toThrow('--asleep must be a whole number, 55 to 3600.');
});

test.each([
  ['sigkil', 'There is no fault "sigkil". One of: none, sigkill, '],
  ['sigkill+nonsense', 'There is no fault "nonsense".'],
  ['sigkill+sigterm+failover', 'Faults strike alone or in pairs'],
  ['failover+redis-slow', 'failover and redis-slow need different kinds of Redis.'],
])('--faults %s is told to be wrong', async (list, message) => {
  await expect(chosen(list)).rejects.toThrow(message);
});
