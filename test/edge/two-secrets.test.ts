/** The cluster's secret is changed while it is played on: for a while instances know two. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRoom, startInstance, type TestInstance } from '../support/cluster.js';
import { addressOf } from '../support/host.js';
import { end, startRedis, type TestRedis } from '../support/programs.js';
import { Player } from './player.js';

const [OLD, NEW] = ['the-secret-of-before', 'the-secret-of-to-be'];
let redis: TestRedis;
let owner: TestInstance;
let room: string;
beforeAll(async () => {
  redis = await startRedis();
  owner = await startInstance(redis.url);
  room = await createRoom(`http://${addressOf(owner.port)}`, { turn_ms: 600_000 });
  await Player.join(owner.url, room, { name: 'At home' });
});
afterAll(async () => {
  await end(owner.process);
  await redis.stop();
});

/** Whether an instance takes a request for somebody else's room as passed on by another instance: it goes no further then. */
async function knows(instance: TestInstance, secret: string): Promise<boolean> {
  const url = `http://${addressOf(instance.port)}/api/room?room_code=${room}`;
  const { status } = await fetch(url, { headers: { 'x-hokm-forwarded': secret } });
  return status !== 200;
}

test('an instance knows the requests of those that have the new secret, and of those that still have the old one', async () => {
  const settings: Record<string, string>[] = [
    { HOKM_CLUSTER_SECRET: OLD },
    { HOKM_CLUSTER_SECRET: OLD, HOKM_CLUSTER_SECRET_ALSO: NEW },
    { HOKM_CLUSTER_SECRET: NEW, HOKM_CLUSTER_SECRET_ALSO: OLD },
    { HOKM_CLUSTER_SECRET: NEW },
  ];
  const instances = await Promise.all(settings.map((env) => startInstance(redis.url, env)));
  try {
    const known = instances.map(async (instance) => [await knows(instance, OLD), await knows(instance, NEW)]);
    expect(await Promise.all(known)).toEqual([
      [true, false],
      [true, true],
      [true, true],
      [false, true],
    ]);
    for (const instance of instances) expect(await knows(instance, 'somebody else knows neither')).toBe(false);
  } finally {
    await Promise.all(instances.map((instance) => end(instance.process)));
  }
});
