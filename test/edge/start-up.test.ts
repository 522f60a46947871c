/** An instance that cannot start says why in one message on stderr, and exits with an error. */
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { freePort, spawnOwned, startRedis, type TestRedis } from '../support/programs.js';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const main = fileURLToPath(new URL('dist/src/main.js', packageRoot));

function run(env: Record<string, string>): Promise<Ended> {
  const child = spawnOwned(process.execPath, [main], {
    env: { REDIS_URL: redis.url, HOKM_CLUSTER_SECRET: 'secret-of-the-tests', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (data: Buffer) => {
      said[stream] += String(data);
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

let redis: TestRedis;
let locked: TestRedis;
let taken: Server;
let withoutRedis: Promise<Ended>;
let nowhere: number;

beforeAll(async () => {
  [redis, locked] = await Promise.all([startRedis(), startRedis(['--requirepass', 'the-right-one'])]);
  nowhere = await freePort();
  withoutRedis = run({ REDIS_URL: `redis://127.0.0.1:${nowhere}`, HOKM_START_WAIT_MS: '500' });
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  taken.close();
  await Promise.all([redis.stop(), locked.stop()]);
});

const takenPort = () => (taken.address() as { port: number }).port;
const lockedUrl = (credentials: string) => `redis://${credentials}127.0.0.1:${locked.port}`;

test.each<[name: string, env: () => Record<string, string>, message: RegExp]>([
  ['the port is taken', () => ({ HOKM_PORT: String(takenPort()) }), /already in use 127\.0\.0\.1:\d+\. .*HOKM_PORT/],
  ['the address is not ours', () => ({ HOKM_HOST: '203.0.113.1' }), /not available 203\.0\.113\.1.*HOKM_HOST/],
  [
    'every address of the host, with none to be reached by',
    () => ({ HOKM_HOST: '0.0.0.0' }),
    /HOKM_ADVERTISED_HOST .*reach/,
  ],
  ['the same of IPv6', () => ({ HOKM_HOST: '[::]' }), /HOKM_ADVERTISED_HOST .*reach/],
  ['every address as the one to be reached by', () => ({ HOKM_ADVERTISED_HOST: '::' }), /HOKM_ADVERTISED_HOST .*reach/],
  ['a sentinel without brackets', () => ({ REDIS_SENTINELS: '::1:26379' }), /REDIS_SENTINELS .*\[address\]:port/],
  ['a wrong Redis password', () => ({ REDIS_URL: lockedUrl(':wrong@') }), /Redis at 127.* \(WRONGPASS .*REDIS_URL/],
  ['no Redis password', () => ({ REDIS_URL: lockedUrl('') }), /Redis at 127.* \(NOAUTH .*REDIS_URL/],
  [
    'sentinels on IPv6 that are not there',
    () => ({ REDIS_SENTINELS: '[::1]:1,[0:0:0:0:0:0:0:1]:2', HOKM_START_WAIT_MS: '500' }),
    /sentinels \[::1\]:1, \[::1\]:2 cannot be used/,
  ],
])('%s: one line that says what to do', async (_, env, message) => {
  const { code, stdout, stderr } = await run(env());
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^[^\n]+\n$/);
  expect(stderr).not.toMatch(/wrong@|the-right-one/);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});

test('wrong variables are all named at once, secrets without their values', async () => {
  const { code, stderr } = await run({
    REDIS_URL: 'http://user:secret-of-redis@localhost',
    HOKM_PORT: 'web',
    HOKM_CAPACITY: '0',
    HOKM_CLUSTER_SECRET: 'too-short',
    HOKM_LEASE_MS: '1000',
    HOKM_HEARTBEAT_MS: '350',
    LOG_LEVEL: 'loud',
    REDIS_SENTINELS: 'a:1,b',
  });
  expect(code).toBe(1);
  const [first, ...lines] = stderr.trimEnd().split('\n');
  expect(first).toBe('The configuration is not usable:');
  expect(lines.map((line) => line.trim().split(':')[0]).toSorted()).toEqual([
    'HOKM_CAPACITY ("0")',
    'HOKM_CLUSTER_SECRET (set)',
    'HOKM_HEARTBEAT_MS ("350")',
    'HOKM_PORT ("web")',
    'LOG_LEVEL ("loud")',
    'REDIS_SENTINELS ("a',
    'REDIS_URL (set)',
  ]);
  expect(stderr).not.toMatch(/secret-of-redis|too-short/);
});

test.each(['50%', '%zz', '%E0%A4'])(
  'a Redis password that is not encoded is told, and is not shown: %s',
  async (password) => {
    const { code, stderr } = await run({ REDIS_URL: `redis://:${password}-word@127.0.0.1:1` });
    expect(stderr).toMatch(/^The configuration is not usable: REDIS_URL \(set\): [^\n]*%25[^\n]*\n$/);
    expect(stderr).not.toContain('-word');
    expect(code).toBe(1);
  },
);

test('no Redis: one line that names the address, after a bounded wait', async () => {
  const { code, stdout, stderr } = await withoutRedis;
  expect(stderr).toMatch(new RegExp(`^Redis at 127\\.0\\.0\\.1:${nowhere} cannot be used .*REDIS_URL\\.\\n$`));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});
