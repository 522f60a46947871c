import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { aclLine, aclRules, allCommands, COMMANDS } from '../../deploy/ops/acl.js';
import { reachCluster } from '../../deploy/ops/cluster-access.js';
import { Inspector } from '../../deploy/ops/inspect.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import { connect, type RedisConnection, ready } from '../../src/redis/client.js';
import { scripts } from '../../src/redis/scripts.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { Player } from '../edge/player.js';
import { startController, startHAProxy } from '../haproxy/support.js';
import { createRoom, startInstance, type TestInstance } from '../support/cluster.js';
import { testConfig } from '../support/config.js';
import { KEYS } from '../support/keys.js';
import { seatBots, throughAny } from '../support/players.js';
import { end, startRedis, temporaryFolder, until } from '../support/programs.js';

const PASSWORD = 'correct horse battery staple';
const user = (rules: string) => ['--user', ...rules.split(' ')];

async function open(url: string): Promise<RedisConnection> {
  const config = testConfig(url);
  const connection = connect(config, 'test');
  await ready(connection, config, 5_000).catch((error: Error) => {
    connection.disconnect();
    throw error;
  });
  return connection;
}

/** Commands that ran, also inside scripts, as `client|setname`. */
async function commandsRun(redis: RedisConnection): Promise<string[]> {
  const stats = await redis.info('commandstats');
  return [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+),.*rejected_calls=(\d+)/gm)]
    .filter(([, , calls]) => Number(calls) > 0)
    .map(([, name]) => name ?? '');
}

test('a cluster plays, takes over and drains with these rights, needs each of them, and has no others', async () => {
  const rights = ['default off', 'admin on >admin-of-the-test ~* &* +@all', `hokm ${aclRules(PASSWORD)}`].flatMap(user);
  const primary = await startRedis([...rights, '--repl-diskless-sync-delay', '0']);
  const replica = await startRedis([
    ...[...rights, '--replicaof', `127.0.0.1 ${primary.port}`],
    ...['--masteruser', 'admin', '--masterauth', 'admin-of-the-test'],
    ...['--repl-diskless-sync-delay', '0'],
  ]);
  const url = `redis://hokm:${encodeURIComponent(PASSWORD)}@127.0.0.1:${primary.port}/1`;
  const admin = await open(`redis://admin:admin-of-the-test@127.0.0.1:${primary.port}/1`);
  const haproxy = await startHAProxy();
  const instances: TestInstance[] = [];
  const controllers: Awaited<ReturnType<typeof startController>>[] = [];
  let hokm: RedisConnection | undefined;
  const playing: ReturnType<typeof seatBots>[] = [];
  try {
    await until('the replica has caught up', async () => /state=online/.test(await admin.info('replication')));
    await admin.config('RESETSTAT');
    const settings = { HOKM_BOT_DELAY_MS: '1', HOKM_MESSAGE_RATE: '1000', REDIS_COPIES: '2' };
    const lease = { HOKM_LEASE_MS: '2500', HOKM_HEARTBEAT_MS: '500' };
    const add = async () => {
      const instance = await startInstance(url, { ...settings, ...lease });
      instances.push(instance);
      return instance;
    };
    const starting = startController({ ...primary, url }, haproxy);
    await Promise.all([add(), add()]);
    controllers.push(await starting);
    const live = () => instances.filter((instance) => instance.process.exitCode === null && !instance.process.killed);
    const ownerNow = async (room: RoomCode) => (await admin.hget(KEYS.roomMeta(room), 'owner')) ?? '';
    const ownerOf = async (room: RoomCode) => {
      const owner = await ownerNow(room);
      const found = instances.find(({ id }) => id === owner);
      if (!found) throw new Error(`${owner} is none of ours`);
      return found;
    };
    const played = async (room: RoomCode) => Number(await admin.hget(KEYS.roomMeta(room), 'seq'));
    /** A match that is on its way. */
    const playRoom = async () => {
      const room = (await createRoom(`http://127.0.0.1:${live()[0]?.port}`, {
        durability: 'replicated',
        options: { target_points: 10 },
      })) as RoomCode;
      const table = seatBots(room, throughAny(live), 5);
      playing.push(table);
      await until('it is played', async () => (await played(room)) > 20);
      return { room, table };
    };

    // Takeover.
    const taken = await playRoom();
    const victim = await ownerOf(taken.room);
    await end(victim.process);
    await until('another owner', async () => (await ownerNow(taken.room)) !== victim.id);
    // A Redis that has forgotten the scripts gets them again.
    await admin.script('FLUSH');
    const since = await played(taken.room);
    await until('it is played on', async () => (await played(taken.room)) > since + 20);
    expect(await taken.table.finished).toEqual(Array(4).fill('finished'));
    const forgotten = async () => (await admin.zscore(KEYS.instances, victim.id)) === null;
    await until('the dead one is forgotten', forgotten, 20_000);

    // Drain, in the middle of the match.
    await add();
    const { room, table } = await playRoom();
    const draining = await ownerOf(room);
    expect(table.tables[0]?.state.view?.status).toBe('playing');
    await end(draining.process, 'SIGTERM');
    expect(draining.process.exitCode).toBe(0);
    expect(await table.finished).toEqual(Array(4).fill('finished'));
    expect([...taken.table.errors, ...table.errors]).toEqual([]);

    // A seat token alone finds its room; the operators' tools read.
    const token = table.tables[0]?.state.token;
    const base = `http://127.0.0.1:${live()[0]?.port}`;
    const found = await fetch(`${base}/api/reconnect`, { method: 'POST', body: JSON.stringify({ token }) });
    expect(await found.json()).toMatchObject({ room_code: room });
    // A seat at a public table is counted by its player's address.
    const listed = await createRoom(base, { public: true });
    const sitter = await Player.join(live()[0]?.url ?? '', listed, {}, { 'x-hokm-address': '10.0.0.1' });
    sitter.socket.terminate();
    const access = await reachCluster(undefined, { REDIS_URL: url });
    expect((await new Inspector(access).explain(room))?.problems).toEqual([]);
    expect((await new Inspector(access).list()).complete).toBe(false);
    access.redis.disconnect();
    await end(controllers[0] ?? haproxy.process, 'SIGTERM');

    const log = (await admin.acl('LOG')) as unknown as (string | number)[][];
    const refused = log.map((entry) => Object.fromEntries(pairs(entry)) as Record<string, unknown>);
    // The one that `room list` does without.
    expect(refused.map(({ object }) => object)).toEqual(['scan']);

    const ran = await commandsRun(admin);
    // The autoscaler's own are held against its sources below: it does not run here.
    const others: readonly string[] = COMMANDS.autoscaler;
    expect(allCommands().filter((command) => !ran.includes(command) && !others.includes(command))).toEqual([]);

    hokm = await open(url);
    const redis = hokm;
    await hokm.set('hokm:test', '1');
    const forbidden: (() => Promise<unknown>)[] = [
      () => redis.flushall(),
      () => redis.keys('*'),
      () => redis.config('GET', 'dir'),
      () => redis.acl('LIST'),
      () => redis.shutdown(),
      () => redis.call('REPLICAOF', 'NO', 'ONE'),
      () => redis.call('CLIENT', 'KILL', 'TYPE', 'normal'),
      () => redis.get('other:key'),
      () => redis.set('hokm', '1'),
      () => redis.publish('other', '1'),
      () => redis.eval("return redis.call('FLUSHALL')", 0),
      () => redis.eval("return redis.call('GET', KEYS[1])", 1, 'other:key'),
    ];
    for (const attempt of forbidden) await expect(attempt()).rejects.toThrow(/NOPERM|ACL|can't run this command/);
    await expect(open(`redis://127.0.0.1:${primary.port}`)).rejects.toThrow(/NOAUTH/);
  } finally {
    for (const one of playing.flatMap(({ tables }) => tables)) one.close();
    for (const one of [admin, hokm]) one?.disconnect();
    await Promise.all([...instances.map(({ process }) => process), ...controllers].map((child) => end(child)));
    await haproxy.stop();
    await replica.stop();
    await primary.stop();
  }
}, 60_000);

const pairs = (flat: readonly (string | number)[]) =>
  flat.flatMap((value, at) => (at % 2 === 0 ? [[String(value), flat[at + 1]] as const] : []));

test('the command prints the line, with the hash of the password and never the password', async () => {
  const folder = await temporaryFolder();
  const tool = fileURLToPath(new URL('../../deploy/ops/redis.js', import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [tool, 'acl', ...args], { encoding: 'utf8' });
  const file = join(folder.path, 'password');
  writeFileSync(file, `${PASSWORD}\n`);
  const told = run('--user', 'cards', '--password-file', file);
  expect(told).toMatchObject({ status: 0, stderr: '', stdout: `${aclLine('cards', PASSWORD)}\n` });
  const newer = run('--user', 'cards', '--password-file', file, '--waitaof');
  expect(newer.stdout.trim()).toBe(`${told.stdout.trim()} +waitaof`);
  expect(told.stdout).not.toContain(PASSWORD);
  // While the password is changed both are good.
  const next = join(folder.path, 'next');
  writeFileSync(next, 'the password of to-morrow\n');
  const both = run('--user', 'cards', '--password-file', file, '--password-file', next);
  expect(both.stdout).toBe(`${aclLine('cards', [PASSWORD, 'the password of to-morrow'])}\n`);
  expect(both.stdout).toMatch(/^ACL SETUSER cards reset on #[0-9a-f]{64} #[0-9a-f]{64} ~/);
  expect(run('--password-file', file, '--password-file', next, '--password-file', file)).toMatchObject({
    status: 1,
    stderr: '--password-file is given more than twice.\n',
  });
  expect(told.stdout).toMatch(
    /^ACL SETUSER cards reset on #[0-9a-f]{64} ~hokm:\* ~service:\{hokm\}:\* &hokm:\* \+client\|/,
  );
  writeFileSync(file, 'short\n');
  expect(run('--password-file', file)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: `The password in ${file} has fewer than 16 characters.\n`,
  });
  expect(run().stderr).toBe('Without --password-file the user has no password, and nobody can log in as it.\n');
  await folder.remove();
});

/** Calls on a connection that are no commands. */
const NO_COMMANDS = new Set(['call', 'connect', 'disconnect', 'exec', 'multi', 'off', 'on', 'once', 'scan', 'status']);
const CALL = /\b(?:redis|subscriber)\s*\.(\w+)\(/g;

test('every command in the sources is on the list', () => {
  const root = fileURLToPath(packageRoot);
  const sent = new Set<string>();
  for (const folder of ['src', 'haproxy', 'autoscaler'].filter((name) => existsSync(join(root, name)))) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const text = /\.(ts|lua)$/.test(file) ? readFileSync(join(root, folder, file), 'utf8') : '';
      for (const [, name = ''] of text.matchAll(/\bredis\.p?call\('(\w+)'/g)) sent.add(name.toLowerCase());
      if (!file.endsWith('.ts')) continue;
      for (const [, name = ''] of text.matchAll(CALL)) sent.add(name);
      for (const [, chain = ''] of text.matchAll(/\.multi\(\)([\s\S]*?)\.exec\(\)/g)) {
        const commands = chain.replaceAll(/\bkeys\.\w+\(/g, '');
        for (const [, name = ''] of commands.matchAll(/\.(\w+)\(/g)) sent.add(name);
      }
    }
  }
  const known = new Set([...allCommands(), ...Object.keys(scripts), ...NO_COMMANDS]);
  expect([...sent].filter((name) => !known.has(name))).toEqual([]);
  expect(sent.has('zrem') && sent.has('xrevrange') && sent.has('subscribe')).toBe(true);
});
