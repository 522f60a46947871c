/** What install.sh puts in place on a host of three, in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../../src/runtime/package-root.js';

export const SYSTEMD = fileURLToPath(new URL('deploy/systemd', packageRoot));
/** Of this machine, so that their Redis can be started. */
export const HOSTS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;

export interface InstalledHost {
  readonly root: string;
  readonly output: string;
  read(path: string): string;
}

export interface InstalledHosts {
  readonly folder: string;
  secret(name: string): string;
  install(self: string): InstalledHost;
  remove(): void;
}

export function newHosts(): InstalledHosts {
  const folder = mkdtempSync(join(tmpdir(), 'hokm-test-'));
  const shared = join(folder, 'secrets');
  sh('secrets.sh', shared);
  return {
    folder,
    secret: (name) => readFileSync(join(shared, name), 'utf8'),
    install(self) {
      const root = join(folder, self);
      mkdirSync(join(root, 'etc/hokm'), { recursive: true });
      spawnSync('cp', ['-r', shared, join(root, 'etc/hokm/secrets')]);
      const place = ['--hosts', HOSTS.join(','), '--address', '10.0.0.10/24', '--interface', 'eth0'];
      const output = sh('install.sh', '--root', root, '--self', self, ...place);
      return { root, output, read: (path) => readFileSync(join(root, path), 'utf8') };
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }),
  };
}

/** Runs a script of deploy/systemd to its end. @throws Error with what it said */
export function sh(script: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('sh', [join(SYSTEMD, script), ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr}`);
  return stdout;
}
