/** What is installed, and `npm ci` where that is not what package-lock.json says. */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withLock } from './lock.mjs';
import { Refusal, say } from './say.mjs';

/**
 * `compiled`: a package of npm, with programs and no sources. `whole`: all that package-lock.json names. `production`: made by
 * --omit=dev, and `old production` where it is not what package-lock.json says. `other`: anything else.
 */
export function installation(root) {
  if (!existsSync(join(root, 'tsconfig.json'))) return 'compiled';
  if (packagesMatch(root)) return 'whole';
  const installed = packagesIn(join(root, 'node_modules/.package-lock.json'));
  if (!installed) return 'other';
  const wanted = Object.entries(packagesIn(join(root, 'package-lock.json')) ?? {});
  const forDevelopers = wanted.filter(([, { dev }]) => dev);
  if (forDevelopers.length === 0 || forDevelopers.some(([path]) => installed[path])) return 'other';
  return wanted.every(([path, { dev, ...one }]) => dev || isThere(installed, path, one))
    ? 'production'
    : 'old production';
}

export async function installPackages(root) {
  if (packagesMatch(root)) return;
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    say('node_modules is a link and does not match package-lock.json; it is left as it is.');
    return;
  }
  // Not below node_modules, which `npm ci` deletes first.
  await withLock(join(root, 'dist/.packages.lock'), async () => {
    if (packagesMatch(root)) return;
    say('Installing packages …');
    const [command, ...first] = npm(process.env);
    const flags = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const done = spawnSync(command, [...first, 'ci', ...flags], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    if (done.error) throw new Refusal(`npm cannot be run (${done.error.code}). Install npm, then try again.`);
    if (done.status !== 0) throw new Refusal('npm ci failed; see above.');
  });
}

/**
 * Compares contents, not times: a checkout or a copy changes times at will. npm notes what it installed in
 * node_modules/.package-lock.json; optional packages of other platforms are missing there.
 */
export function packagesMatch(root) {
  const installed = packagesIn(join(root, 'node_modules/.package-lock.json'));
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return (
    installed !== undefined &&
    Object.entries(wanted).every(
      ([path, one]) => isThere(installed, path, one) && (!forAnyPlatform(one) || installed[path] !== undefined),
    )
  );
}

/** What only some users need is optional in production, but tests need it: such a package lacks nothing but its order. */
const forAnyPlatform = ({ optional, dev, os, cpu, libc }) => optional === true && !dev && !os && !cpu && !libc;

function isThere(installed, path, { version, integrity, optional }) {
  if (path === '') return true;
  const found = installed[path];
  return found ? found.version === version && found.integrity === integrity : optional === true;
}

/** The packages that a lock file names, by their paths; undefined where it cannot be read. */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** The npm that runs this script, else the one on the PATH. */
function npm(env) {
  const running = env.npm_execpath ?? '';
  return /^npm-cli\.c?js$/.test(basename(running)) ? [process.execPath, running] : ['npm'];
}
