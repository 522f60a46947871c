/** The one program: `hokm`, its commands, and how it is misused. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { end, spawnOwned, startRedis } from '../support/programs.js';

const inRoot = (path: string) => fileURLToPath(new URL(path, packageRoot));
const MAIN = inRoot('dist/deploy/hokm/main.js');
const { version, bin } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as {
  version: string;
  bin: Record<string, string>;
};
const COMMANDS = [
  ...['game', 'controller', 'autoscaler', 'room', 'haproxy', 'redis'],
  ...['rolling-restart', 'start', 'play'],
] as const;

function hokm(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  return { code: status, stdout, stderr };
}

test('it is what the package installs, and can be started by name', () => {
  expect(bin).toEqual({ hokm: 'dist/deploy/hokm/main.js' });
  expect(readFileSync(MAIN, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test('it tells its version, and its commands with examples and exit codes', () => {
  expect(hokm('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  const { code, stdout, stderr } = hokm('--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^ +hokm ${name} +\\S`, 'm'));
  expect(stdout).toMatch(/Examples:\n/);
  expect(stdout).toMatch(/Exit: 0 /);
});

test.each(COMMANDS)('%s explains itself under its name, and does nothing', (name) => {
  const { code, stdout, stderr } = hokm(name, '--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^hokm ${name} `));
  expect(stdout).toMatch(/Examples:\n/);
});

test.each<[string[], RegExp]>([
  [[], /^Which command\? hokm --help lists them\.\n$/],
  [['rooms'], /^Did you mean room\?\n$/],
  [['--verbose'], /^Which command\? /],
  [['room'], /^Which command\? explain CODE, list or retry CODE\.\n$/],
  [['game', '--port', '7'], /^Unknown arguments?: port/],
  [['game', 'now'], /^Unknown (argument|command): now\n$/],
  [['game'], /^The configuration is not usable: HOKM_CLUSTER_SECRET /],
  [['controller'], /^The configuration is not usable: HAPROXY_SOCKET /],
])('%j: one line, and exit 1', (args, message) => {
  const { code, stdout, stderr } = hokm(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(message);
});

test('what it says to type is typed as it was itself: by name, or as a script of npm', () => {
  const { stdout } = spawnSync(process.execPath, [MAIN, 'room', '--help'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, npm_lifecycle_event: 'room' },
  });
  expect(stdout).toMatch(/^npm run room -- COMMAND/);
  expect(hokm('room', '--help').stdout).toMatch(/^hokm room COMMAND/);
});

test('words are completed, those of commands too', () => {
  const completed = (...words: string[]) => hokm('--get-yargs-completions', 'hokm', ...words).stdout.split('\n');
  expect(completed('')).toEqual(expect.arrayContaining([...COMMANDS]));
  expect(completed('room', '')).toEqual(expect.arrayContaining(['explain', 'list', 'retry']));
  expect(completed('autoscaler', '')).toEqual(expect.arrayContaining(['status', 'explain', 'policy']));
  expect(completed('rolling-restart', '--')).toEqual(expect.arrayContaining(['--data', '--policy']));
  expect(completed('game', '')).not.toContain('explain');
  expect(hokm('completion').stdout).toMatch(/hokm --get-yargs-completions/);
});

test('game is an instance: it plays until SIGTERM, and ends with 0', async () => {
  const redis = await startRedis();
  const child = spawnOwned(process.execPath, [MAIN, 'game'], {
    env: {
      PATH: process.env.PATH,
      REDIS_URL: redis.url,
      HOKM_CLUSTER_SECRET: 'secret-of-the-tests',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const [said] = (await once(child, 'message')) as [{ id: string; port: number }];
    expect((await fetch(`http://127.0.0.1:${said.port}/livez`)).status).toBe(200);
    await end(child, 'SIGTERM');
    expect(child.exitCode).toBe(0);
  } finally {
    await end(child);
    await redis.stop();
  }
});

test('every JSON document names its schema, and all schemas are listed', () => {
  const sources = ['deploy', 'autoscaler', 'haproxy'].flatMap((folder) =>
    readdirSync(inRoot(folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(inRoot(`${folder}/${path}`), 'utf8')),
  );
  const inCode = sources.flatMap((text) => text.match(/(?<=')hokm(-[a-z]+)?\/[a-z-]+@\d+(?=')/g) ?? []);
  const listed =
    readFileSync(inRoot('deploy/README.md'), 'utf8').match(/(?<=`)hokm(-[a-z]+)?\/[a-z-]+@\d+(?=`)/g) ?? [];
  expect([...new Set(listed)].sort()).toEqual([...new Set(inCode)].sort());
  expect(listed.length).toBeGreaterThan(10);
});
