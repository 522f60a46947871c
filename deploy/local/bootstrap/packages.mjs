/** `npm ci` when what is installed is not what package-lock.json says. */
import { spawnSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withLock } from './lock.mjs';
import { Refusal, say } from './say.mjs';

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
  let installed;
  try {
    installed = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = installed[path];
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

/** The npm that runs this script, else the one on the PATH. */
function npm(env) {
  const running = env.npm_execpath ?? '';
  return /^npm-cli\.c?js$/.test(basename(running)) ? [process.execPath, running] : ['npm'];
}
