/** The players of every second room lose their network, and come back by another. Nothing for the others. */
import type { Fault } from './fault.js';

const AWAY_MS = 5_000;
const OTHERS_MS = 1_500;

export const clientAway: Fault = {
  name: 'client-away',
  redis: 'own',
  boundMs: 3_000,
  async run({ load, strike, pause, complain }) {
    const rooms = [...load.rooms.values()].filter((_, at) => at % 2 === 0);
    const codes = rooms.map(({ code }) => code);
    const players = rooms.flatMap((room) => room.players);
    for (const player of players) player.loseNetwork();
    await pause(AWAY_MS);
    const others = load.silent(OTHERS_MS).filter((code) => !codes.includes(code));
    if (others.length > 0) complain(`others stood still: ${load.describe(others)}`);
    const inject = () => {
      for (const player of players) player.findNetwork();
    };
    await strike({ affected: codes, cuts: true, inject });
    return [];
  },
};
