/** Values that come from files: secrets as orchestrators put them in place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { autoscalerConfig, instanceConfig, launcherConfig, operatorConfig } from '../src/config.js';

const folder = mkdtempSync(join(tmpdir(), 'hokm-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileWith(text: string): string {
  files += 1;
  const path = join(folder, `value-${files}`);
  writeFileSync(path, text);
  return path;
}

const SECRET = 'sixteen characters, and more';

test('the only line of NAME_FILE is the value of NAME', () => {
  const config = instanceConfig({
    HOKM_CLUSTER_SECRET_FILE: fileWith(`${SECRET}\n`),
    HOKM_OPS_TOKEN_FILE: fileWith(`  ${SECRET}`),
    REDIS_URL_FILE: fileWith('redis://user:word@redis.example/2\r\n'),
    HOKM_PORT_FILE: fileWith('7000\n'),
    LOG_LEVEL: 'warn',
    // As an empty variable is none.
    LOG_LEVEL_FILE: '',
  });
  expect(config).toMatchObject({
    HOKM_CLUSTER_SECRET: SECRET,
    HOKM_OPS_TOKEN: `  ${SECRET}`,
    REDIS_URL: 'redis://user:word@redis.example/2',
    HOKM_PORT: 7000,
    LOG_LEVEL: 'warn',
  });
  expect(operatorConfig({ REDIS_URL_FILE: fileWith('rediss://a') }).REDIS_URL).toBe('rediss://a');
});

test('variables that are files by their nature are read as before', () => {
  const env = { HOKM_CLUSTER_SECRET: SECRET, REDIS_CA_FILE: '/etc/ca.pem' };
  expect(instanceConfig(env).REDIS_CA_FILE).toBe('/etc/ca.pem');
});

test('every file that gives no value is named, beside all other mistakes, and no secret is', () => {
  const missing = join(folder, 'missing');
  const [empty, long, bad] = [fileWith('\n'), fileWith('one\ntwo\n'), fileWith('web')];
  const read = () =>
    instanceConfig({
      HOKM_CLUSTER_SECRET_FILE: missing,
      HOKM_OPS_TOKEN_FILE: empty,
      REDIS_URL_FILE: long,
      HOKM_PORT_FILE: bad,
      HOKM_ZONE: 'here',
      HOKM_ZONE_FILE: fileWith('there'),
    });
  expect(read).toThrow(`HOKM_CLUSTER_SECRET_FILE ("${missing}"): the file cannot be read (ENOENT)`);
  expect(read).toThrow(`HOKM_OPS_TOKEN_FILE ("${empty}"): the file is empty`);
  expect(read).toThrow(`REDIS_URL_FILE ("${long}"): the file has more than one line`);
  expect(read).toThrow('HOKM_ZONE is set as well; only one of them may be');
  expect(read).toThrow('HOKM_PORT ("web")');
  expect(read).not.toThrow(/HOKM_CLUSTER_SECRET \(|one\ntwo/);
  const short = { HOKM_CLUSTER_SECRET_FILE: fileWith('too short') };
  expect(() => instanceConfig(short)).toThrow(/HOKM_CLUSTER_SECRET \(set\)/);
  expect(() => instanceConfig(short)).not.toThrow(/too short/);
});

test('the programs of the local cluster are told such a value once', () => {
  const redis = fileWith('redis://redis.example');
  const level = fileWith('warn');
  const given = { REDIS_URL_FILE: redis, LOG_LEVEL_FILE: level, HOKM_ORIGINS_FILE: fileWith('https://a.example') };
  const { environment, REDIS_URL } = launcherConfig({ ...given, HOKM_POLICY_FILE: join(folder, 'missing') });
  expect(REDIS_URL).toBe('redis://redis.example');
  expect(environment).toEqual({
    REDIS_URL: 'redis://redis.example',
    LOG_LEVEL_FILE: level,
    HOKM_ORIGINS: 'https://a.example',
    // Whoever needs it says what is wrong with it.
    HOKM_POLICY_FILE: join(folder, 'missing'),
  });
  // The autoscaler's commands start processes that read files themselves.
  expect(autoscalerConfig({ REDIS_URL_FILE: redis }).environment).toEqual({ REDIS_URL_FILE: redis });
});
