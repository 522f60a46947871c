/**
 * The clock of Redis' host steps: 45 s back, as a time service does it, an hour ahead, and back again. While it steps ahead
 * the players of some rooms are about to come back: nobody has been away for an hour. No table stands still, no room is
 * closed or taken over.
 */
import { until } from '../../support/programs.js';
import { SEATS } from '../load.js';
import type { Arena, Fault } from './fault.js';
import { LEASE_AND_MORE_MS, untaken } from './untaken.js';

const LEASE_MS = 5_000;
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const STEPS_MS = [-45 * SECOND_MS, 0, HOUR_MS, 0];
/** Players of one room of so many are away for a moment. */
const AWAY_EVERY = 4;
const AWAY_MS = 500;
/** At one calm table of so many a bot plays: when it moves, a clock alone decides. */
const BOT_EVERY = 3;
const LEFT_MS = 5_000;
/** Between two moves of a table that is played; bots take their time. */
const QUIET_MS = LEASE_MS + 3_000;

export const redisClock: Fault = {
  name: 'redis-clock',
  redis: 'stepped',
  boundMs: LEASE_MS,
  needs: 'compiler',
  async run(arena) {
    const returned = await withBots(arena);
    await untaken(arena, async () => {
      try {
        for (const offset of STEPS_MS) await step(arena, offset);
      } finally {
        arena.stepped?.step(0);
        returned();
      }
    });
    return [];
  },
};

/** At some tables a player leaves, and a bot plays on in that seat. @returns what brings players back */
async function withBots({ load }: Arena): Promise<() => void> {
  const rooms = load.calm.filter((_, at) => at % BOT_EVERY === BOT_EVERY - 1);
  const place = SEATS.length - 1;
  for (const { players } of rooms) void players[place]?.command({ type: 'leave' });
  const left = () => rooms.every(({ players }) => players[place]?.state.connection === 'closed');
  await until('players have left', left, LEFT_MS);
  return () => {
    for (const { replace } of rooms) replace(place, SEATS[place]);
  };
}

async function step({ cluster, load, stepped, strike, pause, complain, tell }: Arena, offset: number): Promise<void> {
  if (!stepped) throw new Error('the clock of this Redis cannot be set');
  const rooms = [...load.rooms.values()];
  const away = offset > 0 ? rooms.filter((_, at) => at % AWAY_EVERY === 0) : [];
  const players = away.flatMap((room) => room.players);
  for (const player of players) player.loseNetwork();
  await pause(AWAY_MS);
  const staying = rooms.filter((room) => !away.includes(room)).map(({ code }) => code);
  const progress = strike({ affected: staying, cuts: false, inject: () => stepped.step(offset) });
  const [seconds = 0] = (await cluster.redis.time()).map(Number);
  if (Math.abs(seconds * SECOND_MS - Date.now() - offset) > 5 * SECOND_MS) complain("Redis' clock has not stepped");
  tell(`the clock is ${offset / SECOND_MS} s ahead`);
  for (const player of players) player.findNetwork();
  await pause(LEASE_AND_MORE_MS);
  await progress;
  const still = load.silent(QUIET_MS);
  if (still.length > 0) complain(`tables stand still: ${load.describe(still)}`);
}
