import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { instanceConfig } from '../../src/config.js';
import { connect, ready, superviseServer } from '../../src/redis/client.js';
import { judge } from '../../src/redis/judgement.js';
import { testConfig } from '../support/config.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';

const info = (fields: Record<string, string | number>) =>
  Object.entries({ role: 'master', connected_slaves: 0, maxmemory: 0, aof_enabled: 1, ...fields })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('');

describe('a Redis that answers', () => {
  test.each([
    ['as it should', {}, { copies: 1, sentinels: false }, []],
    ['with the copies that are configured', { connected_slaves: 2 }, { copies: 3, sentinels: true }, []],
    [
      'with copies that are not configured',
      { connected_slaves: 2 },
      { copies: 1, sentinels: false },
      [/^REDIS_COPIES is 1 but Redis has 3 copies: .*refused/],
    ],
    ['under sentinels, without copies', {}, { copies: 1, sentinels: true }, [/REDIS_SENTINELS is set/]],
    ['with copies away', { connected_slaves: 1 }, { copies: 3, sentinels: true }, [/^Redis has 2 of the 3 copies/]],
    [
      'that evicts',
      { maxmemory: 1_000_000, maxmemory_policy: 'allkeys-lru' },
      { copies: 1, sentinels: false },
      [/evicts.*allkeys-lru/],
    ],
    ['whose policy never comes to bear', { maxmemory_policy: 'allkeys-lru' }, { copies: 1, sentinels: false }, []],
    ['without a file', { aof_enabled: 0 }, { copies: 1, sentinels: false }, [/append-only file/]],
  ])('%s is judged', (_, fields, expected, faults) => {
    expect(judge(info(fields), expected)).toEqual(faults.map((fault) => expect.stringMatching(fault)));
  });
});

describe('on a real Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis(['--appendonly', 'no']);
  });
  afterAll(() => redis.stop());

  test('faults are told once, and again only when they change', async () => {
    const config = testConfig(redis.url, { REDIS_COPIES: '2' });
    const connection = connect(config, 'commands');
    const told: (readonly string[])[] = [];
    superviseServer(connection, config, (faults) => told.push(faults));
    await ready(connection, config, 5_000);
    const faults = [expect.stringMatching(/1 of the 2 copies/), expect.stringMatching(/append-only/)];
    await until('they are told', () => told.length > 0);
    let readies = 0;
    connection.on('ready', () => {
      readies += 1;
    });
    await connection.config('SET', 'appendonly', 'yes');
    connection.stream.destroy();
    await until('they are told anew', () => told.length > 1);
    connection.stream.destroy();
    await until('it is connected again', () => readies === 2);
    await connection.info();
    expect(told).toEqual([faults, faults.slice(0, 1)]);
    connection.disconnect();
  });

  test('a database that is not there is refused at once, in one line', async () => {
    const config = testConfig(`${redis.url}/77`);
    const connection = connect(config, 'test');
    await expect(ready(connection, config, 5_000)).rejects.toThrow(
      `Redis at 127.0.0.1:${redis.port} cannot be used (it has no database 77). Set REDIS_URL.`,
    );
    connection.disconnect();
  });
});

test.each(['prod', '-1', '0/1', '1.5'])('REDIS_URL with /%s names no database', (path) => {
  const env = { REDIS_URL: `redis://127.0.0.1:6379/${path}`, HOKM_CLUSTER_SECRET: 'secret-of-the-tests' };
  expect(() => instanceConfig(env)).toThrow(/REDIS_URL \(set\): the path must be the number of a database/);
});
