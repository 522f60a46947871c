/**
 * A network and a mount namespace of this program's own: there packets may be dropped and small disks mounted, and all of
 * it is gone with the program. Needs Linux, root, `unshare`, `ip` and `nft`.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { end, spawnOwned } from '../support/programs.js';

const MARK = 'HOKM_CHAOS_NAMESPACE';
const UP = 'ip link set lo up && nft list ruleset >/dev/null';
const UNSHARE = ['--net', '--mount', 'sh', '-c'];

export const insideNamespace = process.env[MARK] !== undefined;

/** Why there can be no namespace here; undefined when there can. */
export function whyNoNamespace(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.geteuid?.() !== 0) return 'needs root';
  const tried = spawnSync('unshare', [...UNSHARE, UP], { encoding: 'utf8' });
  if (tried.status === 0) return undefined;
  return `needs unshare, ip and nft (${tried.error?.message ?? tried.stderr.trim().split('\n')[0]})`;
}

/** Runs this very program again in a namespace; resolves with its exit code. */
export async function runInNamespace(stop: AbortSignal): Promise<number> {
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawnOwned('unshare', [...UNSHARE, `${UP} && exec "$@"`, 'sh', ...self], {
    env: { ...process.env, [MARK]: '1' },
    // The channel ends it should this process be killed.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  stop.addEventListener('abort', () => void end(child, 'SIGTERM'));
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
