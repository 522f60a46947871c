/**
 * Puts the client package together: one bundle for browsers and one for Node, the declarations that they reach, a reference
 * page made from these, and the manifest of `src/client`. Nothing of the server is in it.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { packageRoot } from '../../src/runtime/package-root.js';
import { apiPage } from './api-page.js';
import { type Declarations, type Declared, exportsOf, reachableFiles, unexported } from './declarations.js';

const root = fileURLToPath(packageRoot);
const ENTRIES = ['client/browser.d.ts', 'client/node.d.ts'] as const;

/** @throws Error when the declarations need a package, or name a type that is not exported. */
export async function assemble(folder: string): Promise<void> {
  const manifest = readFileSync(join(root, 'src/client/package.json'), 'utf8');
  const { name } = JSON.parse(manifest) as { name: string };
  const emitted = emitDeclarations();
  const { paths, packages } = reachableFiles(emitted, ENTRIES);
  const files = new Map([...emitted].filter(([path]) => paths.includes(path)));
  const exported = exportedBy(files);
  const open = [...packages, ...unexported(files, exported)];
  if (open.length > 0) throw new Error(`The declarations of the client package are not complete: ${open.join(', ')}.`);

  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundle(folder);
  for (const [path, text] of files) {
    const file = join(folder, 'types', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  writeFileSync(join(folder, 'package.json'), manifest);
  writeFileSync(join(folder, 'API.md'), apiPage(name, exported));
  copyFileSync(join(root, 'src/client/README.md'), join(folder, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

/** What either entry exports; `joinTable`, which both have, once. */
function exportedBy(files: Declarations): Declared[] {
  const all = ENTRIES.flatMap((entry) => exportsOf(files, entry));
  return [...new Map(all.map((declared) => [declared.name, declared])).values()];
}

function emitDeclarations(): Declarations {
  const out = mkdtempSync(join(tmpdir(), 'hokm-declarations-'));
  try {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const project = join(root, 'deploy/client-package/tsconfig.json');
    const args = [compiler, '--project', project, '--outDir', out];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`The declarations cannot be made:\n${stdout}`);
    const paths = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.d.ts'));
    return new Map(paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(out, path), 'utf8')]));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

async function bundle(folder: string): Promise<void> {
  const common = { absWorkingDir: root, bundle: true, format: 'esm', target: 'es2022', logLevel: 'warning' } as const;
  await build({
    ...common,
    entryPoints: ['src/client/browser.ts'],
    outfile: join(folder, 'browser.js'),
    platform: 'browser',
  });
  await build({
    ...common,
    entryPoints: ['src/client/node.ts'],
    outfile: join(folder, 'node.js'),
    platform: 'node',
    external: ['ws'],
  });
}
