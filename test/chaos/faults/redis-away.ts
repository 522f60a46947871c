/**
 * All of Redis is away for longer than a turn. Tables say that they are frozen and keep their sockets, clocks stand, and
 * play goes on after it.
 */
import type { Fault } from './fault.js';

/** A turn is 20 s. */
const AWAY_MS = 25_000;
/** Every table has noticed by then. */
const NOTICED_MS = 8_000;

export const redisAway: Fault = {
  name: 'redis-away',
  redis: 'sentinel',
  boundMs: AWAY_MS + 5_000,
  async run({ sentinel, load, strike, pause, complain }) {
    if (!sentinel) throw new Error('there is no Sentinel');
    const primary = await sentinel.primary();
    const since = performance.now();
    const inject = () => sentinel.killAll();
    const progress = strike({ affected: load.rooms.keys(), cuts: false, inject });
    try {
      await pause(NOTICED_MS);
      const players = [...load.rooms.values()].flatMap((room) => room.players);
      const unaware = players.filter(({ state }) => state.connection !== 'frozen');
      if (unaware.length > 0) complain(`${unaware.length} of ${players.length} clients were not told of the freeze`);
      await pause(AWAY_MS - NOTICED_MS);
    } finally {
      await sentinel.rejoinAll(primary);
    }
    await progress;
    // Elsewhere players leave, and what they ask for is refused when somebody else was first.
    const clients = load.calm.flatMap(({ clients: present }) => present);
    const thrown = clients.flatMap(({ lines }) => lines).filter(({ closedAt }) => (closedAt ?? 0) >= since);
    if (thrown.length > 0) complain(`${thrown.length} sockets were closed`);
    const late = clients.flatMap(({ commands }) => [...commands.values()]).filter(({ sentAt }) => sentAt >= since);
    const refused = late.filter((command) => command.refused !== null);
    if (refused.length > 0) complain(`${refused.length} moves were refused: clocks went on`);
    return [];
  },
};
