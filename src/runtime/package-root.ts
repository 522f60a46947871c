import { existsSync } from 'node:fs';

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
