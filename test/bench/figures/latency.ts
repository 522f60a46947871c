/** From a move to the event that tells of it, at a fixed rate through HAProxy. */
import { Load } from '../load.js';
import * as servers from '../servers.js';
import { quantile } from '../statistics.js';
import { Door } from './door.js';

export interface LatencyFigure {
  readonly perSecond: number;
  /** ms, over all four who hear of each move. */
  readonly p50: number;
  readonly p99: number;
  /** Moves that were due and found no table ready for one. */
  readonly missed: number;
}

const SETTLE_MS = 1_000;

export async function measureLatency(rooms: number, perSecond: number, ms: number): Promise<LatencyFigure> {
  const door = await Door.open(1);
  const load = new Load();
  try {
    await servers.openRooms(load, 'latency', door.port, rooms, { game: 'hokm' });
    await load.warmUp('latency');
    await load.order({ do: 'pace', set: 'latency', ms: SETTLE_MS, perSecond });
    const { latencies, missed } = await load.order({ do: 'pace', set: 'latency', ms, perSecond });
    const sorted = latencies.toSorted((a, b) => a - b);
    return { perSecond, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), missed };
  } finally {
    await load.stop();
    await door.close();
  }
}
