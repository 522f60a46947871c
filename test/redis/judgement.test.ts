import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { instanceConfig } from '../../src/config.js';
import { connect, ready, superviseServer } from '../../src/redis/client.js';
import { judge, refusal } from '../../src/redis/judgement.js';
import { testConfig } from '../support/config.js';
import { freePort, startRedis, type TestRedis, until } from '../support/programs.js';

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
    [
      'that evicts only what has a time',
      { maxmemory: 1_000_000, maxmemory_policy: 'volatile-lru' },
      { copies: 1, sentinels: false },
      [/volatile-lru.*leases/],
    ],
    ['that cannot write its file', { aof_last_write_status: 'err' }, { copies: 1, sentinels: false }, [/cannot write/]],
    ['too old', { redis_version: '6.0.16' }, { copies: 1, sentinels: true }, [/SENTINELS/, /6\.0\.16 .*6\.2 or later/]],
    ['without a file', { aof_enabled: 0 }, { copies: 1, sentinels: false }, [/append-only file/]],
  ])('%s is judged', (_, fields, expected, faults) => {
    expect(judge(info(fields), expected)).toEqual(faults.map((fault) => expect.stringMatching(fault)));
  });
});

test.each([
  ['everysec', [/appendfsync everysec.*set appendfsync always/]],
  ['no', [/appendfsync no/]],
  ['always', []],
  [undefined, []],
])('a file that is written with appendfsync %s is judged', (appendfsync, faults) => {
  const expected = { copies: 1, sentinels: false };
  expect(judge(info({}), expected, appendfsync)).toEqual(faults.map((fault) => expect.stringMatching(fault)));
  expect(judge(info({ aof_enabled: 0 }), expected, appendfsync)).toEqual([expect.stringMatching(/append-only file/)]);
});

test.each([
  [{ role: 'master', cluster_enabled: '0', redis_version: '7.0.15' }, undefined],
  [{ role: 'master', redis_version: '6.2.0' }, undefined],
  [{}, undefined],
  [{ role: 'slave' }, 'it is a replica'],
  [{ role: 'master', cluster_enabled: '1' }, 'it is a node of Redis Cluster'],
  [{ role: 'master', redis_version: '6.0.16' }, 'it is older than 6.2'],
  [{ role: 'master', redis_version: '10.0.0' }, undefined],
])('a server that says %j is refused: %s', (server, why) => {
  expect(refusal(server)).toBe(why);
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
    const copies = expect.stringMatching(/1 of the 2 copies/);
    const faults = [copies, expect.stringMatching(/append-only/)];
    await until('they are told', () => told.length > 0);
    let readies = 0;
    connection.on('ready', () => {
      readies += 1;
    });
    await connection.config('SET', 'appendonly', 'yes');
    await connection.config('SET', 'appendfsync', 'everysec');
    connection.stream.destroy();
    await until('they are told anew', () => told.length > 1);
    connection.stream.destroy();
    await until('it is connected again', () => readies === 2);
    await connection.info();
    expect(told).toEqual([faults, [copies, expect.stringMatching(/appendfsync everysec/)]]);
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

describe('on a node of Redis Cluster', () => {
  let node: TestRedis;
  beforeAll(async () => {
    node = await startRedis(['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())]);
  });
  afterAll(() => node?.stop());

  test('it is refused at once, in one line', async () => {
    const config = testConfig(node.url);
    const connection = connect(config, 'test');
    await expect(ready(connection, config, 5_000)).rejects.toThrow(
      `Redis at 127.0.0.1:${node.port} cannot be used (it is a node of Redis Cluster). Set REDIS_URL to a Redis with cluster-enabled no.`,
    );
    connection.disconnect();
  });
});

test.each([
  ['redis://:100%@127.0.0.1', /a "%" in user or password must be written as %25/],
  ['redis://us%er:x@127.0.0.1', /a "%" in user or password/],
  ['redis://127.0.0.1/?db=3', /nothing may follow the path/],
  ['redis://127.0.0.1/0#3', /nothing may follow the path/],
])('REDIS_URL %s is refused before anything is connected, and its password is not told', (REDIS_URL, why) => {
  const told = () => instanceConfig({ REDIS_URL, HOKM_CLUSTER_SECRET: 'secret-of-the-tests' });
  expect(told).toThrow(why);
  expect(told).not.toThrow(/100%@/);
});

test.each(['prod', '-1', '0/1', '1.5'])('REDIS_URL with /%s names no database', (path) => {
  const env = { REDIS_URL: `redis://127.0.0.1:6379/${path}`, HOKM_CLUSTER_SECRET: 'secret-of-the-tests' };
  expect(() => instanceConfig(env)).toThrow(/REDIS_URL \(set\): the path must be the number of a database/);
});
