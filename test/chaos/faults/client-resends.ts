/**
 * In some rooms a player's move is sent ten times, on one socket and on ten: it has one effect, and one answer. Nothing for
 * the others.
 */
import type { Seat } from '../../../src/game/game.js';
import { until } from '../../support/programs.js';
import type { Command } from '../history.js';
import { SEATS } from '../load.js';
import type { Way } from '../resending-socket.js';
import type { Arena, Fault } from './fault.js';

const TIMES = 10;
/** Bad networks are their owners' own: were there many at a time, it would be their load that others feel. */
const APART = 8;
const WAYS: readonly Way[] = ['one socket', 'a socket each'];
/** From the first of a move to its last answer. */
const ANSWERED_MS = 3_000;
/** Until those who are late are given up, with the turn that has to come first. */
const LATE_MS = 30_000;

export const clientResends: Fault = {
  name: 'client-resends',
  redis: 'own',
  boundMs: 0,
  async run(arena) {
    for (const way of WAYS) await resend(arena, way);
    return [];
  },
};

async function resend({ load, random, strike, complain, tell }: Arena, way: Way): Promise<void> {
  const rooms = load.calm.filter((_, at) => at % APART === 0);
  const clients = rooms.map(({ players, clients: histories }) => {
    const seat = SEATS[random.between(0, SEATS.length - 1)] as Seat;
    return { player: players[seat], history: histories[seat] };
  });
  let moves: (() => Command | undefined)[] = [];
  const inject = () => {
    moves = clients.map(({ player, history }) => {
      const resends = player?.resend(TIMES, way);
      return () => resends?.id && history?.commands.get(resends.id);
    });
  };
  await strike({ affected: load.rooms.keys(), cuts: false, inject });
  const durations = await Promise.all(moves.map(answered));
  const slowest = Math.max(...durations);
  tell(`${durations.length} moves sent ${TIMES} times, ${way}: the last answer after ${slowest.toFixed(0)} ms`);
  if (slowest > ANSWERED_MS) complain(`the answers to resends came late, ${way}: ${slowest.toFixed(0)} ms`);
  for (const move of moves) {
    const { id, times, acks, refused } = move() ?? {};
    const seqs = new Set(acks?.map(({ seq }) => seq));
    if (times === TIMES && acks?.length === TIMES && seqs.size === 1 && refused === null) continue;
    const answers = `${acks?.length} acks at ${[...seqs].join(', ')}, refused ${refused}`;
    complain(`move ${id}, sent ${times} times by ${way}, was answered with ${answers}`);
  }
}

/** From the first sending to the last answer, ms. */
async function answered(move: () => Command | undefined): Promise<number> {
  await until('all is answered', () => (move()?.acks.length ?? 0) >= TIMES, LATE_MS).catch(() => undefined);
  return performance.now() - (move()?.sentAt ?? 0);
}
