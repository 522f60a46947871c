/** The other servers' packages, which are none of this product's: installed beside their programs when they are needed. */
import { packageRoot } from '../../src/runtime/package-root.js';
import { PEERS } from './servers.js';

interface Packages {
  installPackages(root: string): Promise<void>;
}

/** @throws when npm cannot get them */
export async function installPeers(): Promise<void> {
  const url = new URL('deploy/local/bootstrap/packages.mjs', packageRoot).href;
  const { installPackages } = (await import(url)) as Packages;
  await installPackages(PEERS);
}
