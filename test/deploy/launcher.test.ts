import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lookUp } from '../../deploy/local/process-table.js';
import type { ClusterFacts } from '../../deploy/local/report.js';
import { connect, ready } from '../../src/redis/client.js';
import { testConfig } from '../support/config.js';
import { KEYS } from '../support/keys.js';
import { end, spawnOwned, startRedis, temporaryFolder, until } from '../support/programs.js';
import { alive, keptFacts, type Launcher, launcher, pidsOf, STUBS, started, untilFound } from './running-cluster.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let data: string;
const launchers: Launcher[] = [];

const launch: typeof launcher = (...args) => {
  const running = launcher(...args);
  launchers.push(running);
  return running;
};

beforeEach(async () => {
  folder = await temporaryFolder();
  data = join(folder.path, 'data');
});

afterEach(async () => {
  await Promise.all(launchers.splice(0).map(({ process }) => end(process, 'SIGTERM')));
  await folder.remove();
});

async function redisOf<T>(facts: ClusterFacts, use: (redis: ReturnType<typeof connect>) => Promise<T>): Promise<T> {
  const config = testConfig(facts.redis_url);
  const redis = connect(config, 'test');
  try {
    await ready(redis, config, 5_000);
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** The id of the instance that answers a player; false while none does. */
const answer = async (facts: ClusterFacts): Promise<string | false> => {
  const response = await fetch(facts.player_url).catch(() => undefined);
  return response?.status === 200 && response.text();
};

test('starts a cluster, says where it is, and stops it in order', async () => {
  const running = launch(data, ['--instances', '3'], { HOKM_CAPACITY: '77' });
  const facts = await started(running);

  expect(running.stdout().trim().split('\n')).toHaveLength(1);
  expect(Object.keys(facts)).toEqual([
    ...['schema', 'player_url', 'ws_url', 'player_urls', 'certificate', 'stats_url', 'stats_user', 'stats_password'],
    ...[
      'metrics_url',
      'redis_url',
      'redis_prefix',
      'ops_token',
      'haproxy_socket',
      'control_socket',
      'policy',
      'instances',
      'haproxies',
      'pids',
    ],
  ]);
  expect(facts.player_url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(facts.ws_url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/ws\?room_code=CODE$/);
  expect(facts.instances).toHaveLength(3);
  expect(facts.pids.autoscaler).toBeNull();
  expect(pidsOf(facts).map(alive)).toEqual(Array(6).fill(true));
  expect(keptFacts(data)).toEqual(facts);
  expect(facts.instances.map(({ id }) => id)).toContain(await answer(facts));

  expect((await fetch(facts.stats_url)).status).toBe(401);
  const basic = Buffer.from(`${facts.stats_user}:${facts.stats_password}`).toString('base64');
  expect((await fetch(facts.stats_url, { headers: { authorization: `Basic ${basic}` } })).status).toBe(200);

  for (const file of ['cluster.json', 'secrets.json', 'redis.conf', 'lock']) {
    expect(statSync(join(data, file)).mode & 0o777).toBe(0o600);
  }
  const said = spawnSync('redis-cli', ['-u', facts.redis_url, 'CLIENT', 'LIST'], { encoding: 'utf8' });
  const users = new Map(
    [...said.stdout.matchAll(/ name=hokm-(\S+) .* user=(\S+)/g)].map(([, role, user]) => [role, user]),
  );
  expect(said.stderr.replace(/^Warning: .*\n/, '')).toBe('');
  expect(users.size).toBeGreaterThan(0);
  expect(new Set(users.values())).toEqual(new Set(['hokm']));
  const password = new URL(facts.redis_url).password;
  expect(password.length).toBeGreaterThan(16);
  for (const pid of pidsOf(facts)) {
    expect(lookUp(pid)?.commandLine).not.toContain(password);
    expect(lookUp(pid)?.commandLine).not.toContain(facts.stats_password);
  }

  // As under npm: the terminal sends one, npm passes on another. Two kinds, since two of a kind may become one.
  running.process.kill('SIGINT');
  running.process.kill('SIGTERM');
  expect(await running.ended).toBe(0);
  expect(pidsOf(facts).filter(alive)).toEqual([]);
  expect(existsSync(join(data, 'cluster.json')) || existsSync(join(data, 'lock'))).toBe(false);
  for (const log of ['instance-1.log', 'instance-2.log', 'instance-3.log']) {
    expect(readFileSync(join(data, 'logs', log), 'utf8')).toContain('cluster is stopping, capacity 77');
  }
  expect(readFileSync(join(data, 'logs/redis.log'), 'utf8')).toContain('ready to exit');
});

test('goes on when a terminal hangs up that it has no part in, as under nohup', async () => {
  const running = launch(data);
  const facts = await started(running);
  running.process.kill('SIGHUP');
  const answering = async () => facts.instances.map(({ id }) => id).includes(String(await answer(facts)));
  expect(await answering()).toBe(true);
  // A stop that had begun would be seen by now: signals arrive in the order in which they are sent, and this one is second.
  running.process.kill('SIGHUP');
  await new Promise((resolve) => setImmediate(resolve));
  expect([running.process.exitCode, await answering(), pidsOf(facts).every(alive)]).toEqual([null, true, true]);
  expect(running.stderr()).not.toMatch(/Stopping/);
  running.process.kill('SIGTERM');
  expect(await running.ended).toBe(0);
});

/** Of util-linux: gives a program a terminal. */
const SCRIPT = '/usr/bin/script';

(existsSync(SCRIPT) ? test : test.skip)('stops in order when its terminal hangs up', async () => {
  const command = [
    'exec',
    process.execPath,
    STUBS,
    '--data',
    data,
    '--port',
    '0',
    '--ops-port',
    '0',
    '--no-autoscaler',
  ];
  const env = { ...process.env, REDIS_URL: '' };
  const terminal = spawnOwned(SCRIPT, ['-qec', command.join(' '), '/dev/null'], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env,
  });
  const facts = await untilFound('the cluster runs', () =>
    existsSync(join(data, 'cluster.json')) ? keptFacts(data) : undefined,
  );
  expect(pidsOf(facts).every(alive)).toBe(true);
  terminal.kill('SIGKILL');
  await until('all have ended', () => !pidsOf(facts).some(alive) && !existsSync(join(data, 'cluster.json')), 20_000);
  expect(readFileSync(join(data, 'logs/instance-1.log'), 'utf8')).toContain('cluster is stopping');
});

test('starts again what dies', async () => {
  const running = launch(data);
  const before = await started(running);
  const [victim, other] = before.instances;
  if (!victim || !other) throw new Error('two instances expected');

  process.kill(victim.pid, 'SIGKILL');
  const replaced = await untilFound('another instance', () => {
    const now = keptFacts(data);
    return now.instances.length === 2 && now.instances.every(({ id }) => id !== victim.id) ? now : undefined;
  });
  expect(replaced.instances.map(({ id }) => id)).toContain(other.id);
  expect(running.stderr()).toContain(`instance 1 (process ${victim.pid}) ended: SIGKILL`);

  await redisOf(before, (redis) => redis.set('mark', 'kept'));
  for (const name of ['redis', 'haproxy', 'controller'] as const) {
    const pid = before.pids[name];
    if (pid === null) throw new Error(`${name} is not there`);
    process.kill(pid, 'SIGKILL');
  }
  const after = await untilFound('all of them again', () => {
    const { pids } = keptFacts(data);
    const fresh = (['redis', 'haproxy', 'controller'] as const).every(
      (name) => pids[name] !== null && pids[name] !== before.pids[name],
    );
    return fresh ? keptFacts(data) : undefined;
  });
  expect(after.redis_url).toBe(before.redis_url);
  expect(await redisOf(after, (redis) => redis.get('mark'))).toBe('kept');
  await until('players are answered again', () => answer(after));

  running.process.kill('SIGTERM');
  expect(await running.ended).toBe(0);
  expect(pidsOf(after).filter(alive)).toEqual([]);
});

test('a killed launcher leaves nothing that the next start does not clear away', async () => {
  const first = launch(data);
  const before = await started(first);
  await redisOf(before, (redis) => redis.multi().set('mark', 'kept').set(KEYS.clusterState, 'stopping').exec());
  await end(first.process, 'SIGKILL');
  const nodes = [before.pids.controller ?? 0, ...before.instances.map(({ pid }) => pid)];
  await until('the programs notice', () => !nodes.some(alive));
  expect([before.pids.redis, before.pids.haproxy].map((pid) => alive(pid ?? 0))).toEqual([true, true]);

  const second = launch(data);
  const after = await started(second);
  expect(second.stderr()).toContain('Ended 2 process(es)');
  expect(pidsOf(before).filter(alive)).toEqual([]);
  expect(after.stats_password).toBe(before.stats_password);
  expect(await redisOf(after, (redis) => redis.mget('mark', KEYS.clusterState))).toEqual(['kept', null]);
  expect(existsSync(join(data, 'logs/redis.log.1'))).toBe(true);

  // Its own end of the channel gone is a stop as well.
  second.process.disconnect();
  expect(await second.ended).toBe(0);
  expect(pidsOf(after).filter(alive)).toEqual([]);
});

test('uses the Redis of REDIS_URL, and finds room for its socket below a long path', async () => {
  const redis = await startRedis(['--requirepass', 'test-password']);
  try {
    const long = join(folder.path, 'a b'.padEnd(60, 'x'), 'y'.repeat(60));
    const url = `redis://:test-password@127.0.0.1:${redis.port}/3`;
    const running = launch(long, ['--instances', '1'], { REDIS_URL: url });
    const facts = await started(running);
    expect([facts.redis_url, facts.pids.redis]).toEqual([url, null]);
    const place = readFileSync(join(long, 'run/socket-folder'), 'utf8');
    expect(readdirSync(place)).toContain('haproxy.sock');
    running.process.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(existsSync(place)).toBe(false);
    expect(await redisOf(facts, (connection) => connection.get(KEYS.clusterState))).toBe('stopping');
  } finally {
    await redis.stop();
  }
});

test('two clusters run side by side; the folder of a running one is refused, and its port', async () => {
  const one = launch(data, ['--instances', '1']);
  const two = launch(join(folder.path, 'other'), ['--instances', '1']);
  const [first, second] = [await started(one), await started(two)];
  expect(await answer(first)).toBe(first.instances[0]?.id);
  expect(await answer(second)).toBe(second.instances[0]?.id);

  const again = launch(data);
  expect(await again.ended).toBe(1);
  expect(again.stderr()).toBe(
    `This cluster is running already (process ${one.process.pid}, ${first.player_url}, data in ${data}). ` +
      'Stop it, or choose another folder with --data.\n',
  );
  const port = new URL(first.player_url).port;
  const third = launch(join(folder.path, 'third'), ['--port', port]);
  expect(await third.ended).toBe(1);
  expect(third.stderr()).toBe(`Port ${port} is taken; choose another with --port.\n`);
  expect(third.stdout()).toBe('');
});

describe('a stop', () => {
  test('during the start ends what was started', async () => {
    const running = launch(data);
    await until('Redis is there', () => /Redis ready/.test(running.stderr()));
    const pids = JSON.parse(readFileSync(join(data, 'children.json'), 'utf8')).map(
      (child: { pid: number }) => child.pid,
    );
    expect(pids.length).toBeGreaterThan(1);
    running.process.kill('SIGINT');
    expect(await running.ended).toBe(0);
    expect(running.stdout()).toBe('');
    expect(pids.filter(alive)).toEqual([]);
  });

  test('that hangs is cut short by a second one', async () => {
    const running = launch(data, ['--instances', '1']);
    const facts = await started(running);
    process.kill(facts.instances[0]?.pid ?? 0, 'SIGSTOP');
    running.process.kill('SIGINT');
    await until('the stop begins', () => /Stopping/.test(running.stderr()));
    await until('the second is told from the first', () => {
      running.process.kill('SIGINT');
      return running.process.exitCode !== null;
    });
    expect(await running.ended).toBe(130);
    await until('all are gone', () => pidsOf(facts).filter(alive).length === 0);
    expect(existsSync(join(data, 'lock'))).toBe(false);
  });
});

describe('a start that fails says why, in few words, and leaves nothing behind', () => {
  const failed = async (args: string[], env: Record<string, string>): Promise<string> => {
    const running = launch(data, args, env);
    expect(await running.ended).toBe(1);
    expect(running.stdout()).toBe('');
    const left = existsSync(data) ? readdirSync(data).filter((name) => /lock|cluster|children/.test(name)) : [];
    expect(left).toEqual([]);
    return running.stderr();
  };

  test('a program that ends: its last lines', async () => {
    const told = await failed([], { HOKM_REGION: 'nowhere' });
    expect(told).toMatch(/instance \d does not start \(exit code 1\)\.\n( {2}.*\n)* {2}.*there is no such region/);
  });

  test('a program that is missing', async () => {
    const empty = join(folder.path, 'empty');
    mkdirSync(empty);
    expect(await failed([], { PATH: empty })).toContain('does not start (the program is missing).');
  });

  test('settings that make no sense', async () => {
    expect(await failed([], { HOKM_TURN_MS: 'soon' })).toMatch(/^The configuration is not usable: HOKM_TURN_MS/);
    expect(await failed(['--instances', '0'], {})).toBe('--instances must be a whole number, 1 to 64.\n');
    expect(await failed(['--frob'], {})).toBe('Unknown argument: frob\n');
    expect(await failed(['--host', '192.0.2.1'], {})).toContain('192.0.2.1 is no address of this machine');
  });

  test('a Redis that does not answer in the way it should', async () => {
    const redis = await startRedis(['--requirepass', 'test-password']);
    const told = await failed([], { REDIS_URL: redis.url });
    await redis.stop();
    expect(told).toMatch(/Redis at 127\.0\.0\.1:\d+ cannot be used \(NOAUTH.*\)\. Start it, or set REDIS_URL\./);
  });

  test('a port that somebody listens on, on another address of all', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    expect(await failed(['--ops-port', String(port)], {})).toBe(
      `Port ${port} is taken; choose another with --ops-port.\n`,
    );
    server.close();
  });
});
