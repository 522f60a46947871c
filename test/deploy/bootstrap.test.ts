import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lookUp } from '../../deploy/local/process-table.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { temporaryFolder, until } from '../support/programs.js';

const inPackage = (path: string) => fileURLToPath(new URL(path, packageRoot));
/** The bootstrap is no TypeScript: what the tests use of it is declared here. */
const part = <Exports>(name: string): Promise<Exports> =>
  import(new URL(`deploy/local/bootstrap/${name}.mjs`, packageRoot).href);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let root: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  root = folder.path;
});
afterEach(() => folder.remove());

const write = (file: string, content: string) => {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), content);
};
const linkPackages = () => symlinkSync(inPackage('node_modules'), join(root, 'node_modules'));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Calls a function of the bootstrap in a process of its own. */
function call(name: string, expression: string): Promise<Ended> {
  return start(name, expression).ended;
}

function start(name: string, expression: string): { readonly process: ChildProcess; readonly ended: Promise<Ended> } {
  const url = new URL(`deploy/local/bootstrap/${name}.mjs`, packageRoot).href;
  const script = `const m = await import(${JSON.stringify(url)}); await m.${expression};`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (text) => {
      out[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...out })));
  return { process: child, ended };
}

test('an old Node is told so in one line', () => {
  const older = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.18.3" } })';
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [`--import=data:text/javascript,${encodeURIComponent(older)}`, inPackage('deploy/local/bootstrap.mjs'), 'build'],
    { encoding: 'utf8' },
  );
  expect([status, stdout, stderr]).toEqual([1, '', 'Node 20.19 or later is needed; this is 20.18.3.\n']);
});

test('an unknown script is answered with the names of all', () => {
  const run = spawnSync(process.execPath, [inPackage('deploy/local/bootstrap.mjs'), 'constructor'], {
    encoding: 'utf8',
  });
  expect([run.status, run.stdout, run.stderr]).toEqual([
    1,
    '',
    expect.stringMatching(/^Which script\? One of: start, /),
  ]);
});

test('packages are those of the lock file, whatever the times of the files say', async () => {
  const { packagesMatch } = await part<{ packagesMatch(root: string): boolean }>('packages');
  const installed = (packages: object) =>
    write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/extra': {}, ...packages } }));
  const one = { version: '1.0.0', integrity: 'sha512-a' };
  const other = { version: '2.0.0', integrity: 'sha512-b', optional: true, os: ['aix'] };
  write(
    'package-lock.json',
    JSON.stringify({ packages: { '': {}, 'node_modules/one': one, 'node_modules/o': other } }),
  );
  expect(packagesMatch(root)).toBe(false);
  installed({ 'node_modules/one': one, 'node_modules/o': other });
  expect(packagesMatch(root)).toBe(true);
  // An optional package of another platform is not installed.
  installed({ 'node_modules/one': one });
  expect(packagesMatch(root)).toBe(true);
  installed({ 'node_modules/o': other });
  expect(packagesMatch(root)).toBe(false);
  installed({ 'node_modules/one': { ...one, integrity: 'sha512-c' } });
  expect(packagesMatch(root)).toBe(false);
});

test('a checkout has every optional package of production that is for any platform: tests need it', async () => {
  const { packagesMatch, installation } = await part<{
    packagesMatch(root: string): boolean;
    installation(root: string): string;
  }>('packages');
  const [one, library, tool] = [
    { version: '1.0.0', integrity: 'sha512-a' },
    { version: '2.0.0', integrity: 'sha512-b', optional: true },
    { version: '3.0.0', integrity: 'sha512-c', dev: true },
  ];
  const lock = { 'node_modules/one': one, 'node_modules/library': library, 'node_modules/tool': tool };
  write('package-lock.json', JSON.stringify({ packages: { '': {}, ...lock } }));
  write('tsconfig.json', '{}');
  const installed = (packages: object) => write('node_modules/.package-lock.json', JSON.stringify({ packages }));
  installed({ 'node_modules/one': one, 'node_modules/tool': tool });
  expect(packagesMatch(root)).toBe(false);
  installed(lock);
  expect(packagesMatch(root)).toBe(true);
  // An installation for production may do without.
  installed({ 'node_modules/one': one });
  expect(installation(root)).toBe('production');
});

describe('the build', () => {
  const build = () => call('build', `build(${JSON.stringify(root)})`);
  const isNew = async () => (await part<{ upToDate(root: string): boolean }>('build')).upToDate(root);

  beforeEach(() => {
    linkPackages();
    write('package.json', '{"type": "module"}');
    write('package-lock.json', '{}');
    const options = {
      outDir: 'dist',
      rootDir: '.',
      incremental: true,
      tsBuildInfoFile: 'dist/.tsbuildinfo',
      types: [],
    };
    write('tsconfig.json', JSON.stringify({ compilerOptions: options, include: ['src', 'missing'] }));
    write('src/a.ts', 'export const a: number = 1;');
    write('src/deep/b.ts', 'export const b: number = 2;');
  });

  test('runs when a source changed, came or went, or an output is missing, and else not', async () => {
    expect(await isNew()).toBe(false);
    expect(await build()).toEqual({ code: 0, stdout: '', stderr: 'Building …\n' });
    expect(await isNew()).toBe(true);
    expect(await build()).toEqual({ code: 0, stdout: '', stderr: '' });

    // An older time is a change too: a checkout or a copy may bring one.
    utimesSync(join(root, 'src/a.ts'), 1_000_000_000, 1_000_000_000);
    expect(await isNew()).toBe(false);
    await build();

    rmSync(join(root, 'src/deep/b.ts'));
    expect(await isNew()).toBe(false);
    await build();
    expect(existsSync(join(root, 'dist/src/deep/b.js'))).toBe(false);

    rmSync(join(root, 'dist/src/a.js'));
    expect(await isNew()).toBe(false);
    await build();
    expect(readFileSync(join(root, 'dist/src/a.js'), 'utf8')).toContain('a = 1');
  });

  test('shows what the compiler finds, on stderr, and does not count as done', async () => {
    write('src/a.ts', 'export const a: number = "one";');
    const failed = await build();
    expect([failed.code === 0, failed.stdout]).toEqual([false, '']);
    expect(failed.stderr).toContain('src/a.ts(1,14): error TS2322');
    expect(await isNew()).toBe(false);
  });

  test('runs once for two that come together; the lock of a dead process does not hold it up', async () => {
    write('dist/.build.lock', String(spawnSync(process.execPath, ['-e', '0']).pid));
    const both = await Promise.all([build(), build()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.map(({ stderr }) => stderr).join('')).toBe('Building …\n');
    expect(existsSync(join(root, 'dist/.build.lock'))).toBe(false);
  });
});

describe('programs of the system', () => {
  const install = async (names: string[], env: NodeJS.ProcessEnv) =>
    (await part<{ installPrograms(names: string[], env: NodeJS.ProcessEnv): void }>('programs')).installPrograms(
      names,
      env,
    );
  /** A package manager that notes how it was called and "installs" what `makes` names. */
  const fakeManager = (name: string, ...makes: string[]) => {
    const made = makes.map((program) => `printf '' > '${root}/${program}'; /bin/chmod +x '${root}/${program}'`);
    const note = `echo "$0 $* $RUNLEVEL $DEBIAN_FRONTEND" >> '${root}/calls'; echo "could not"`;
    write(name, ['#!/bin/sh', note, ...made].join('\n'));
    chmodSync(join(root, name), 0o755);
  };
  const isRoot = process.getuid?.() === 0;
  const sudo = isRoot ? '' : 'sudo ';

  test('nothing is done when they are there', async () => {
    fakeManager('haproxy');
    await expect(install(['haproxy'], { PATH: root })).resolves.toBeUndefined();
    expect(existsSync(join(root, 'calls'))).toBe(false);
  });

  test('with HOKM_NO_INSTALL=1 one message names the command', async () => {
    await expect(install(['redis-server', 'haproxy'], { PATH: '', HOKM_NO_INSTALL: '1' })).rejects.toThrow(
      "redis-server and haproxy are missing. Install with your system's package manager",
    );
    fakeManager('apt-get');
    const refused = install(['redis-server', 'haproxy'], { PATH: root, HOKM_NO_INSTALL: '1' });
    await expect(refused).rejects.toThrow(
      `redis-server and haproxy are missing. Install with:  ${sudo}apt-get install -y --no-install-recommends redis-server haproxy`,
    );
    rmSync(join(root, 'apt-get'));
    fakeManager('dnf');
    await expect(install(['redis-server'], { PATH: root, HOKM_NO_INSTALL: '1' })).rejects.toThrow(
      `redis-server is missing. Install with:  ${sudo}dnf install -y redis`,
    );
    expect(existsSync(join(root, 'calls'))).toBe(false);
  });

  (isRoot ? test : test.skip)('root installs what is missing, and only that, without starting servers', async () => {
    symlinkSync('/usr/bin/env', join(root, 'env'));
    fakeManager('redis-server');
    fakeManager('apt-get', 'haproxy');
    const { code, stdout, stderr } = await call(
      'programs',
      `installPrograms(['redis-server', 'haproxy'], { PATH: ${JSON.stringify(root)} })`,
    );
    expect([code, stdout, stderr]).toEqual([0, '', 'Installing haproxy with apt-get …\n']);
    expect(readFileSync(join(root, 'calls'), 'utf8').split('\n')).toEqual([
      `${root}/apt-get update 1 noninteractive`,
      `${root}/apt-get install -y --no-install-recommends haproxy 1 noninteractive`,
      '',
    ]);
  });

  (isRoot ? test : test.skip)('an install that brings nothing ends with its last lines and the command', async () => {
    symlinkSync('/usr/bin/env', join(root, 'env'));
    fakeManager('apk');
    const { code, stderr } = await call('programs', `installPrograms(['haproxy'], { PATH: ${JSON.stringify(root)} })`);
    expect(code).toBe(1);
    expect(stderr).toContain('Installing haproxy with apk …\n  could not\n');
    expect(stderr).toContain('haproxy is missing, and apk could not install it (see above). Install with:  apk add');
  });
});

describe('the last line of the tests', () => {
  const run = (...args: string[]) =>
    call('tests', `runTests(${JSON.stringify(root)}, ${JSON.stringify(['--maxWorkers=1', ...args])})`);
  const imports = "import { test } from '@jest/globals';\n";

  beforeEach(() => {
    linkPackages();
    symlinkSync(inPackage('deploy'), join(root, 'deploy'));
    write('package.json', '{"type": "module"}');
    write('jest.config.mjs', 'export default { transform: {}, roots: ["<rootDir>/t"] };');
    write('t/good.test.js', `${imports}test('one', () => {}); test('two', () => {}); test.skip('three', () => {});`);
  });
  const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

  test('counts what ran, and arguments choose', async () => {
    write('t/bad.test.js', `${imports}test('bad', () => { throw new Error(); }); test.todo('later');`);
    write('t/broken.test.js', "import './not-there.js';");
    const all = await run();
    expect([all.code, lastLine(all.stdout)]).toEqual([1, 'Tests: 2 passed, 2 failed, 2 skipped']);
    const good = await run('good');
    expect([good.code, lastLine(good.stdout)]).toEqual([0, 'Tests: 2 passed, 0 failed, 1 skipped']);
  });

  test('nothing that ran is no success', async () => {
    const none = await run('nothing-like-this');
    expect([none.code, lastLine(none.stdout)]).toEqual([1, 'Tests: 0 passed, 0 failed, 0 skipped']);
    const skipped = await run('-t', 'three');
    expect([skipped.code, lastLine(skipped.stdout)]).toEqual([1, 'Tests: 0 passed, 0 failed, 3 skipped']);
  });

  describe('of a run that does not come to its end', () => {
    let jest = 0;
    afterEach(() => {
      // It outlives the one that started it where that does not pass the signal on.
      if (jest !== 0 && lookUp(jest)) process.kill(jest, 'SIGKILL');
      jest = 0;
    });

    /** A run in the middle of its first test. */
    async function midway() {
      const noted = "import { writeFileSync } from 'node:fs'; writeFileSync('pid.new', String(process.pid));";
      const hangs = "test('hangs', () => new Promise(() => setInterval(() => {}, 1_000)));";
      write(
        't/slow.test.js',
        `${imports}${noted} import { renameSync } from 'node:fs'; renameSync('pid.new', 'pid');${hangs}`,
      );
      const started = start('tests', `runTests(${JSON.stringify(root)}, ["--maxWorkers=1", "slow"])`);
      const pid = join(root, 'pid');
      await until('the test runs', async () => existsSync(pid), 30_000);
      jest = Number(readFileSync(pid, 'utf8'));
      return started;
    }

    test.each([
      ['SIGTERM', 143],
      ['SIGINT', 130],
      ['SIGHUP', 129],
    ] as const)('says that it was interrupted by %s, and gives no counts', async (signal, expected) => {
      const run = await midway();
      run.process.kill(signal);
      const { code, stdout } = await run.ended;
      expect([code, lastLine(stdout)]).toEqual([
        expected,
        `The tests were interrupted by ${signal}: this run has no result.`,
      ]);
      expect(stdout).not.toMatch(/^Tests: \d+ passed/m);
    });

    test('says so too when only the process that runs the tests is killed', async () => {
      const run = await midway();
      process.kill(jest, 'SIGKILL');
      const { code, stdout } = await run.ended;
      expect([code, lastLine(stdout)]).toEqual([137, 'The tests were interrupted by SIGKILL: this run has no result.']);
    });

    test('says so of a run that exits before it has counted', async () => {
      write('t/exits.test.js', `${imports}test('exits', () => process.reallyExit(0));`);
      const { code, stdout } = await run('exits');
      expect([code, lastLine(stdout)]).toEqual([1, 'The tests broke off (exit code 0): this run has no result.']);
    });
  });
});
