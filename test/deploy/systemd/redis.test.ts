/** The settings of Redis and Sentinel that install.sh puts in place, on real ones: three hosts' addresses on this machine. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { allCommands } from '../../../deploy/ops/acl.js';
import { connectToServer, type RedisConnection, ready } from '../../../src/redis/client.js';
import { testConfig } from '../../support/config.js';
import { end, freePort, spawnOwned, until } from '../../support/programs.js';
import { HOSTS, type InstalledHosts, newHosts } from './installed.js';

const NODES = HOSTS.slice(0, 2);
let hosts: InstalledHosts;
let ports: { redis: number; sentinel: number };
const processes: ChildProcess[] = [];
const connections: RedisConnection[] = [];

/** As its unit starts it, with ports and folders of the test. */
function start(root: string, name: 'redis' | 'sentinel'): void {
  const folder = join(root, `var/lib/hokm-${name}`);
  const file = join(folder, `${name}.conf`);
  const text = readFileSync(file, 'utf8')
    .replaceAll('/var/lib/', join(root, 'var/lib/'))
    // Where one machine is all hosts.
    .replace(/^(bind \S+) 127\.0\.0\.1$/m, '$1')
    .replace(/\b6379\b/g, String(ports.redis))
    .replace(/\b26379\b/g, String(ports.sentinel))
    .replace('logfile ""', `logfile "${join(folder, 'log')}"`);
  writeFileSync(file, text);
  processes.push(spawnOwned('redis-server', [file, ...(name === 'sentinel' ? ['--sentinel'] : [])]));
}

async function open(host: string, port: number, user: string, secret: string): Promise<RedisConnection> {
  const config = testConfig(`redis://${user}:${hosts.secret(secret)}@${host}:${port}`);
  const connection = connectToServer(config, 'test');
  connections.push(connection);
  await ready(connection, config, 10_000);
  return connection;
}

const admin = (host: string) => open(host, ports.redis, 'admin', 'redis_admin_password');

beforeAll(async () => {
  hosts = newHosts();
  ports = { redis: await freePort(), sentinel: await freePort() };
  for (const host of NODES) start(hosts.install(host).root, 'redis');
  start(join(hosts.folder, HOSTS[0]), 'sentinel');
});
afterAll(async () => {
  for (const connection of connections) connection.disconnect();
  await Promise.all(processes.map((process) => end(process)));
  hosts.remove();
});

test('a primary and its copy are as durable as the product asks, and let its commands through, and no others', async () => {
  const primary = await admin(HOSTS[0]);
  await until('the copy follows', async () => /state=online/.test(await primary.info('replication')), 20_000);
  const settings = {
    appendonly: 'yes',
    appendfsync: 'always',
    'maxmemory-policy': 'noeviction',
    'min-replicas-to-write': '1',
  };
  for (const [name, value] of Object.entries(settings))
    expect(await primary.config('GET', name)).toEqual([name, value]);

  const user = (await primary.acl('GETUSER', 'hokm')) as unknown as unknown[];
  const fields = Object.fromEntries(user.flatMap((value, at) => (at % 2 === 0 ? [[String(value), user[at + 1]]] : [])));
  expect(String(fields.commands).split(' ').toSorted()).toEqual(
    ['-@all', ...allCommands().map((name) => `+${name}`)].toSorted(),
  );
  expect(fields.keys).toBe('~hokm:* ~service:{hokm}:*');

  const hokm = await open(HOSTS[0], ports.redis, 'hokm', 'redis_password');
  expect(await hokm.set('hokm:of-the-test', '1')).toBe('OK');
  await expect(hokm.set('of-others', '1')).rejects.toThrow(/NOPERM/);
  await expect(hokm.config('GET', 'dir')).rejects.toThrow(/NOPERM/);
  const nobody = testConfig(`redis://${HOSTS[0]}:${ports.redis}`);
  const stranger = connectToServer(nobody, 'test');
  connections.push(stranger);
  await expect(ready(stranger, nobody, 2_000)).rejects.toThrow(/NOAUTH|password|authent/i);
});

test('Sentinel sees them with the rights that it has, and puts the copy in the place of the primary', async () => {
  const sentinel = await open(HOSTS[0], ports.sentinel, 'default', 'sentinel_password');
  const known = async () => /status=ok.*slaves=1/.test(await sentinel.info('sentinel'));
  await until('Sentinel knows both', known, 20_000);
  await until(
    'it begins',
    () =>
      sentinel.call('SENTINEL', 'FAILOVER', 'hokm').then(
        () => true,
        () => false,
      ),
    20_000,
  );
  const copy = await admin(HOSTS[1]);
  // Sentinel ends the connections of a server whose role it changes.
  const says = (what: RegExp) => async () => what.test(await copy.info('replication').catch(() => ''));
  await until('the copy is the primary', says(/role:master/), 20_000);
  await until('the former one follows', says(/state=online/), 20_000);
  // It will follow after a restart, too.
  const file = join(hosts.folder, HOSTS[0], 'var/lib/hokm-redis/redis.conf');
  expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^replicaof ${HOSTS[1]} ${ports.redis}$`, 'm'));
  for (const host of NODES) {
    const refused = (await (await admin(host)).acl('LOG')) as unknown as unknown[][];
    expect(
      refused.map((entry) => entry.map(String)).filter((entry) => /sentinel|replica/.test(entry.join(' '))),
    ).toEqual([]);
  }
});
