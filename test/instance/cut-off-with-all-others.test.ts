/**
 * An instance that is cut off from Redis, as all others that it knows, keeps its players: nobody has Redis, as far as it can
 * find out. Those that have started since have it, and must not wait for a lease that Redis' clock, set back, keeps for it.
 */
import { expect, test } from '@jest/globals';
import { type Plan, planOf } from '../simulation/plan.js';
import { REDIS } from '../simulation/redis/connection.js';
import { World } from '../simulation/world.js';

const BEGIN_MS = 10_000;
/** Heartbeats of a whole lease, two more in which the controller believes in whoever is missing, the time to come back. */
const ELSEWHERE_MS = 12_000;
const PLAN: Plan = {
  ...planOf(1),
  instances: 2,
  rooms: 1,
  copies: 1,
  durability: 'primary',
  redisAwayMs: 0,
  clockErrorMs: 0,
  slowness: 1,
  turnMs: 400,
  holdMs: 60_000,
  pinned: 1,
  mischief: 0,
  overHttp: 0,
};

test.each([0, -800, -45_000, -3_600_000])(
  'its players play on elsewhere, where the clock of Redis was set by %i ms',
  async (stepMs) => {
    const world = new World(1, PLAN);
    try {
      const { timeline, network, rooms, members, server } = world;
      const [room] = rooms;
      const players = room?.players ?? [];
      const reached = () => Math.min(...players.map(({ cursor }) => cursor?.seq ?? 0));
      expect(await timeline.runUntil(() => players.length === 4 && reached() > 10, BEGIN_MS)).toBe(true);
      const owner = room && world.ownerOf(room.head.code);
      const name = owner?.process.name ?? '';
      network.cut(name, REDIS);
      network.cut(REDIS, name);
      members.find((member) => member !== owner)?.process.kill();
      world.launch();
      server.stepClock(server.nodes, stepMs);
      const before = room?.committed.size ?? 0;
      await timeline.runUntil(() => reached() > before + 10, ELSEWHERE_MS);
      expect(reached()).toBeGreaterThan(before + 10);
      expect(world.complaints).toEqual([]);
    } finally {
      world.end();
    }
  },
);
