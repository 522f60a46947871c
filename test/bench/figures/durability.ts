/** What a move costs in rooms of each durability, and how long it takes: one instance, whose Redis has one replica. */

import { connect, ready } from '../../../src/redis/client.js';
import type { Durability } from '../../../src/room/state.js';
import { testConfig } from '../../support/config.js';
import { startRedis, until } from '../../support/programs.js';
import { Load } from '../load.js';
import * as servers from '../servers.js';
import { pin } from '../stand.js';
import { spread } from '../statistics.js';
import { type Latency, type Pace, paced } from './pace.js';

export const MODES: readonly Durability[] = ['async', 'primary', 'replicated'];

export interface DurabilityFigure {
  /** µs of the instance a move. */
  readonly cpu: Readonly<Record<Durability, number>>;
  readonly perSecond: number;
  /** At so many moves a second. */
  readonly latency: Readonly<Record<Durability, Latency>>;
  readonly asyncToPrimary: number;
  readonly replicatedToPrimary: number;
}

export async function measureDurability(
  rooms: number,
  rounds: number,
  ms: number,
  pace: Pace,
): Promise<DurabilityFigure> {
  const primary = await startRedis();
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(primary.port)]);
  const load = new Load();
  for (const { process: child } of [primary, replica]) if (child.pid !== undefined) pin(child.pid);
  await replicates(primary.url);
  const { process: server, port } = await servers.startInstance(primary.url, { env: { REDIS_COPIES: '2' } });
  try {
    const costs: Record<Durability, number[]> = { async: [], primary: [], replicated: [] };
    for (const durability of MODES)
      await servers.openRooms(load, durability, port, rooms, { game: 'hokm', durability });
    for (const mode of MODES) await load.warmUp(mode);
    for (let round = 1; round <= rounds; round++) {
      for (const set of round % 2 ? MODES : MODES.toReversed()) {
        await load.leadIn(set);
        const before = server.cpuUs();
        const { moves } = await load.order({ do: 'play', set, ms });
        costs[set].push((server.cpuUs() - before) / moves);
      }
    }
    const toPrimary = (mode: Durability) =>
      spread(costs[mode].map((cost, round) => cost / (costs.primary[round] ?? Number.NaN))).median;
    const cost = (mode: Durability) => spread(costs[mode]).median;
    const stretches = await paced(load, MODES, pace);
    const latency = (mode: Durability) => stretches[mode].latency;
    return {
      cpu: { async: cost('async'), primary: cost('primary'), replicated: cost('replicated') },
      perSecond: pace.perSecond,
      latency: { async: latency('async'), primary: latency('primary'), replicated: latency('replicated') },
      asyncToPrimary: toPrimary('async'),
      replicatedToPrimary: toPrimary('replicated'),
    };
  } finally {
    await server.stop();
    await load.stop();
    await Promise.all([replica.stop(), primary.stop()]);
  }
}

async function replicates(url: string): Promise<void> {
  const config = testConfig(url);
  const redis = connect(config, 'bench');
  await ready(redis, config, 5_000);
  await until('the replica follows', async () => (await redis.wait(1, 100)) === 1);
  redis.disconnect();
}
