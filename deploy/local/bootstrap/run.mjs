/** What each script needs and which compiled program it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { afterPack, beforePack } from './pack.mjs';
import { installation, installPackages } from './packages.mjs';
import { extendPath, installPrograms } from './programs.mjs';
import { Refusal, say } from './say.mjs';
import { runTests } from './tests.mjs';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Without its own Redis the cluster needs no redis-server. */
const forStart = (env) => (env.REDIS_URL || env.REDIS_SENTINELS ? ['haproxy'] : ['redis-server', 'haproxy']);

/** The program that has the operators' commands. */
const HOKM = 'dist/deploy/hokm/main.js';

/**
 * `program`: the compiled file, run in this very process, so that signals and exit codes need no passing on; `first`: its first
 * arguments;
 * `needs`: names from the table in programs.mjs; `run`: for scripts that are no program of ours; `installs`: it gets what is
 * missing, packages and programs. No other script does: a command that an operator gives changes nothing that is installed.
 */
const SCRIPTS = {
  start: { program: HOKM, first: ['start'], needs: forStart, installs: true },
  play: { program: HOKM, first: ['play'] },
  'rolling-restart': { program: HOKM, first: ['rolling-restart'] },
  room: { program: HOKM, first: ['room'] },
  haproxy: { program: HOKM, first: ['haproxy'] },
  redis: { program: HOKM, first: ['redis'] },
  autoscaler: { program: HOKM, first: ['autoscaler'] },
  hokm: { program: HOKM },
  build: { installs: true },
  prepack: { run: beforePack },
  postpack: { run: afterPack },
  'pack:client': { program: 'dist/deploy/client-package/main.js' },
  churn: { program: 'dist/test/haproxy/churn-main.js', needs: () => ['redis-server', 'haproxy'] },
  'measure-haproxy': { program: 'dist/test/haproxy/measure-main.js', needs: () => ['redis-server', 'haproxy'] },
  chaos: { program: 'dist/test/chaos/main.js', needs: () => ['redis-server', 'haproxy'] },
  soak: { program: 'dist/test/soak/main.js', needs: () => ['redis-server', 'haproxy'] },
  surge: { program: 'dist/test/surge/main.js', needs: () => ['redis-server', 'haproxy'] },
  bench: { program: 'dist/test/bench/main.js', needs: () => ['redis-server', 'haproxy'] },
  attack: { program: 'dist/test/attack/main.js', needs: () => ['redis-server', 'haproxy'] },
  model: { program: 'dist/test/model/main.js' },
  simulate: { program: 'dist/test/simulation/main.js' },
  'test:ipv6': { run: runOnIpv6, needs: () => ['redis-server', 'haproxy'], installs: true },
  test: { run: runTests, needs: () => ['redis-server', 'haproxy', 'chromium'], installs: true },
};

/** The tests of the cluster once more, with Redis, instances and HAProxy on ::1. */
function runOnIpv6(folder, args) {
  process.env.HOKM_TEST_HOST = '::1';
  return runTests(folder, ['dist/test/cluster/', ...args]);
}

export async function run([name, ...args]) {
  try {
    const script = Object.hasOwn(SCRIPTS, name ?? '') ? SCRIPTS[name] : undefined;
    if (!script) throw new Refusal(`Which script? One of: ${Object.keys(SCRIPTS).join(', ')}.`);
    await prepare(script);
    extendPath(process.env);
    const forbidden = script.installs ? {} : { HOKM_NO_INSTALL: '1' };
    installPrograms(script.needs?.(process.env) ?? [], { ...process.env, ...forbidden });
    if (script.run) await script.run(root, args);
    if (script.program) await runProgram(name, join(root, script.program), [...(script.first ?? []), ...args]);
  } catch (error) {
    say(error instanceof Refusal ? error.message : error.stack);
    process.exit(1);
  }
}

/** Installs and builds what the script may and must. @throws Refusal when it cannot run on what is there */
async function prepare({ program, installs }) {
  switch (installation(root)) {
    case 'compiled':
      if (!program) throw new Refusal('This is a compiled package: there is nothing to build or to test.');
      return;
    case 'production':
      if (program) return;
      throw new Refusal(
        'This installation was made without development packages (--omit=dev), and stays so: build and test in another checkout.',
      );
    case 'old production':
      throw new Refusal(
        'What is installed is not what package-lock.json says. Bring it up to date with: npm ci --omit=dev',
      );
    case 'other':
      if (!installs) {
        throw new Refusal(
          'What is installed is not what package-lock.json says. Bring it up to date with: npm run build',
        );
      }
      await installPackages(root);
  }
  await build(root);
}

async function runProgram(name, file, args) {
  if (!existsSync(file)) throw new Refusal(`There is no program for "${name}" in this version.`);
  process.argv = [process.execPath, file, ...args];
  await import(pathToFileURL(file).href);
}
