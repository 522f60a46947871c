import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, as a file URL with a trailing slash: assets are read from there, built or not. */
export const packageRoot: URL = (() => {
  let folder = new URL('./', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) {
    const parent = new URL('../', folder);
    if (parent.href === folder.href) throw new Error('package.json not found above the running code');
    folder = parent;
  }
  return folder;
})();

/** Of the local cluster, where none is named: in the checkout; with an installed package, which others own, where one works. */
export const DATA_FOLDER: string = existsSync(new URL('tsconfig.json', packageRoot))
  ? fileURLToPath(new URL('.hokm', packageRoot))
  : resolve('.hokm');
