/** `npm run pack:client [-- FOLDER]`: packs the client package into FOLDER (default: `dist`); prints the tarball's path. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/runtime/package-root.js';
import { assemble } from './assemble.js';

const out = resolve(process.argv[2] ?? fileURLToPath(new URL('dist', packageRoot)));
const folder = join(out, 'client-package');
await assemble(folder);
const args = ['pack', folder, '--json', '--offline', '--ignore-scripts', '--pack-destination', out];
const { status, stdout } = spawnSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
if (status !== 0) throw new Error('npm pack failed; see above.');
const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[];
process.stdout.write(`${join(out, packed?.filename ?? '')}\n`);
