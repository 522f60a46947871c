/** Programs that come from the system's package manager, and how to get them from there. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Refusal, say } from './say.mjs';

/** Where servers lie that are not on every user's PATH. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/opt/homebrew/bin', '/usr/local/bin'];

/** Name of the program → its package for each package manager; `*` for all others. */
const PACKAGES = {
  'redis-server': { '*': 'redis', 'apt-get': 'redis-server' },
  haproxy: { '*': 'haproxy' },
  chromium: { '*': 'chromium' },
};

/** The services that some distributions start when these packages are installed. */
const SERVICES = ['redis-server', 'redis', 'haproxy'];

const MANAGERS = [
  { name: 'apt-get', update: ['update'], install: ['install', '-y', '--no-install-recommends'], root: true },
  { name: 'dnf', install: ['install', '-y'], root: true },
  { name: 'apk', install: ['add', '--no-cache'], root: true },
  { name: 'pacman', install: ['-Sy', '--noconfirm', '--needed'], root: true },
  { name: 'brew', install: ['install'], root: false },
];

/** Makes the programs of MORE_FOLDERS visible to everything that is started from here. */
export function extendPath(env) {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  env.PATH = [...folders, ...MORE_FOLDERS.filter((folder) => !folders.includes(folder))].join(delimiter);
}

/**
 * Makes sure that the programs are there.
 * @throws Refusal with the command to run, when they cannot be or must not be installed from here.
 */
export function installPrograms(names, env) {
  const missing = names.filter((name) => !find(name, env));
  if (missing.length === 0) return;
  const manager = MANAGERS.find(({ name }) => find(name, env));
  const packages = manager && missing.map((name) => PACKAGES[name][manager.name] ?? PACKAGES[name]['*']);
  const isRoot = process.getuid?.() === 0;
  const prefix = manager?.root && !isRoot ? ['sudo'] : [];
  const refuse = (reason) => {
    const what = `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing${reason}.`;
    const command = manager && [...prefix, manager.name, ...manager.install, ...packages].join(' ');
    throw new Refusal(`${what} Install ${command ? `with:  ${command}` : "with your system's package manager"}`);
  };
  if (env.HOKM_NO_INSTALL === '1' || !manager) refuse('');
  if (prefix.length && spawnSync('sudo', ['-n', 'true'], { env, stdio: 'ignore' }).status !== 0) refuse('');

  say(`Installing ${packages.join(' and ')} with ${manager.name} …`);
  // `sudo` resets the environment, hence `env`. RUNLEVEL=1 keeps Debian's install scripts from starting the servers.
  const settings = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  const order = (...words) => {
    const [command, ...args] = [...prefix, ...(prefix.length ? ['-n'] : []), ...settings, ...words];
    return spawnSync(command, args, { env, encoding: 'utf8', maxBuffer: 2 ** 26 });
  };
  // A package list that cannot be refreshed may still do.
  if (manager.update) order(manager.name, ...manager.update);
  const done = order(manager.name, ...manager.install, ...packages);
  if (done.status !== 0 || missing.some((name) => !find(name, env))) {
    const lines = `${done.stdout ?? ''}\n${done.stderr ?? ''}`.split('\n').filter((line) => line.trim());
    for (const line of lines.slice(-10)) say(`  ${line}`);
    refuse(`, and ${manager.name} could not install ${missing.length > 1 ? 'them' : 'it'} (see above)`);
  }
  if (manager.root && existsSync('/run/systemd/system')) {
    // Under systemd the packages start their servers whatever RUNLEVEL says: they were not there before, so off again.
    for (const name of SERVICES.filter((service) => missing.some((program) => program.startsWith(service)))) {
      order('systemctl', 'disable', '--now', name);
    }
  }
}

/** Full path of the program, or undefined. */
export function find(name, env) {
  return [...(env.PATH ?? '').split(delimiter).filter(Boolean)]
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
