/** Redis has no room: its disk is full, or its memory. Nothing that was acknowledged is lost; play goes on with room. */
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../support/programs.js';
import { SmallDisk } from '../small-disk.js';
import type { Arena, Fault } from './fault.js';
import { pidOf } from './pid.js';

const FULL_MS = 5_000;
/** Redis is started again at least every second, then leases are renewed. */
const BOUND_MS = FULL_MS + 3_000;
const CHUNK = Buffer.alloc(65_536);
const MB = 2 ** 20;

/** How long the limit may take to be noticed, and rooms to have gone on, ms. */
const NOTICED_MS = 5_000;
const PLAYING_MS = 1_500;

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function newRoom({ cluster }: Arena): Promise<Answer> {
  const answer = await fetch(`${cluster.base}/api/rooms`, { method: 'POST', body: '{}' });
  return { status: answer.status, text: await answer.text() };
}

async function full(arena: Arena, fill: () => void, free: () => void): Promise<void> {
  const { load, strike, pause } = arena;
  try {
    const progress = strike({ affected: load.rooms.keys(), cuts: false, inject: fill });
    await pause(FULL_MS);
    const { status, text } = await newRoom(arena);
    if (status !== 503) arena.complain(`a new room was answered with ${status} ${text}`);
    free();
    await progress;
  } finally {
    free();
  }
}

/** New rooms are refused while there still is room for those that are played; then Redis ends on its full disk. */
export const diskFull: Fault = {
  name: 'disk-full',
  redis: 'small-disk',
  boundMs: BOUND_MS,
  needs: 'namespace',
  settings: { HOKM_MIN_FREE_MB: String(SmallDisk.minFreeMb) },
  async run(arena) {
    const { cluster, load, complain } = arena;
    const redis = pidOf(cluster, 'redis');
    const ballast = join(cluster.redisFolder, 'ballast');
    try {
      fillUp(ballast, (SmallDisk.minFreeMb - 1) * MB);
      const refused = async () => /STORAGE_LOW/.test((await newRoom(arena)).text);
      await until('new rooms are refused', refused, NOTICED_MS);
      await until('all rooms are played all the same', () => load.playing(PLAYING_MS), NOTICED_MS);
      await full(
        arena,
        () => fillUp(ballast, 0),
        () => rmSync(ballast, { force: true }),
      );
      if (pidOf(cluster, 'redis') === redis) complain('Redis did not end on a full disk: what it answered was on none');
    } finally {
      rmSync(ballast, { force: true });
    }
    return [redis];
  },
};

export const maxmemory: Fault = {
  name: 'maxmemory',
  redis: 'own',
  boundMs: BOUND_MS,
  async run(arena) {
    const set = (bytes: number) => void arena.cluster.redis.config('SET', 'maxmemory', bytes);
    await full(
      arena,
      () => set(1),
      () => set(0),
    );
    return [];
  },
};

/** Writes until so many bytes are left; with 0, until nothing more goes in, not even a byte. */
function fillUp(path: string, left: number): void {
  const file = openSync(path, 'a');
  try {
    const { bavail, bsize } = statfsSync(path);
    let missing = left === 0 ? Number.POSITIVE_INFINITY : bavail * bsize - left;
    for (let size = CHUNK.length; size > 0 && missing > 0; ) {
      try {
        missing -= writeSync(file, CHUNK, 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
}
