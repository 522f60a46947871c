/** Where the simulated HAProxy sends players: it may know nothing of rooms, but it knows its servers. */
import { expect, test } from '@jest/globals';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import { planOf } from './plan.js';
import { World } from './world.js';

const CODE = 'S1M00000' as RoomCode;
/** A health check finds an instance down after so long at most. */
const FOUND_DOWN_MS = 3_000;

/** Three instances behind an HAProxy whose controller has brought it up to date, and has then died. */
async function cluster(pinned: number): Promise<World> {
  const world = new World(1, { ...planOf(1), instances: 3, pinned, redisAwayMs: 0 });
  const { haproxy } = world.balancer;
  let ready = 0;
  const count = async () => {
    ready = (await haproxy.servers()).filter(({ state, up }) => state === 'ready' && up).length;
  };
  await world.timeline.runUntil(() => {
    void count();
    return ready === 3;
  }, 10_000);
  world.balancer.replaceController(Number.POSITIVE_INFINITY);
  return world;
}

/** Who gets one of many connections. */
const reached = (world: World) =>
  new Set(Array.from({ length: 200 }, () => world.ways.route(CODE)?.process.name ?? 'nobody'));

test('one that knows nothing of rooms sends players to any server', async () => {
  const world = await cluster(0);
  expect([...reached(world)].sort()).toEqual(['game-0', 'game-1', 'game-2']);
  world.end();
});

test.each([0, 0.5, 1])('a server in maintenance gets nobody, where %d of the rooms are known', async (pinned) => {
  const world = await cluster(pinned);
  const done = world.balancer.haproxy.setState('game-0' as InstanceId, 'maint');
  await world.timeline.runUntil(() => false, 10);
  await done;
  expect(reached(world)).not.toContain('game-0');
  world.end();
});

test.each([0, 0.5, 1])(
  'a server that checks have found down gets nobody, where %d of the rooms are known',
  async (pinned) => {
    const world = await cluster(pinned);
    world.members.find(({ process }) => process.name === 'game-0')?.process.freeze();
    await world.timeline.runUntil(() => false, FOUND_DOWN_MS);
    expect(reached(world)).not.toContain('game-0');
    world.end();
  },
);
