/** One bootstrap at a time installs packages or builds: a second one waits and then finds the work done. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** No install takes longer: an older lock is one whose process id was given to somebody else. */
const OLDEST_MS = 15 * 60_000;

/** Runs `work` while holding the lock file. */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  while (!take(file)) await sleep(50);
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    const age = Date.now() - statSync(file).mtimeMs;
    const owner = Number(readFileSync(file, 'utf8'));
    // An empty file is one that is being written.
    if (age > OLDEST_MS || (owner > 0 && !alive(owner))) {
      // Renamed before it is deleted: of two that find it stale only one can rename it.
      const aside = `${file}.${process.pid}`;
      renameSync(file, aside);
      rmSync(aside);
    }
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return false;
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
