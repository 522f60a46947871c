/** What production installs: the packed package, without network, sources, a build or development packages. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { Player } from '../edge/player.js';
import { createRoom } from '../support/cluster.js';
import { end, spawnOwned, startRedis, type TestRedis } from '../support/programs.js';

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version: string; readonly dev?: true; readonly optional?: true }>
  >;
}

const inRoot = (path: string) => fileURLToPath(new URL(path, packageRoot));
const json = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as unknown;
const wanted = Object.entries((json(inRoot('package-lock.json')) as Lock).packages).filter(([path]) => path !== '');

const folder = mkdtempSync(join(tmpdir(), 'hokm-test-'));
/** Where production has it. */
const site = join(folder, 'opt/hokm');
const program = join(folder, 'bin/hokm');
let redis: TestRedis;

/** As deploy/README.md says. */
beforeAll(async () => {
  redis = await startRedis();
  run('npm', inRoot('.'), 'pack', '--silent', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  mkdirSync(site, { recursive: true });
  run('tar', site, 'xzf', join(folder, tarball), '--strip-components=1');
  const flags = ['--omit=dev', '--ignore-scripts', '--offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const done = spawnSync('npm', ['ci', ...flags], { cwd: site, encoding: 'utf8' });
  // npm's cache may be gone while the packages are there: then they are put where npm would have put them.
  if (/ENOTCACHED/.test(done.stderr)) copyPackages();
  else expect([done.status, done.stderr]).toEqual([0, '']);
  mkdirSync(dirname(program));
  symlinkSync(join(site, 'dist/deploy/hokm/main.js'), program);
});
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(command: string, cwd: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}\n${stderr}`}`);
  return stdout;
}

function copyPackages(): void {
  for (const [path, { dev }] of wanted) {
    if (!dev && existsSync(inRoot(path))) cpSync(inRoot(path), join(site, path), { recursive: true });
  }
}

/** Every file that is installed, with its size and time. */
function everything(): string[] {
  return readdirSync(site, { recursive: true, encoding: 'utf8' })
    .map((path) => [path, statSync(join(site, path))] as const)
    .map(([path, { size, mtimeMs, mode }]) => `${path} ${size} ${mtimeMs} ${mode}`)
    .sort();
}

const environment = () => ({ PATH: process.env.PATH, REDIS_URL: redis.url });

test('it has programs, what they read, and the versions of all packages; no sources and no tests', () => {
  const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !path.startsWith('node_modules'),
  );
  expect(files).toEqual(
    expect.arrayContaining([
      ...['npm-shrinkwrap.json', 'README.md', 'LICENSE', 'haproxy/haproxy.cfg', 'haproxy/game.cfg', 'haproxy/503.html'],
      ...['dist/deploy/hokm/main.js', 'dist/web/index.html', 'autoscaler/policy.example.yaml', 'deploy/README.md'],
    ]),
  );
  expect(files.filter((path) => /\.tsx?$|(^|\/)(test|tsconfig\.json|package-lock\.json)$/.test(path))).toEqual([]);
  // Written for the package, and not left behind.
  expect(existsSync(inRoot('npm-shrinkwrap.json'))).toBe(false);
});

test('exactly the packages of package-lock.json that are not for development are installed', () => {
  for (const [path, { version, dev, optional }] of wanted) {
    const file = join(site, path, 'package.json');
    const found = existsSync(file) ? (json(file) as { version: string }).version : undefined;
    if (dev) expect([path, found]).toEqual([path, undefined]);
    else if (!optional || found !== undefined) expect([path, found]).toEqual([path, version]);
  }
});

test('hokm runs by its name, and changes nothing that is installed', () => {
  const before = everything();
  const { version } = json(inRoot('package.json')) as { version: string };
  expect(run(program, folder, '--version')).toBe(`${version}\n`);
  const listed = spawnSync(program, ['room', 'list', '--json'], { cwd: folder, encoding: 'utf8', env: environment() });
  expect([listed.status, listed.stderr]).toEqual([0, '']);
  expect(JSON.parse(listed.stdout)).toEqual({ schema: 'hokm/rooms@1', complete: true, rooms: [] });
  // Its scripts are other names for the same, here too.
  const aliased = spawnSync('npm', ['run', '--silent', 'room', '--', 'list', '--json'], {
    cwd: site,
    encoding: 'utf8',
    env: { ...process.env, ...environment() },
  });
  expect([aliased.status, aliased.stderr]).toEqual([0, '']);
  expect(JSON.parse(aliased.stdout)).toMatchObject({ rooms: [] });
  expect(everything()).toEqual(before);
});

test('an installed instance serves the page, and a table is played on it', async () => {
  const child = spawnOwned(process.execPath, [program, 'game'], {
    cwd: folder,
    env: { ...environment(), HOKM_CLUSTER_SECRET: 'secret-of-the-tests', LOG_LEVEL: 'error' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toMatch(/<script/);
    const room = await createRoom(`http://127.0.0.1:${port}`);
    const player = await Player.join(`ws://127.0.0.1:${port}/ws`, room, { name: 'Sara' });
    expect(player.seat).not.toBeNull();
    await player.drop();
    await end(child, 'SIGTERM');
    expect(child.exitCode).toBe(0);
  } finally {
    await end(child);
  }
});
