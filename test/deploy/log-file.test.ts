/** Logs of children that go on writing while their log is rotated: by its size here, or by somebody else. */
import type { ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LogFile } from '../../deploy/local/log-file.js';
import { Logs } from '../../deploy/local/logs.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { end, spawnOwned, temporaryFolder, until } from '../support/programs.js';

const MOST = 20_000;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let children: ChildProcess[];
beforeEach(async () => {
  folder = await temporaryFolder();
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => end(child)));
  await folder.remove();
});

/** Prints numbered lines until it is ended. */
const writer = (log: LogFile) =>
  log.open((output) => {
    const child = spawnOwned('sh', ['-c', 'n=0; while :; do n=$((n+1)); echo "line $n of the child"; done'], {
      stdio: ['ignore', output, output],
    });
    children.push(child);
    return child;
  });
const numbers = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/^line (\d+) of the child$/gm)].map(([, number]) => Number(number));
const isContiguous = (all: readonly number[]) => all.every((number, at) => number === (all[0] ?? 0) + at);

test('a log that is too long is emptied, its end is kept, and the child writes on', async () => {
  const log = new LogFile(folder.path, 'game', MOST);
  writer(log);
  for (let round = 0; round < 3; round++) {
    await until('the log is too long', () => statSync(log.path).size > MOST);
    log.bound();
    expect(statSync(`${log.path}.1`).size).toBeLessThanOrEqual(2 * MOST);
    expect(isContiguous(numbers(`${log.path}.1`))).toBe(true);
    const kept = numbers(`${log.path}.1`).at(-1) ?? 0;
    await until('it goes on', () => (numbers(log.path)[0] ?? 0) > kept);
  }
  expect(readdirSync(folder.path).sort()).toEqual(['game.log', 'game.log.1']);
  expect(log.lastLines(2)).toEqual([expect.stringMatching(/^line \d+/), expect.stringMatching(/^line \d+/)]);
});

test.each([
  ['renames it', false],
  ['renames it and makes an empty one', true],
])('who rotates from outside %s: after reopening both have what is theirs', async (_, makes) => {
  const log = new LogFile(folder.path, 'game');
  writer(log);
  for (const year of [2026, 2027]) {
    await until('it writes', () => statSync(log.path).size > 0);
    const rotated = join(folder.path, `game.log.${year}`);
    renameSync(log.path, rotated);
    if (makes) writeFileSync(log.path, '');
    const size = statSync(rotated).size;
    await until('the child writes to the file that it has', () => statSync(rotated).size > size);
    log.reopen();
    const before = numbers(rotated);
    expect(before.length).toBeGreaterThan(0);
    expect(isContiguous(before)).toBe(true);
    await until('the child writes under the old name', () => (numbers(log.path)[0] ?? 0) > (before.at(-1) ?? 0));
    expect(numbers(rotated)).toEqual(before);
    // Nobody has rotated it since.
    log.reopen();
    expect(existsSync(log.path)).toBe(true);
  }
});

test('a log that somebody has deleted harms nobody', async () => {
  const log = new LogFile(folder.path, 'game', MOST);
  const child = writer(log);
  await until('it writes', () => statSync(log.path).size > 0);
  renameSync(log.path, join(folder.path, 'gone'));
  closeSync(openSync(join(folder.path, 'gone'), 'r'));
  await folder.remove();
  log.reopen();
  log.bound();
  expect(child.exitCode).toBeNull();
});

test('all logs of a cluster are looked at again and again', async () => {
  const logs = new Logs(folder.path, new SystemClock(), (line) => {
    throw new Error(line);
  });
  const log = logs.of('game');
  log.open((output) => writeFileSync(output, Buffer.alloc(17 * 2 ** 20, 'x\n')));
  logs.start();
  try {
    await until('the log is rotated', () => statSync(log.path).size === 0);
    expect(statSync(`${log.path}.1`).size).toBe(16 * 2 ** 20);
  } finally {
    logs.stop();
  }
});
