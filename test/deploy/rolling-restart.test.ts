import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { askSupervisor } from '../../deploy/local/control-protocol.js';
import type { ClusterFacts } from '../../deploy/local/report.js';
import { openNodeSocket } from '../../src/client/node.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { createRoom } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { type BotTable, seatBots } from '../support/players.js';
import { end, spawnOwned, temporaryFolder, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { alive, keptFacts, type Launcher, launcher, REAL, started } from './running-cluster.js';

const TOOL = fileURLToPath(new URL('../../deploy/ops/rolling-restart-main.js', import.meta.url));
const ROOMS = 6;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let data: string;
let running: Launcher;
let facts: ClusterFacts;
let redis: RedisConnection;
const played: BotTable[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  data = join(folder.path, 'data');
  running = launcher(
    data,
    ['--instances', '2'],
    { LOG_LEVEL: 'warn', HOKM_BOT_DELAY_MS: '8', HOKM_MESSAGE_RATE: '1000' },
    REAL,
  );
  facts = await started(running);
  redis = await connectToRedis(facts.redis_url);
});
afterAll(async () => {
  for (const table of played.flatMap(({ tables }) => tables)) table.close();
  redis.disconnect();
  await end(running.process, 'SIGTERM');
  await folder.remove();
});

interface Run {
  readonly process: ReturnType<typeof spawnOwned>;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

function restart(...args: string[]): Run {
  const child = spawnOwned(process.execPath, [TOOL, '--data', data, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      output += String(text);
    });
  }
  return { process: child, output: () => output, ended: once(child, 'close').then(([code]) => code as number | null) };
}

const ids = () => keptFacts(data).instances.map(({ id }) => id);
const meta = (room: string) => redis.hgetall(KEYS.roomMeta(room));

test('restarts all under load: every room moves once and is played to its end', async () => {
  const before = ids();
  const rooms = await Promise.all(
    Array.from({ length: ROOMS }, () => createRoom(facts.player_url.slice(0, -1), { options: { target_points: 10 } })),
  );
  const socket = (url: string) => openNodeSocket(`${facts.ws_url.replace(/\?.*/, '')}${new URL(url).search}`);
  for (const room of rooms) played.push(seatBots(room, socket));
  for (const room of rooms) await until('it is played', async () => Number((await meta(room)).seq) > 8);

  const run = restart();
  expect(await run.ended).toBe(0);
  expect(
    run
      .output()
      .replaceAll(/game-\w{8}/g, 'ID')
      .replaceAll(/\d+\.\d s/g, 'N s'),
  ).toBe(
    [
      'Restarting 2 instance(s), one at a time.',
      '  ID started: ready after N s, gets players after N s',
      '  ID stopped (1/2): exit code 0 after N s',
      '  ID started: ready after N s, gets players after N s',
      '  ID stopped (2/2): exit code 0 after N s',
      'Done: 2 instance(s) restarted.\n',
    ].join('\n'),
  );
  expect(ids()).toHaveLength(2);
  expect(ids().filter((id) => before.includes(id))).toEqual([]);
  expect(facts.instances.filter(({ pid }) => alive(pid))).toEqual([]);
  expect(await redis.exists(KEYS.rollingRestart)).toBe(0);
  for (const room of rooms) {
    const { owner, epoch } = await meta(room);
    expect([epoch, ids().includes(owner ?? '')]).toEqual(['2', true]);
  }
  for (const { finished, errors } of played) {
    expect(await finished).toEqual(Array(4).fill('finished'));
    expect(errors).toEqual([]);
  }
});

test('Ctrl-C ends it after the instance under way; the cluster stays whole', async () => {
  const before = ids();
  const run = restart();
  await until('a new one is there', () => /started/.test(run.output()));
  run.process.kill('SIGINT');
  expect(await run.ended).toBe(1);
  expect(run.output()).toContain('Interrupted: 1 of 2 are restarted.');
  expect(ids()).toHaveLength(2);
  expect(ids().filter((id) => before.includes(id))).toHaveLength(1);
  expect(await redis.exists(KEYS.rollingRestart)).toBe(0);
  expect((await fetch(facts.player_url)).status).toBe(200);
});

test('killed, it leaves a key that goes by itself; another one does not begin meanwhile', async () => {
  const run = restart();
  await until('it has begun', async () => (await redis.exists(KEYS.rollingRestart)) === 1);
  await end(run.process, 'SIGKILL');
  expect(await redis.pttl(KEYS.rollingRestart)).toBeGreaterThan(0);
  const second = restart();
  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(/^A rolling restart is under way, or was killed within the last 60 s/);
  await redis.del(KEYS.rollingRestart);
  // What the killed one had asked for is still done.
  await until('the supervisor is done', async () => {
    const { children } = await askSupervisor(facts.control_socket, { request: 'list' });
    const instances = children.filter(({ kind }) => kind === 'instance');
    return instances.length >= 2 && children.every(({ state }) => state === 'ready');
  });
});

test('one that does not stop in order is told; all the others are restarted all the same', async () => {
  const before = keptFacts(data).instances;
  const [hung] = before;
  if (!hung) throw new Error('no instance');
  process.kill(hung.pid, 'SIGSTOP');
  const run = restart();
  await until('it is asked to stop', async () => {
    const { children } = await askSupervisor(facts.control_socket, { request: 'list' });
    return children.some(({ id, state }) => id === hung.id && state === 'stopping');
  });
  process.kill(hung.pid, 'SIGKILL');
  expect(await run.ended).toBe(1);
  expect(run.output()).toContain(`${hung.id} stopped (1/${before.length}): SIGKILL after`);
  expect(run.output()).toContain(`All are restarted, but ${hung.id} did not stop in order`);
  expect(ids()).toHaveLength(before.length);
  expect(before.filter(({ id }) => ids().includes(id))).toEqual([]);
});

test('says in one line what keeps it from starting', () => {
  const tell = (...args: string[]) => spawnSync(process.execPath, [TOOL, ...args], { encoding: 'utf8' });
  expect(tell('--data', folder.path)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: `No cluster runs with the data folder ${folder.path}. Start one, or name it with --data.\n`,
  });
  expect(tell('--frob')).toMatchObject({ status: 1, stderr: 'Unknown argument: frob\n' });
});

test('a Redis that is no primary when it begins, as in a failover, is asked again', async () => {
  const before = ids();
  await redis.replicaof('127.0.0.1', '1');
  const run = restart();
  await until('it has connected', async () => /name=hokm-rolling-restart /.test(String(await redis.client('LIST'))));
  await redis.replicaof('NO', 'ONE');
  expect(await run.ended).toBe(0);
  expect(ids().filter((id) => before.includes(id))).toEqual([]);
});
