/** What the npm scripts do to what is installed: start, test and build alone install anything, and only where all is there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { temporaryFolder } from '../support/programs.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let root: string;

const write = (file: string, content: string) => {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), content);
};

const NEEDED = { version: '1.0.0', integrity: 'sha512-a' };
const FOR_DEVELOPERS = { version: '2.0.0', integrity: 'sha512-b', dev: true };
const install = (packages: object) => write('node_modules/.package-lock.json', JSON.stringify({ packages }));
const onlyNeeded = { 'node_modules/needed': NEEDED };
const everything = { ...onlyNeeded, 'node_modules/tool': FOR_DEVELOPERS };

beforeEach(async () => {
  folder = await temporaryFolder();
  root = join(folder.path, 'checkout');
  cpSync(fileURLToPath(new URL('deploy/local', packageRoot)), join(root, 'deploy/local'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  });
  write('package.json', '{"type": "module"}');
  write('package-lock.json', JSON.stringify({ packages: { '': {}, ...everything } }));
  write('tsconfig.json', JSON.stringify({ include: ['src'] }));
  write('src/a.ts', 'export const a = 1;');
  write('dist/deploy/hokm/main.js', 'console.log("ran")');
  // They note that they were called, and fail.
  for (const tool of ['npm', 'apt-get', 'sudo', 'haproxy', 'redis-server']) {
    write(`bin/${tool}`, `#!/bin/sh\necho ${tool} "$@" >> '${root}/calls'\nexit 1\n`);
    chmodSync(join(root, 'bin', tool), 0o755);
  }
});
afterEach(() => folder.remove());

async function script(
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string; installed: boolean }> {
  const child = spawn(process.execPath, [join(root, 'deploy/local/bootstrap.mjs'), ...args], {
    env: { PATH: `${join(root, 'bin')}:/usr/bin:/bin` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (text) => {
      said[stream] += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...said, installed: existsSync(join(root, 'calls')) };
}

const OPERATORS = ['play', 'rolling-restart', 'room', 'haproxy', 'redis', 'autoscaler'] as const;

test.each([...OPERATORS, 'start'])(
  '%s runs what is compiled in an installation without development packages',
  async (name) => {
    install(onlyNeeded);
    const before = readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8');
    expect(await script(name)).toEqual({ code: 0, stdout: 'ran\n', stderr: '', installed: false });
    expect(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).toBe(before);
  },
);

test.each(['build', 'test'])('%s is refused there, and nothing is changed', async (name) => {
  install(onlyNeeded);
  const { code, stdout, stderr, installed } = await script(name);
  expect({ code, stdout, installed }).toEqual({ code: 1, stdout: '', installed: false });
  expect(stderr).toMatch(/^This installation was made without development packages.*\n$/);
});

test.each([...OPERATORS, 'start'])('%s is refused where the lock file wants other packages there', async (name) => {
  install({ 'node_modules/needed': { ...NEEDED, version: '0.9.0' } });
  const { code, stderr, installed } = await script(name);
  expect({ code, installed }).toEqual({ code: 1, installed: false });
  expect(stderr).toMatch(/^What is installed is not what package-lock\.json says.*npm ci --omit=dev.*\n$/);
});

test.each([...OPERATORS, 'chaos', 'bench', 'pack:client'])('%s installs nothing in a checkout either', async (name) => {
  install({ ...everything, 'node_modules/tool': { ...FOR_DEVELOPERS, version: '1.0.0' } });
  const { code, stderr, installed } = await script(name);
  expect({ code, installed }).toEqual({ code: 1, installed: false });
  expect(stderr).toMatch(/^What is installed is not what package-lock\.json says.*npm run build.*\n$/);
});

test.each(['start', 'build', 'test'])('%s installs in a checkout', async (name) => {
  install({ ...everything, 'node_modules/tool': { ...FOR_DEVELOPERS, version: '1.0.0' } });
  expect(await script(name)).toMatchObject({ code: 1, installed: true });
  expect(readFileSync(join(root, 'calls'), 'utf8')).toMatch(/^npm ci --include=dev/);
});

test('an installed package has no sources: what it has is run', async () => {
  for (const file of ['package-lock.json', 'tsconfig.json', 'src']) rmSync(join(root, file), { recursive: true });
  expect(await script('room')).toEqual({ code: 0, stdout: 'ran\n', stderr: '', installed: false });
  expect((await script('build')).stderr).toMatch(/^This is a compiled package.*\n$/);
});
