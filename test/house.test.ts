/** The rules of the house: which way imports point, which names belong to one module, and how files are kept. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../src/runtime/package-root.js';
import {
  CODE,
  entries,
  FOLDERS,
  having,
  type Import,
  paths,
  type Source,
  sources,
  strangers,
  under,
} from './house/sources.js';

test('sources are found, and their imports are read', () => {
  expect(sources.length).toBeGreaterThan(90);
  const main = sources.find(({ path }) => path === 'src/main.ts');
  expect(main?.imports).toContainEqual({ from: 'src/instance/create-instance.ts', typeOnly: false });
  const lost = strangers(CODE, ({ from }) => !/\.(ts|mjs)$/.test(from) || paths.includes(from));
  expect(lost).toEqual([]);
});

/** What each part may import besides itself. `node:` modules are free where no line says otherwise. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  'src/errors.ts': [],
  'src/config.ts': ['src/runtime/address.ts', 'zod'],
  'src/runtime/': ['pino', 'prom-client', 'pidusage', 'systeminformation'],
  'src/game/': ['zod'],
  'src/protocol/': ['src/game/', 'src/errors.ts', 'zod'],
  'src/room/': ['src/protocol/', 'src/game/', 'src/errors.ts', 'src/runtime/', 'zod'],
  'src/redis/': ['src/room/', 'src/protocol/', 'src/runtime/', 'src/config.ts', 'ioredis'],
  'src/cluster/': ['src/redis/', 'src/room/', 'src/protocol/', 'src/game/', 'src/errors.ts', 'src/runtime/', 'zod'],
  'src/edge/': [
    'src/cluster/',
    'src/room/',
    'src/protocol/',
    'src/game/',
    'src/errors.ts',
    'src/runtime/',
    'ws',
    'zod',
  ],
  'src/instance/': [
    'src/edge/',
    'src/cluster/',
    'src/redis/',
    'src/protocol/',
    'src/config.ts',
    'src/errors.ts',
    'src/runtime/',
  ],
};

test.each(Object.entries(PARTS))('imports of %s point one way', (part, others) => {
  const known = under(part, ...others);
  expect(strangers([part], ({ from }) => known(from) || from.startsWith('node:'))).toEqual([]);
});

test('the game is pure: it imports nothing but itself and zod, and the shuffle its hashes', () => {
  const own = under('src/game/', 'zod');
  const hashes = (wanted: Import, by: Source) => by.path === 'src/game/shuffle.ts' && wanted.from === 'node:crypto';
  expect(strangers(['src/game/'], (wanted, by) => own(wanted.from) || hashes(wanted, by))).toEqual([]);
});

test('what browsers load needs no Node and no part of the server', () => {
  const loadable = under('src/client/', 'src/web/', 'src/protocol/', 'src/game/');
  const onPages = under('preact', 'preact/hooks', 'lean-qr');
  const isPage = under('src/web/');
  const isNodeOnly = under('src/client/node.ts', 'src/client/terminal/', 'src/client/terminal.ts');
  const parts = ['src/client/', 'src/web/'];
  expect(
    strangers(parts, ({ from }, by) => loadable(from) || isNodeOnly(by.path) || (isPage(by.path) && onPages(from))),
  ).toEqual([]);
  const server = under('src/room/', 'src/cluster/', 'src/edge/', 'src/redis/', 'src/instance/', 'src/main.ts');
  expect(strangers(parts, ({ from }) => !server(from))).toEqual([]);
});

test('the controller and the autoscaler know neither rooms nor games nor the edge', () => {
  const foreign = under('src/room/', 'src/game/', 'src/edge/', 'src/instance/', 'src/client/', 'src/main.ts');
  expect(strangers(['haproxy/', 'autoscaler/'], ({ from }) => !foreign(from))).toEqual([]);
  expect(strangers(['src/'], ({ from }) => !under('haproxy/', 'autoscaler/', 'deploy/', 'test/')(from))).toEqual([]);
});

test('Redis and WebSockets each live in one folder', () => {
  expect(
    strangers(
      ['src/', 'haproxy/', 'autoscaler/', 'deploy/', 'test/'],
      // One of those that the bench compares with is made of the libraries alone.
      ({ from }, by) => from !== 'ioredis' || under('src/redis/', 'test/bench/servers/raw.ts')(by.path),
    ),
  ).toEqual([]);
  expect(strangers(CODE, ({ from }, by) => from !== 'ws' || under('src/edge/', 'src/client/node.ts')(by.path))).toEqual(
    [],
  );
  const parts = ['src/room/', 'src/cluster/', 'src/edge/', 'src/protocol/', 'src/runtime/'];
  const isScript = under('src/redis/');
  // `generationOf` tells whether a connection is still the one that a command went to.
  expect(strangers(parts, ({ from, typeOnly }) => !isScript(from) || typeOnly)).toEqual([]);
});

test('names of keys and channels are spelled in one file', () => {
  const spelled = /\bhokm:[\w{$]|\bservice:[\w{$]|:(room|instance|inbox|seat)s?:|:\{\$?\{?\w*\}+:/;
  expect(having(spelled, CODE)).toEqual(['src/redis/keys.ts']);
  const scripts = paths.filter((path) => path.startsWith('src/redis/lua/'));
  const called = scripts.flatMap((path) => [
    ...readFileSync(new URL(path, packageRoot), 'utf8').matchAll(/redis\.call\('(\w+)'(?:, ([^,)]+))?/g),
  ]);
  expect(called.length).toBeGreaterThan(40);
  // In Redis Cluster a script reaches what it was told in KEYS.
  expect(called.filter(([, name, key]) => name !== 'TIME' && !/^KEYS\[\w+\]$/.test(key ?? ''))).toEqual([]);
});

/** Also parts of the controller, the autoscaler or the tools. */
const SHARED_PARTS: ReadonlySet<string> = new Set([
  'Bus',
  'Fencing',
  'Lifecycle',
  'RedisRoomStore',
  'Registry',
  'RoomIndex',
]);

const PART_FOLDERS = ['src/cluster/', 'src/edge/', 'src/redis/', 'src/room/'];
const namesOf = (code: string, pattern: RegExp) => [...code.matchAll(pattern)].map(([, name = '']) => name);
const classes = sources
  .filter(({ path }) => under(...PART_FOLDERS)(path))
  .flatMap(({ code }) => namesOf(code, /\bexport class (\w+)/g));
const making = (names: readonly string[]) => new RegExp(`\\bnew (${names.join('|')})\\(`);

test('an instance is made of its parts in src/instance alone', () => {
  const made = sources
    .filter(({ path }) => under('src/instance/')(path))
    .flatMap(({ code }) => namesOf(code, /\bnew ([A-Z]\w+)\(/g));
  const own = made.filter((name) => classes.includes(name) && !SHARED_PARTS.has(name));
  expect(own).toEqual(expect.arrayContaining(['Ownership', 'Migration', 'HeartbeatLease', 'Players', 'HttpApi']));
  expect(having(making(own), CODE, ['src/instance/'])).toEqual([]);
  const main = sources.find(({ path }) => path === 'src/main.ts');
  expect(main?.text.split('\n').length).toBeLessThanOrEqual(40);
});

/** What connections to Redis and to other instances behave by: the simulated ones, which are ports, by the same as the real ones. */
const CONNECTION_RULES: ReadonlySet<string> = new Set(['GatheredCommits', 'Pulse', 'SilenceDetector', 'StartTimeout']);

test('the simulation makes no part of an instance by itself', () => {
  expect(classes).toEqual(expect.arrayContaining(['Ownership', 'PlayerSocket', 'Mailbox', 'RedisRoomStore']));
  // The contract of the store, on the simulated Redis.
  // And the controller's part.
  const parts = classes.filter((name) => !CONNECTION_RULES.has(name) && name !== 'Registry');
  expect(having(making(parts), ['test/simulation/'], ['test/simulation/redis.test.ts'])).toEqual([]);
  const makers = ['src/instance/create-instance.ts', 'src/main.ts', 'test/simulation/instance.ts'];
  expect(having(/\bcreateInstance\(/, ['test/', 'src/']).toSorted()).toEqual(makers);
});

test('chance comes from the random module alone', () => {
  expect(having(/\bMath\.random\b/, [...CODE, 'test/'])).toEqual([]);
  const cryptic = /\brandom(Bytes|Int|UUID|FillSync)\b/;
  expect(having(cryptic, ['src/', 'haproxy/', 'autoscaler/'], ['src/runtime/random.ts'])).toEqual([]);
});

test('time comes from the clock module, but for browsers', () => {
  // The lock's age is told by the file system, whose clock is the system's.
  const allowed = ['src/runtime/clock.ts', 'src/client/', 'src/web/', 'deploy/local/bootstrap/lock.mjs'];
  expect(having(/\bDate\.now\b|\bnew Date\(|\bDate\(\)/, CODE, allowed)).toEqual([]);
});

test('the environment is read in the config module, but for the bootstrap, which runs before it is compiled', () => {
  const bootstrap = sources.map(({ path }) => path).filter((path) => /^deploy\/local\/.*\.mjs$/.test(path));
  expect(having(/\bprocess\.env\b/, CODE, ['src/config.ts', ...bootstrap])).toEqual([]);
});

test('nothing is any, and nothing is taken for granted', () => {
  expect(having(/[:<|&(,=]\s*any\b(?!['"`\s]*[a-z:])|\bas any\b|\bany\[\]/, [...CODE, 'test/'])).toEqual([]);
});

test('no comment switches the compiler or the linter off', () => {
  const silenced = /@ts-(?:ignore|nocheck|expect-error)|biome-(?:ignore)|eslint-(?:disable)/;
  // The whole text: a directive is a comment, which `code` does not have.
  const files = paths.filter((path) => /\.(tsx?|mjs|css|html|json)$/.test(path));
  expect(files.filter((path) => silenced.test(readFileSync(new URL(path, packageRoot), 'utf8')))).toEqual([]);
});

test('hosts and ports become one text, and two again, in one file', () => {
  const glued = /\$\{[^{}]*(?:host|address|\bip)\w*(?:\([^{}]*\))?\}:|\d\.\d+:\$\{|\[\$\{[^{}]*(?:host|address)/i;
  const cut = /\b(?:lastIndexOf|split)\(':'\)/;
  expect(having(glued, [...CODE, 'test/support/'])).toEqual(['src/runtime/address.ts']);
  // No addresses there.
  expect(having(cut, CODE, ['src/cluster/seats-index.ts', 'autoscaler/history.ts'])).toEqual([
    'src/runtime/address.ts',
  ]);
});

test('files are short enough to be read at once', () => {
  const long = sources.filter(({ text }) => text.split('\n').length - 1 > 400).map(({ path }) => path);
  expect(long).toEqual([]);
});

test('there is no drawer for odds and ends', () => {
  expect(paths.filter((path) => /(^|\/)(utils?|helpers?|misc|common)(\/|\.[a-z]+$)/i.test(path))).toEqual([]);
});

test('the root has only what belongs there', () => {
  const allowed = new Set([...FOLDERS, 'package.json', 'package-lock.json', 'README.md', 'LICENSE']);
  /** Not of the repository: installed, built, written by tests, written while the package is packed. */
  const made = new Set(['node_modules', 'dist', 'test-output', 'npm-shrinkwrap.json']);
  const isConfig = /^\.|^(tsconfig|biome|jest\.config)(\.[a-z]+)+$/;
  const odd = entries
    .map(({ name }) => name)
    .filter((name) => !allowed.has(name) && !made.has(name) && !isConfig.test(name));
  expect(odd).toEqual([]);
});

const scripts = paths.filter((path) => path.endsWith('.lua'));

test('Lua is found in its folder alone', () => {
  expect(scripts.length).toBeGreaterThan(5);
  expect(scripts.filter((path) => !path.startsWith('src/redis/lua/'))).toEqual([]);
});

test.each(scripts)('%s has its contract in its header, with as many keys as its name says', (path) => {
  const count = Number(/\/[a-z][A-Za-z]+-(\d)\.lua$/.exec(path)?.[1]);
  const text = readFileSync(new URL(path, packageRoot), 'utf8');
  const header = /^--\[\[\n([A-Z][\s\S]*?)\n\]\]\n/.exec(text)?.[1] ?? '';
  const keys = [...header.matchAll(/KEYS\[(\d)\] \S/g)].map((match) => Number(match[1]));
  expect(keys).toEqual(Array.from({ length: count }, (_, at) => at + 1));
  expect(header).toMatch(/^Reply {2,}\S/m);
  const body = text.slice(header.length);
  for (const kind of ['KEYS', 'ARGV']) {
    const used = new Set([...body.matchAll(new RegExp(`${kind}\\[(\\d+)\\]`, 'g'))].map((match) => match[1]));
    for (const number of used) expect([path, header]).toEqual([path, expect.stringContaining(`${kind}[${number}`)]);
  }
});

/** Pauses that are the fault under test, or stand-ins for programs, which have a rhythm of their own. */
// And tools beside the tests, which wait for a moment drawn by lot.
const PAUSES: readonly string[] = [
  'test/haproxy/resilience.test.ts',
  'test/deploy/stubs/',
  'test/chaos/campaign.ts',
  'test/chaos/command-request.ts',
  'test/bench/',
];

test('tests wait for conditions: none sleeps outside of test/support', () => {
  const pause = /\bsetTimeout\(\s*(resolve|done|r)\b|\bawait sleep\(|timers\/promises/;
  expect(having(pause, ['test/'], ['test/support/', ...PAUSES])).toEqual([]);
});
