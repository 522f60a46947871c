/** What `npm pack` needs, and what it leaves. */
import { chmodSync, copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What production unpacks gets the very versions of package-lock.json, which npm never packs: as npm-shrinkwrap.json, which is
 * there for the time of packing. Development packages stay in it: `npm ci` refuses a lock that lacks some of package.json's.
 */
const SHRINKWRAP = 'npm-shrinkwrap.json';

export function beforePack(root) {
  copyFileSync(join(root, 'package-lock.json'), join(root, SHRINKWRAP));
  // Unpacked by tar, it is started by its name; npm would see to that where it installs it itself.
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const program of Object.values(bin)) chmodSync(join(root, program), 0o755);
}

export function afterPack(root) {
  rmSync(join(root, SHRINKWRAP), { force: true });
}
