/** The client as a package: an outside project installs the tarball without network and compiles against it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { packageRoot } from '../../src/runtime/package-root.js';
import { BROWSER_PROJECT, clientExample, NODE_PROJECT, OutsideProject } from '../support/outside-project.js';

let project: OutsideProject;
let installed: (path: string) => string;

beforeAll(() => {
  project = new OutsideProject();
  installed = (path) => readFileSync(join(project.folder, 'node_modules/hokm-client', path), 'utf8');
});
afterAll(() => project.remove());

test('the example compiles in a Node project under strict', () => {
  expect(project.typeCheck(NODE_PROJECT, clientExample())).toBe('');
});

test('a page compiles against it with the types of browsers alone', () => {
  const page = `
    import { CommandRefused, joinTable, type RoomCode, readRoomCode, SeatsInStorage, type TableState, wakeWith } from 'hokm-client';
    const code: RoomCode | undefined = readRoomCode(location.search);
    const table = joinTable({ url: 'wss://cards.example/ws', room: code ?? '', store: new SeatsInStorage(localStorage) });
    wakeWith(window, table);
    const show = ({ connection, error }: TableState): string => error?.code ?? connection;
    table.subscribe((state) => document.body.append(show(state)));
    table.command({ type: 'start' }).catch((error: unknown) => error instanceof CommandRefused && error.frame.code);
  `;
  expect(project.typeCheck(BROWSER_PROJECT, page)).toBe('');
});

test('a wrong use does not compile: the types are not any', () => {
  const wrong = "import { joinTable } from 'hokm-client';\njoinTable({ url: 7, room: 'A' });\n";
  expect(project.typeCheck(NODE_PROJECT, wrong)).toMatch(/program\.ts\(2,13\): error TS2322/);
});

test('Node loads it, and needs ws alone', () => {
  const file = project.write(
    'load.mjs',
    "import * as client from 'hokm-client';\nconsole.log(Object.keys(client).join());\n",
  );
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  expect([stdout.trim().split(',').toSorted(), stderr]).toEqual([
    [
      'CommandRefused',
      'PHRASES',
      'SeatsInStorage',
      'Table',
      'joinTable',
      'openNodeSocket',
      'playAsBot',
      'readRoomCode',
      'wakeWith',
    ],
    '',
  ]);
  const imported = [...installed('node.js').matchAll(/^import .* from "([^"]+)"/gm)].map(([, from]) => from);
  expect(imported).toEqual(['ws']);
});

test('a bundler for browsers takes it without any other package', async () => {
  const file = project.write(
    'page.js',
    "import { joinTable } from 'hokm-client';\njoinTable({ url: '', room: '' });\n",
  );
  const { metafile } = await build({
    absWorkingDir: project.folder,
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  });
  expect(Object.keys(metafile.inputs)).toEqual(['node_modules/hokm-client/browser.js', 'page.js']);
});

test('its manifest depends on ws alone, and has the version of the cluster', () => {
  const manifest = JSON.parse(installed('package.json')) as { version: string; dependencies: Record<string, string> };
  const cluster = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as { version: string };
  expect(Object.keys(manifest.dependencies)).toEqual(['ws']);
  expect(manifest.version).toBe(cluster.version);
  // Without network npm has found no other ws than the cluster's: its version is in the range.
  expect(manifest.dependencies.ws).toMatch(/^\^/);
});

test('the page of its API tells what every name is for', () => {
  const sections = installed('API.md').split(/^### /m).slice(1);
  expect(sections.length).toBeGreaterThan(40);
  const bare = sections.filter((section) => /^\w+\n+```/.test(section)).map((section) => section.split('\n')[0]);
  expect(bare).toEqual([]);
  expect(installed('API.md')).toContain('command(command: TableCommand, turn?: Seq | null): Promise<Seq>;');
  expect(installed('API.md')).not.toMatch(/^ +private /m);
  expect(existsSync(join(project.folder, 'node_modules/hokm-client/LICENSE'))).toBe(true);
});
