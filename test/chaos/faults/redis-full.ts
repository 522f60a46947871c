/** Redis has no room: its disk is full, or its memory. Nothing that was acknowledged is lost; play goes on with room. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Arena, Fault } from './fault.js';

const FULL_MS = 5_000;
/** Redis tries its disk again every second, then leases are renewed. */
const BOUND_MS = FULL_MS + 3_000;
const CHUNK = Buffer.alloc(65_536);

async function full(arena: Arena, fill: () => void, free: () => void): Promise<readonly number[]> {
  const { cluster, load, strike, pause, complain } = arena;
  try {
    const progress = strike({ affected: load.rooms.keys(), cuts: false, inject: fill });
    await pause(FULL_MS);
    const answer = await fetch(`${cluster.base}/api/rooms`, { method: 'POST', body: '{}' });
    const text = await answer.text();
    if (answer.status !== 503) complain(`a new room was answered with ${answer.status} ${text}`);
    free();
    await progress;
  } finally {
    free();
  }
  return [];
}

export const diskFull: Fault = {
  name: 'disk-full',
  redis: 'small-disk',
  boundMs: BOUND_MS,
  needs: 'namespace',
  run(arena) {
    const ballast = join(arena.cluster.redisFolder, 'ballast');
    return full(
      arena,
      () => fillUp(ballast),
      () => rmSync(ballast, { force: true }),
    );
  },
};

export const maxmemory: Fault = {
  name: 'maxmemory',
  redis: 'own',
  boundMs: BOUND_MS,
  run(arena) {
    const set = (bytes: number) => void arena.cluster.redis.config('SET', 'maxmemory', bytes);
    return full(
      arena,
      () => set(1),
      () => set(0),
    );
  },
};

/** Writes until nothing more goes in, not even a byte. */
function fillUp(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let size = CHUNK.length; size > 0; ) {
      try {
        writeSync(file, CHUNK, 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
}
