/** A rolling restart of a cluster that is not local: by the driver of a policy, under play, and what it tells. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openNodeSocket } from '../../src/client/node.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { createRoom, startInstance, type TestInstance } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { type BotTable, seatBots } from '../support/players.js';
import { end, spawnOwned, startRedis, type TestRedis, temporaryFolder, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

const TOOL = fileURLToPath(new URL('dist/deploy/ops/rolling-restart-main.js', packageRoot));
const QUICK = { HOKM_BOT_DELAY_MS: '8', HOKM_MESSAGE_RATE: '1000' };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let redis: TestRedis;
let connection: RedisConnection;
/** By the handles that the driver knows them by. */
const fleet = new Map<string, TestInstance>();
/** What the driver's commands ask: instances are this process's, as machines are a cloud's. */
let cloud: Server;
let policy: string;

beforeAll(async () => {
  [folder, redis] = await Promise.all([temporaryFolder(), startRedis()]);
  connection = await connectToRedis(redis.url);
  cloud = createServer(async (request, response) => {
    const [, what = '', handle = ''] = (request.url ?? '').split('/');
    if (what === 'start') {
      void startInstance(redis.url, QUICK).then((instance) => fleet.set(handle, instance));
      response.end(handle);
    } else if (what === 'stop') {
      fleet.get(handle)?.process.kill('SIGTERM');
      response.end();
    } else response.end([...fleet].map(([name, { id }]) => `${name} ${id}`).join('\n'));
  });
  cloud.listen(0, '127.0.0.1');
  await once(cloud, 'listening');
  const base = `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`;
  const command = (...words: string[]) => [
    process.execPath,
    '-e',
    `fetch(process.argv.slice(1).join('/')).then((reply) => reply.text()).then((text) => console.log(text))`,
    base,
    ...words,
  ];
  const driver = {
    type: 'command',
    start: command('start', '{key}'),
    stop: command('stop', '{handle}'),
    list: command('list'),
  };
  policy = join(folder.path, 'policy.json');
  writeFileSync(policy, JSON.stringify({ version: 1, mode: 'act', min: 2, max: 4, boot_s: 5, driver }));
  for (const handle of ['vm-1', 'vm-2']) fleet.set(handle, await startInstance(redis.url, QUICK));
});
afterAll(async () => {
  await Promise.all([...fleet.values()].map((instance) => end(instance.process)));
  cloud.close();
  connection.disconnect();
  await redis.stop();
  await folder.remove();
});

async function restart(...args: string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, REDIS_URL: redis.url };
  const child = spawnOwned(process.execPath, [TOOL, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      output += String(text);
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

test('restarts every instance by the driver, while a match is played to its end', async () => {
  const before = [...fleet.values()];
  const [first] = before;
  const room = await createRoom(`http://127.0.0.1:${first?.port}`, { options: { target_points: 3 } });
  const played: BotTable = seatBots(room, (url) => openNodeSocket(`${first?.url}${new URL(url).search}`));
  await until('it is played', async () => Number((await connection.hgetall(KEYS.roomMeta(room))).seq) > 8);
  const { code, output } = await restart('--policy', policy);
  expect(output.replaceAll(/game-\w{8}/g, 'ID').replaceAll(/\d+\.\d s/g, 'N s')).toBe(
    [
      'Restarting 2 instance(s), one at a time.',
      '  ID started: ready after N s, gets players after N s',
      '  ID stopped (1/2): in order after N s',
      '  ID started: ready after N s, gets players after N s',
      '  ID stopped (2/2): in order after N s',
      'Done: 2 instance(s) restarted.\n',
    ].join('\n'),
  );
  expect(code).toBe(0);
  for (const { process: child } of before) await until('it has ended', () => child.exitCode === 0);
  const { owner } = await connection.hgetall(KEYS.roomMeta(room));
  expect([...fleet.values()].filter((one) => !before.includes(one)).map(({ id }) => id)).toContain(owner);
  expect(await connection.exists(KEYS.rollingRestart)).toBe(0);
  for (const table of played.tables) table.close();
});

test('without a policy, or with one that can start nothing, it says what is missing', async () => {
  expect(await restart()).toMatchObject({ code: 1, output: expect.stringMatching(/^--policy .*HOKM_POLICY.*\n$/) });
  const advisory = join(folder.path, 'advisory.yaml');
  writeFileSync(advisory, 'version: 1\n');
  expect(await restart('--policy', advisory)).toMatchObject({
    code: 1,
    output: expect.stringMatching(/names no driver .*\n$/),
  });
});
