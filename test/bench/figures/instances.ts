/** Whether a move costs more when the same rooms are played by more instances, all on one core. */
import * as servers from '../servers.js';
import type { Stand } from '../stand.js';
import { spread } from '../statistics.js';

const COUNTS = [1, 2, 4] as const;

export interface InstancesFigure {
  /** µs of all instances a move, by their number. */
  readonly cpu: readonly { readonly instances: number; readonly us: number }[];
  readonly fourToOne: number;
}

export async function measureInstances(
  stand: Stand,
  rooms: number,
  rounds: number,
  ms: number,
): Promise<InstancesFigure> {
  const groups = await Promise.all(
    COUNTS.map(async (count) => {
      const instances = await Promise.all(Array.from({ length: count }, () => servers.startInstance(stand.redisUrl)));
      const sets = instances.map((_, at) => `instances-${count}-${at}`);
      return { count, instances, sets, costs: [] as number[] };
    }),
  );
  try {
    for (const { count, instances, sets } of groups) {
      for (const [at, { port }] of instances.entries()) {
        await servers.openRooms(stand.load, sets[at] ?? '', port, Math.ceil(rooms / count), { game: 'hokm' });
      }
    }
    for (const set of groups.flatMap(({ sets }) => sets)) await stand.load.warmUp(set);
    for (let round = 1; round <= rounds; round++) {
      for (const { instances, sets, costs } of round % 2 ? groups : groups.toReversed()) {
        await stand.load.leadIn(...sets);
        const used = () => instances.reduce((sum, { process: server }) => sum + server.cpuUs(), 0);
        const before = used();
        const played = await Promise.all(sets.map((set) => stand.load.order({ do: 'play', set, ms })));
        costs.push((used() - before) / played.reduce((sum, { moves }) => sum + moves, 0));
      }
    }
  } finally {
    // Before their servers: the players would try to come back.
    await Promise.all(groups.flatMap(({ sets }) => sets.map((set) => stand.load.order({ do: 'close', set }))));
    await Promise.all(groups.flatMap(({ instances }) => instances.map(({ process: server }) => server.stop())));
  }
  const [one, , four] = groups;
  return {
    cpu: groups.map(({ count, costs }) => ({ instances: count, us: spread(costs).median })),
    fourToOne: spread((four?.costs ?? []).map((cost, round) => cost / (one?.costs[round] ?? Number.NaN))).median,
  };
}
