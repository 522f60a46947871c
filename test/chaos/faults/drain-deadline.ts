/**
 * An instance is told to stop and cannot give its rooms away in the time it has, because Redis is slow. Nobody may lose
 * sight of what is left, not even rooms whose players are away.
 */
import { Registry } from '../../../src/cluster/registry.js';
import type { RoomCode } from '../../../src/protocol/ids.js';
import { until } from '../../support/programs.js';
import type { Arena, Fault } from './fault.js';
import { signal } from './signal.js';
import { busiest } from './victim.js';

const DRAIN_MS = 1_000;
const DELAY_MS = 300;
const LEASE_MS = 5_000;
/** Until rooms that have lost their owner have another. */
const FOUND_MS = LEASE_MS + 2_000;
/** Until nobody looks any more. */
const AT_LAST_MS = 30_000;

export const drainDeadline: Fault = {
  name: 'drain-deadline',
  redis: 'relayed',
  boundMs: DRAIN_MS + FOUND_MS,
  settings: { HOKM_DRAIN_MS: String(DRAIN_MS) },
  async run(arena) {
    const { cluster, load, relay, strike, pause } = arena;
    if (!relay) throw new Error('there is no relay');
    const { id, pid, rooms } = await busiest(cluster, load);
    const left = rooms.filter((_, at) => at % 2 === 0);
    const players = left.flatMap((room) => load.rooms.get(room)?.players ?? []);
    for (const player of players) player.loseNetwork();
    const staying = rooms.filter((room) => !left.includes(room));
    try {
      relay.delayMs = DELAY_MS;
      await pause(2 * DELAY_MS);
      const progress = strike({ affected: staying, cuts: true, inject: () => signal(pid, 'SIGTERM') });
      await until('the instance ends', () => !cluster.facts().instances.some((one) => one.pid === pid), 30_000);
      relay.delayMs = 0;
      await cluster.redisAnswers();
      await found(arena, id, rooms);
      for (const player of players) player.findNetwork();
      await progress;
    } finally {
      relay.delayMs = 0;
      for (const player of players) player.findNetwork();
    }
    return [pid];
  },
};

/** Every room has an owner that lives, within the time that is promised. */
async function found({ cluster, complain, tell }: Arena, gone: string, rooms: readonly RoomCode[]): Promise<void> {
  const registry = new Registry(cluster.redis, LEASE_MS);
  const since = performance.now();
  let lost: RoomCode[] = [...rooms];
  const all = async () => {
    const { instances } = await registry.list();
    const metas = [...(await cluster.metas(rooms)).values()];
    const live = ({ owner }: { owner: string | null }) => owner !== gone && instances.some(({ id }) => id === owner);
    lost = metas.filter((meta) => !live(meta)).map(({ head }) => head.code);
    return lost.length === 0;
  };
  const after = () => `${((performance.now() - since) / 1_000).toFixed(1)} s after the end`;
  const late = () =>
    complain(`${lost.length} of ${rooms.length} rooms (${lost.slice(0, 3)}) have no living owner ${after()}`);
  await until('every room is owned', all, FOUND_MS).catch(late);
  await until('every room is owned at last', all, AT_LAST_MS).then(
    () => tell(`all ${rooms.length} rooms were owned ${after()}`),
    late,
  );
}
