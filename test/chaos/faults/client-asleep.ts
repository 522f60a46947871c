/**
 * In every second room a player, or the whole table, falls asleep: the system freezes the device, and the server closes
 * sockets that answer no ping. They wake up and are back at once. Nothing for the others.
 */
import type { Seat } from '../../../src/game/game.js';
import { until } from '../../support/programs.js';
import type { ClientHistory } from '../history.js';
import { SEATS } from '../load.js';
import { Sleepers } from '../sleepers.js';
import { connections } from './connections.js';
import type { Arena, Fault } from './fault.js';

const BACK_MS = 3_000;
/** Until those who are late are given up. */
const LATE_MS = 30_000;
const OTHERS_MS = 1_500;
const LOOK_MS = 1_000;

export const clientAsleep: Fault = {
  name: 'client-asleep',
  redis: 'own',
  boundMs: BACK_MS,
  async run(arena) {
    const { load, random, strike, complain } = arena;
    const codes = load.calm.map(({ code }) => code).filter((_, at) => at % 2 === 0);
    const seats = codes.flatMap((code, at) => {
      const one = SEATS[random.between(0, SEATS.length - 1)] as Seat;
      return (at % 2 === 0 ? [one] : SEATS).map((seat) => load.lend(code, seat));
    });
    const clients = seats.map(({ history }) => history);
    const sleepers = await Sleepers.start(load, seats);
    try {
      const sleptAt = performance.now();
      sleepers.sleep();
      await watchOthers(arena, codes);
      const present = (await connections(arena)) - (SEATS.length * load.rooms.size - clients.length);
      if (present > 0) complain(`${present} of ${clients.length} who sleep are taken for present`);
      const wokenAt = performance.now();
      const inject = () => sleepers.wake();
      await strike({ affected: codes, cuts: true, returning: new Set(clients), inject });
      await allBack(arena, clients, wokenAt);
      const everybody = load.calm.flatMap(({ clients }) => clients);
      const others = everybody.filter((client) => !clients.includes(client));
      const dropped = others.flatMap(({ lines }) => lines).filter(({ closedAt }) => (closedAt ?? 0) >= sleptAt);
      if (dropped.length > 0) complain(`${dropped.length} sockets of others were dropped`);
    } finally {
      await sleepers.stop();
      for (const seat of seats) load.takeBack(seat);
    }
    return [];
  },
};

/** Until it is time to wake up; the other rooms play on all the while. */
async function watchOthers({ load, asleepMs, pause, complain }: Arena, asleep: readonly string[]): Promise<void> {
  const end = performance.now() + asleepMs;
  let told = false;
  while (performance.now() < end) {
    await pause(Math.min(LOOK_MS, end - performance.now()));
    const others = load.silent(OTHERS_MS).filter((code) => !asleep.includes(code));
    if (others.length === 0 || told) continue;
    told = true;
    complain(`others stood still: ${load.describe(others)}`);
  }
}

/** Of every player, and not of the first of a table alone. */
async function allBack({ complain, tell }: Arena, clients: readonly ClientHistory[], since: number): Promise<void> {
  const after = ({ lines }: ClientHistory) => {
    const welcomed = lines.find(({ startedAt, welcomedAt }) => startedAt >= since && welcomedAt !== undefined);
    return (welcomed?.welcomedAt ?? Number.POSITIVE_INFINITY) - since;
  };
  const times = () => clients.map(after).sort((a, b) => a - b);
  await until('all are back', () => times().every(Number.isFinite), LATE_MS).catch(() => undefined);
  const back = times();
  const [middle = 0, slowest = 0] = [back[Math.floor(back.length / 2)], back.at(-1)];
  tell(`${back.length} players are back: ${middle.toFixed(0)} ms median, ${slowest.toFixed(0)} max`);
  if (slowest > BACK_MS) complain(`${back.filter((ms) => ms > BACK_MS).length} players were not back in time`);
}
