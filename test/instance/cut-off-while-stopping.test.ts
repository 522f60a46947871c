/** An instance that is cut off from Redis and told to stop can give no room away: its players must not wait for its end. */
import { expect, test } from '@jest/globals';
import { type Plan, planOf } from '../simulation/plan.js';
import { REDIS } from '../simulation/redis/connection.js';
import { World } from '../simulation/world.js';

/** Within which others play such a room on: the lease, the time to find out who is gone, the time to come back. */
const ELSEWHERE_MS = 10_000;
const BEGIN_MS = 10_000;
const PLAN: Plan = {
  ...planOf(1),
  instances: 3,
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

/** What else would tell that the instance is gone: HAProxy's controller, which ends its sessions, and the end of its lease. */
const helpless: Record<string, (world: World) => void> = {
  'no controller tells HAProxy': ({ balancer }) => balancer.end(),
  "Redis' clock, set back, keeps its lease": ({ server }) => server.stepClock(server.nodes, -45_000),
};

test.each(Object.keys(helpless).flatMap((why) => [0, 1_000, 2_500].map((afterMs) => [afterMs, why] as const)))(
  'an instance that is told to stop %i ms after it lost Redis sends its players where the room goes on: %s',
  async (afterMs, why) => {
    const world = new World(1, PLAN);
    try {
      const { timeline, network, rooms } = world;
      const [room] = rooms;
      const players = room?.players ?? [];
      const reached = () => Math.min(...players.map(({ cursor }) => cursor?.seq ?? 0));
      expect(await timeline.runUntil(() => players.length === 4 && reached() > 10, BEGIN_MS)).toBe(true);
      // Heartbeats have run for longer than a lease everywhere.
      await timeline.runUntil(() => false, BEGIN_MS);
      const owner = room && world.ownerOf(room.head.code);
      const name = owner?.process.name ?? '';
      network.cut(name, REDIS);
      network.cut(REDIS, name);
      helpless[why]?.(world);
      await timeline.runUntil(() => false, afterMs);
      const before = room?.committed.size ?? 0;
      owner?.process.run(() => void owner.instance.stop());
      await timeline.runUntil(() => reached() > before + 10, ELSEWHERE_MS);
      expect(reached()).toBeGreaterThan(before + 10);
      expect(room && world.ownerOf(room.head.code)).not.toBe(owner);
      expect(world.complaints).toEqual([]);
    } finally {
      world.end();
    }
  },
);
