/** A project of somebody else, in a folder of its own, that has installed the packed client package without any network. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/runtime/package-root.js';

const inRoot = (path: string) => fileURLToPath(new URL(path, packageRoot));

/** The TypeScript example of the client library's page. */
export function clientExample(): string {
  const page = readFileSync(inRoot('src/client/README.md'), 'utf8');
  return /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
}

/** What both kinds of projects check by: everything strict, the declarations of packages included. */
const STRICT = {
  target: 'es2022',
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  noEmit: true,
};

/** A program for Node, with Node's types. */
export const NODE_PROJECT = {
  ...STRICT,
  module: 'nodenext',
  lib: ['es2022'],
  types: ['node'],
  typeRoots: [inRoot('node_modules/@types')],
};

/** A page that a bundler makes, with browsers' types and no others. */
export const BROWSER_PROJECT = {
  ...STRICT,
  module: 'esnext',
  moduleResolution: 'bundler',
  customConditions: ['browser'],
  lib: ['es2022', 'dom', 'dom.iterable'],
  types: [],
};

export class OutsideProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'hokm-outside-'));
  /** Of what was installed. */
  readonly tarball: string;

  /** Packs the client as `npm run pack:client` does, and installs it from an empty cache. */
  constructor() {
    this.tarball = run(this.folder, process.execPath, inRoot('dist/deploy/client-package/main.js'), this.folder).trim();
    const ws = `file:${inRoot('node_modules/ws')}`;
    const dependencies = { 'hokm-client': `file:${this.tarball}`, ws };
    this.write('package.json', JSON.stringify({ name: 'outside', private: true, type: 'module', dependencies }));
    const cache = `--cache=${join(this.folder, 'empty-cache')}`;
    run(this.folder, 'npm', 'install', '--offline', cache, '--ignore-scripts', '--no-audit', '--no-fund');
  }

  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** What the compiler says of the program; empty when it finds nothing. */
  typeCheck(compilerOptions: object, program: string): string {
    this.write('program.ts', program);
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    const compiler = inRoot('node_modules/typescript/bin/tsc');
    return spawnSync(process.execPath, [compiler, '--project', '.'], { cwd: this.folder, encoding: 'utf8' }).stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What the program writes to stdout. @throws Error when it fails */
function run(cwd: string, program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${error?.message ?? `${stdout}\n${stderr}`}`);
  return stdout;
}
