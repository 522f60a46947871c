/**
 * From a move to the event that tells of it, at a fixed rate: beside raw `ws` with one Lua commit on the same Redis, with
 * `appendfsync always`, which this project runs with, and with `everysec`, which answers before a disk has anything; and
 * through HAProxy, as players have it.
 */
import { startRedis } from '../../support/programs.js';
import { Load } from '../load.js';
import * as servers from '../servers.js';
import { pin } from '../stand.js';
import { Door } from './door.js';
import { type Latency, type Pace, paced } from './pace.js';

export const FSYNCS = ['always', 'everysec'] as const;
export type Fsync = (typeof FSYNCS)[number];

/** With which both are measured, on one Redis each. */
interface Beside {
  readonly hokm: Latency;
  readonly rawLua: Latency;
}

export interface LatencyFigure {
  readonly perSecond: number;
  readonly fsync: Readonly<Record<Fsync, Beside>>;
  /** p50 of Hokm in parts of raw ws + Lua's, with `always`. */
  readonly toRawLua: number;
  readonly throughHAProxy: Latency;
}

export async function measureLatency(rooms: number, pace: Pace): Promise<LatencyFigure> {
  return {
    perSecond: pace.perSecond,
    ...(await besideRaw(rooms, pace)),
    throughHAProxy: await throughHAProxy(rooms, pace),
  };
}

async function besideRaw(rooms: number, pace: Pace): Promise<Pick<LatencyFigure, 'fsync' | 'toRawLua'>> {
  const redises = await Promise.all(FSYNCS.map((fsync) => startRedis(['--appendfsync', fsync])));
  const load = new Load();
  const started: servers.Server[] = [];
  try {
    const sets = FSYNCS.flatMap((fsync) => [`hokm-${fsync}`, `raw-${fsync}`] as const);
    for (const [at, fsync] of FSYNCS.entries()) {
      const redis = redises[at];
      if (redis?.process.pid === undefined) throw new Error('Redis does not run');
      pin(redis.process.pid);
      const ours = await servers.startInstance(redis.url);
      const raw = await servers.startRawWithLua(redis.url);
      started.push(ours, raw);
      await servers.openRooms(load, `hokm-${fsync}`, ours.port, rooms, { game: 'hokm' });
      const names = servers.tableNames(`raw-${fsync}`, rooms);
      await servers.openTables(load, `raw-${fsync}`, raw.port, names, 'raw');
    }
    for (const set of sets) await load.warmUp(set);
    const measured = await paced(load, sets, pace);
    const beside = (fsync: Fsync) => ({
      hokm: measured[`hokm-${fsync}`].latency,
      rawLua: measured[`raw-${fsync}`].latency,
    });
    return {
      fsync: { always: beside('always'), everysec: beside('everysec') },
      toRawLua: measured['hokm-always'].to(measured['raw-always']),
    };
  } finally {
    await load.stop();
    await Promise.all(started.map(({ process: server }) => server.stop()));
    await Promise.all(redises.map((redis) => redis.stop()));
  }
}

async function throughHAProxy(rooms: number, pace: Pace): Promise<Latency> {
  const door = await Door.open(1);
  const load = new Load();
  try {
    await servers.openRooms(load, 'latency', door.port, rooms, { game: 'hokm' });
    await load.warmUp('latency');
    return (await paced(load, ['latency'], pace)).latency.latency;
  } finally {
    await load.stop();
    await door.close();
  }
}
