import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DataFolder } from '../../deploy/local/data-folder.js';
import { ChildNotes } from '../../deploy/local/orphans.js';
import { lookUp } from '../../deploy/local/process-table.js';
import { keptSecrets } from '../../deploy/local/secrets.js';
import { StartFailed } from '../../deploy/local/start-failed.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { end, spawnOwned, temporaryFolder } from '../support/programs.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const sleepers: ChildProcess[] = [];
afterEach(() => Promise.all(sleepers.splice(0).map((child) => end(child))));

function sleeper(): ChildProcess {
  const child = spawnOwned(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'mark'], { detached: true });
  sleepers.push(child);
  return child;
}

test('only one can hold the folder; it is private', () => {
  const held = DataFolder.open(folder.path);
  expect(() => DataFolder.open(folder.path)).toThrow(StartFailed);
  expect(() => DataFolder.open(folder.path)).toThrow(`process ${process.pid}`);
  held.release();
  DataFolder.open(folder.path).release();
  expect(statSync(held.redis).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder.path).sort()).toEqual(['logs', 'redis', 'run']);
});

test('the lock of a process that is gone is taken over, also when its pid was given to another', async () => {
  const gone = sleeper();
  await end(gone);
  const lock = join(folder.path, 'lock');
  for (const owner of [{ pid: gone.pid, started: '1' }, { pid: process.pid, started: 'another time' }, 'no JSON']) {
    writeFileSync(lock, JSON.stringify(owner));
    const held = DataFolder.open(folder.path);
    expect(JSON.parse(readFileSync(lock, 'utf8')).pid).toBe(process.pid);
    held.release();
  }
});

test('a folder that cannot be written is told in one line', () => {
  writeFileSync(join(folder.path, 'file'), '');
  expect(() => DataFolder.open(join(folder.path, 'file'))).toThrow(/cannot be used .*--data/);
});

test('secrets are made once, and differ between folders', async () => {
  const other = await temporaryFolder();
  const [one, two] = [DataFolder.open(folder.path), DataFolder.open(other.path)];
  const made = keptSecrets(one);
  expect(keptSecrets(one)).toEqual(made);
  const passwords = [...Object.values(made), ...Object.values(keptSecrets(two))].filter((value) => value !== 'hokm');
  expect(new Set(passwords).size).toBe(passwords.length);
  await other.remove();
});

test('orphans are ended, but never another process that has their pid by now', async () => {
  const held = DataFolder.open(folder.path);
  const [orphan, stranger] = [sleeper(), sleeper()];
  const note = (pid = 0, started = lookUp(pid)?.started, mark = 'mark') => ({ pid, started, mark });
  const notes = [note(orphan.pid), note(stranger.pid, 'another time'), note(stranger.pid, undefined, 'redis-server')];
  writeFileSync(held.childrenFile, JSON.stringify(notes));
  expect(await new ChildNotes(held).endOrphans(new SystemClock())).toBe(1);
  expect(lookUp(orphan.pid ?? 0)).toBeUndefined();
  expect(lookUp(stranger.pid ?? 0)).toBeDefined();
});
