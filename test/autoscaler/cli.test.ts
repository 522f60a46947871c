/** The command line as people run it: exit codes, one-line errors, JSON with its schema. */

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newInstanceId } from '../../src/cluster/new-ids.js';
import { type InstanceFields, Registry } from '../../src/cluster/registry.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { keyspaceOf } from '../../src/redis/keys.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { KEYS } from '../support/keys.js';
import { end, freePort, spawnOwned, startRedis, type TestRedis, temporaryFolder, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

const program = fileURLToPath(new URL('dist/autoscaler/main.js', packageRoot));
let server: TestRedis;
let redis: RedisConnection;
let folder: { path: string; remove: () => Promise<void> };
const file = (name: string) => join(folder.path, name);

beforeAll(async () => {
  server = await startRedis();
  folder = await temporaryFolder();
  redis = await connectToRedis(server.url);
  await writeFile(file('good.yaml'), 'version: 1\nmin: 1\nmax: 4\n');
  await writeFile(file('bad.yaml'), 'version: 1\nmin: 9\nmax: 4\n');
  const hour = (at: number) => `${new Date(Date.UTC(2026, 0, 1, at)).toISOString().slice(0, 19)}Z`;
  const rows = Array.from({ length: 96 }, (_, at) => `${hour(at)},${100 + 50 * Math.sin(at / 4)}`);
  await writeFile(file('trace.csv'), ['ts,value', ...rows, ''].join('\n'));
  await writeFile(file('bad.csv'), ['ts,value', ...rows.slice(0, 20), `${hour(20)},many`, ''].join('\n'));
});

beforeEach(async () => {
  await redis.flushall();
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await folder.remove();
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function autoscaler(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const environment = {
      PATH: '/usr/bin:/bin',
      REDIS_URL: server.url,
      HOKM_LEASE_MS: '60000',
      HOKM_HEARTBEAT_MS: '20000',
      ...env,
    };
    const child = spawn(process.execPath, [program, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

async function register(players: number, overrides: Partial<InstanceFields> = {}): Promise<string> {
  const registry = new Registry(redis, 60_000);
  const id = newInstanceId();
  await registry.heartbeat({
    id,
    number: await registry.nextNumber(),
    host: '127.0.0.1',
    port: 4000,
    status: 'ready',
    started_at: 1,
    active_games: 2,
    connected_players: players,
    cpu_usage: 0.1,
    memory_usage: 0.2,
    event_loop_delay: 1.5,
    weight: 256,
    capacity: 100,
    region: 'local',
    zone: 'local',
    version: '0.1.0',
    rules_versions: 'hokm@1',
    ...overrides,
  });
  return id;
}

const oneLine = /^[^\n]+\n$/;

describe('without a cluster', () => {
  test('--help lists the commands, and each has its own with examples', async () => {
    const all = await autoscaler(['--help']);
    expect(all.code).toBe(0);
    for (const name of [
      'status',
      'plan',
      'once',
      'run',
      'explain',
      'forecast',
      'backtest',
      'drain',
      'undrain',
      'move',
      'scale',
      'pause',
      'resume',
      'policy',
    ]) {
      expect(all.stdout).toContain(`hokm autoscaler ${name}`);
    }
    expect((await autoscaler(['once', '--help'])).stdout).toMatch(/Examples:[\s\S]*Exit: 0 done/);
  });

  test('what is not understood is one line and exit 1', async () => {
    for (const args of [[], ['dance'], ['status', '--loud'], ['scale', '3', '--hold', 'soon']]) {
      const { code, stderr, stdout } = await autoscaler(args);
      expect([args, code]).toEqual([args, 1]);
      expect(stderr).toMatch(oneLine);
      expect(stdout).toBe('');
    }
  });

  test('a Redis that is not there is one line and exit 1', async () => {
    const env = { REDIS_URL: `redis://127.0.0.1:${await freePort()}`, HOKM_START_WAIT_MS: '200' };
    for (const command of ['status', 'once']) {
      const { code, stderr } = await autoscaler([command], env);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^Redis at .* cannot be used .*\n$/);
    }
  });

  test('--data names a local cluster, whatever the environment says, and one that is not there in one line', async () => {
    const facts = {
      player_url: 'http://127.0.0.1:1/',
      redis_url: server.url,
      redis_prefix: 'other',
      ops_token: 'a token of operators',
      haproxy_socket: '/nowhere/haproxy',
      control_socket: '/nowhere/control',
      policy: null,
      haproxies: [],
    };
    await writeFile(file('cluster.json'), JSON.stringify(facts));
    await redis.set(keyspaceOf('other').autoscaler.hand, JSON.stringify({ pauseIn: 0, pauseOut: 0 }));
    const env = { REDIS_URL: `redis://127.0.0.1:${await freePort()}` };
    const seen = await autoscaler(['status', '--json', '--data', folder.path], env);
    expect(seen.stderr).toBe('');
    expect([seen.code, JSON.parse(seen.stdout)]).toEqual([0, expect.objectContaining({ instances: [], lock: null })]);
    expect((await autoscaler(['scale', '2', '--hold', '30m', '--data', folder.path], env)).code).toBe(0);
    expect(await redis.get(keyspaceOf('other').autoscaler.hand)).toMatch(/"hold":\{"count":2/);
    expect(await redis.exists(KEYS.autoscaler.hand)).toBe(0);
    const missing = await autoscaler(['status', '--data', file('none')]);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/^No cluster runs with the data folder .*\n$/),
    ]);
  });

  test('a Redis that is not as it should be is told of', async () => {
    await redis.config('SET', 'appendfsync', 'everysec');
    const fault = /^Redis: Redis answers before a move is on its disk \(appendfsync everysec\)/m;
    expect((await autoscaler(['status'])).stdout).toMatch(fault);
    await redis.config('SET', 'appendfsync', 'always');
    const { stdout } = await autoscaler(['status', '--json']);
    expect((JSON.parse(stdout) as { redis_faults: string[] }).redis_faults).toEqual([]);
  });

  test('policy validate: 0 and 1, with the line', async () => {
    expect(await autoscaler(['policy', 'validate', file('good.yaml')])).toMatchObject({ code: 0 });
    const bad = await autoscaler(['policy', 'validate', file('bad.yaml')]);
    expect(bad).toMatchObject({ code: 1, stderr: `${file('bad.yaml')}:2: min: is 9, above max, 4\n` });
    const { stdout } = await autoscaler(['policy', 'validate', file('bad.yaml'), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'hokm-autoscaler/policy-check@1', ok: false });
    expect(await autoscaler(['plan', '--policy', file('bad.yaml')])).toMatchObject({ code: 1, stderr: bad.stderr });
  });

  test('backtest: figures as JSON in the last line, pictures, targets missed are 5', async () => {
    const small = ['backtest', '--trace', file('trace.csv'), '--seeds', '1'];
    const good = await autoscaler([...small, '--json', '--picture', file('out.html')]);
    expect(good.code).toBe(0);
    const last = JSON.parse(good.stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(last).toMatchObject({ schema: 'hokm-autoscaler/backtest@1', half: 'second', boot_min: 2, missed: [] });
    expect(typeof last.cost_ratio).toBe('number');
    expect(typeof last.under_min_per_day).toBe('number');
    expect(Object.keys(last.baselines as object)).toEqual(['static', 'hpa70', 'hpa80', 'buffer20']);
    const missed = await autoscaler([...small, '--max-cost-ratio', '0.5', '--compare', 'none']);
    expect(missed.code).toBe(5);
    expect(missed.stdout).toMatch(/Missed: cost ÷ optimum/);
    const bad = await autoscaler(['backtest', '--trace', file('bad.csv')]);
    expect(bad).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `${file('bad.csv')}:22: "many" is no number of 0 or more\n`,
    });
    expect((await autoscaler(['backtest', '--trace', 'nowhere.csv'])).stderr).toBe(
      'nowhere.csv: there is no such file\n',
    );
  });
});

describe('with a cluster', () => {
  test('plan: 0 nothing to do, 2 changes, without lock and effect', async () => {
    await register(50);
    expect(await autoscaler(['plan'])).toMatchObject({ code: 0 });
    await register(250);
    const { code, stdout } = await autoscaler(['plan', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'hokm-autoscaler/decision@1', mode: 'plan', fencing: null });
    expect(await redis.keys(KEYS.autoscaler.lock.replace('lock', '*'))).toEqual([]);
  });

  test('once: quiet when nothing changes, 3 when the lock is held, 4 when figures are stale', async () => {
    await register(50);
    expect(await autoscaler(['once'])).toEqual({ code: 0, stdout: '', stderr: '' });
    await redis.set(KEYS.autoscaler.lock, 'another', 'PX', 60_000);
    expect(await autoscaler(['once'])).toEqual({ code: 3, stdout: '', stderr: '' });
    await redis.del(KEYS.autoscaler.lock);
    await register(250);
    const advised = await autoscaler(['once']);
    expect(advised.code).toBe(0);
    expect(advised.stdout).toMatch(/^start an instance \(boot-\d+-2\) \[dry-run\]\n/);
    expect((await autoscaler(['once'], { HOKM_HEARTBEAT_MS: '50', HOKM_LEASE_MS: '500' })).code).toBe(4);
  });

  test('once acts through the driver, and says what failed with exit 1', async () => {
    await register(150);
    const started = file('started');
    const commands = (start: string) => [
      ...['--set', 'mode=act', '--set', 'max=4', '--set', 'driver.type=command', '--set', 'driver.stop=["true"]'],
      ...['--set', 'driver.list=["true"]', '--set', `driver.start=["/bin/sh", "-c", "${start}"]`],
    ];
    const failed = await autoscaler(['once', ...commands('echo no quota >&2; exit 1')]);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/\[failed: The start command .* no quota\]/);
    await redis.flushall();
    await register(150);
    const done = await autoscaler(['once', ...commands(`echo vm-1 | tee -a ${started}`)]);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    // It boots: the next run starts no second one.
    expect(await autoscaler(['once', ...commands(`echo vm-2 | tee -a ${started}`)])).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  test('explain, status, forecast tell of the last decision in words and as JSON', async () => {
    expect(await autoscaler(['explain'])).toMatchObject({ code: 1, stderr: 'There is no decision yet.\n' });
    const id = await register(250);
    await autoscaler(['once']);
    const words = await autoscaler(['explain']);
    expect(words.stdout).toMatch(/The load is 2.5 instances, by players/);
    expect(words.stdout).toMatch(/Wanted: 3\./);
    const record = JSON.parse((await autoscaler(['explain', '--json'])).stdout) as { id: string };
    expect((await autoscaler(['explain', '--decision', record.id])).stdout).toContain(record.id);
    expect((await autoscaler(['explain', '--decision', 'd-none'])).code).toBe(1);
    expect((await autoscaler(['status'])).stdout).toContain(id);
    const status = JSON.parse((await autoscaler(['status', '--json'])).stdout) as object;
    expect(status).toMatchObject({ schema: 'hokm-autoscaler/status@1', lock: null, instances: [{ id }] });
    const forecast = await autoscaler(['forecast', '--csv', '--horizon', '24h', '--picture', file('f.svg')]);
    expect(forecast.stdout).toMatch(/^at,usual,q0.05,q0.5,q0.95,q0.999\n2/);
  });

  test('holds and pauses end by themselves, and resume ends them', async () => {
    await register(10);
    expect(await autoscaler(['scale', '3', '--hold', '30m'])).toMatchObject({ code: 0 });
    expect((await autoscaler(['plan'])).stdout).toMatch(/Held by hand at 3/);
    await autoscaler(['pause', '--scale-out', '--for', '1h']);
    expect((await autoscaler(['plan'])).stdout).toMatch(/paused by hand/);
    expect(Number(JSON.parse((await autoscaler(['status', '--json'])).stdout).hold.for_s)).toBeGreaterThan(1_700);
    await autoscaler(['resume']);
    expect((await autoscaler(['plan'])).code).toBe(0);
  });

  test('drain and move name what is wrong', async () => {
    const id = await register(10);
    expect(await autoscaler(['drain', 'game-NOBODY'])).toMatchObject({
      code: 1,
      stderr: 'There is no instance game-NOBODY. `status` lists them.\n',
    });
    expect((await autoscaler(['undrain', id])).stderr).toMatch(/is not being drained/);
    expect((await autoscaler(['move', 'xx', id])).stderr).toBe('"xx" is no room code.\n');
    expect((await autoscaler(['move', '7KQ2M9XD', id])).code).toBe(0);
  });

  test('move puts the order into the inbox of the owner, with the number of the lock', async () => {
    const [owner, target] = [await register(10), await register(10)];
    await redis.sadd(KEYS.roomsOf(owner), '7KQ2M9XD');
    expect((await autoscaler(['move', '7kq2-m9xd', target])).code).toBe(0);
    const [entry] = await redis.xrange(KEYS.inbox(owner), '-', '+');
    expect(JSON.parse(entry?.[1][1] ?? '')).toMatchObject({
      type: 'game_migration_request',
      room: '7KQ2M9XD',
      to: target,
      fencing: expect.any(Number),
    });
  });

  test('the daemon decides until SIGTERM, frees the lock and ends with 0', async () => {
    await register(50);
    const env = { PATH: '/usr/bin:/bin', REDIS_URL: server.url, LOG_LEVEL: 'silent' };
    const daemon = spawnOwned(process.execPath, [program, 'run', '--set', 'tick_s=1'], { env });
    await until('it has decided', async () => (await redis.xlen(KEYS.autoscaler.decisions)) > 0);
    expect((await autoscaler(['once'])).code).toBe(3);
    await end(daemon, 'SIGTERM');
    expect(daemon.exitCode).toBe(0);
    expect(await redis.exists(KEYS.autoscaler.lock)).toBe(0);
  });

  test('SIGHUP lets the daemon go on by the policy as it is now, or by the former one where that is wrong', async () => {
    await register(50);
    const policy = file('changing.yaml');
    await writeFile(policy, 'version: 1\nmin: 1\nmax: 4\ntick_s: 1\n');
    const env = { PATH: '/usr/bin:/bin', REDIS_URL: server.url, LOG_LEVEL: 'info' };
    const daemon = spawnOwned(process.execPath, [program, 'run', '--policy', policy], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    daemon.stderr?.on('data', (data) => {
      said += String(data);
    });
    const lastMin = async () => {
      const [entry] = await redis.xrevrange(KEYS.autoscaler.decisions, '+', '-', 'COUNT', 1);
      return entry && (JSON.parse(entry[1].at(-1) ?? '{}') as { min: number }).min;
    };
    await until('it has decided', async () => (await lastMin()) === 1);
    await writeFile(policy, 'version: 1\nmin: 9\nmax: 4\ntick_s: 1\n');
    daemon.kill('SIGHUP');
    await until('it says what is wrong', () => /changing\.yaml:\d.*"not reloaded"/.test(said));
    await writeFile(policy, 'version: 1\nmin: 2\nmax: 4\ntick_s: 1\n');
    daemon.kill('SIGHUP');
    await until('it decides by the new one', async () => (await lastMin()) === 2);
    await end(daemon, 'SIGTERM');
    expect(daemon.exitCode).toBe(0);
    expect(await redis.exists(KEYS.autoscaler.lock)).toBe(0);
  });
});
