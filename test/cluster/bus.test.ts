/** Questions over the bus: an answer ends the wait for it, and nothing else does before its time. */

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Bus } from '../../src/cluster/bus.js';
import type { ClusterMessage } from '../../src/protocol/cluster.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import type { Clock } from '../../src/runtime/clock.js';
import { log } from '../room/rooms.js';
import { KEYS } from '../support/keys.js';
import { ManualClock } from '../support/manual-clock.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

const [asking, asked] = ['instance-a', 'instance-b'] as [InstanceId, InstanceId];

let server: TestRedis;
let connections: RedisConnection[];
let buses: Bus[];
/** In which no time passes by itself: a question that ends was answered. */
let clock: ManualClock;

async function busOf(id: InstanceId, time: Clock): Promise<Bus> {
  const [redis, subscriber, inbox] = (await Promise.all([1, 2, 3].map(() => connectToRedis(server.url)))) as [
    RedisConnection,
    RedisConnection,
    RedisConnection,
  ];
  connections.push(redis, subscriber, inbox);
  const bus = new Bus({ id, redis, subscriber, inbox, clock: time, log });
  buses.push(bus);
  await bus.start();
  return bus;
}

beforeEach(async () => {
  server = await startRedis();
  [connections, buses, clock] = [[], [], new ManualClock()];
});
afterEach(async () => {
  for (const bus of buses) bus.stop();
  for (const connection of connections) connection.disconnect();
  await server.stop();
});

const offer = (request: string): ClusterMessage => ({
  type: 'game_migration_request',
  to: asked,
  from: asking,
  request,
});

test('a question ends with its answer, long before its time is over', async () => {
  const bus = await busOf(asking, clock);
  const other = await busOf(asked, clock);
  other.on('game_migration_request', ({ request }) =>
    other.publish(KEYS.channels.instance(asking), { type: 'game_migration_answer', request, accepted: true }),
  );
  let answer: ClusterMessage | undefined;
  void bus.ask(KEYS.channels.instance(asked), offer, 10_000).then((given) => {
    answer = given;
  });
  await until('it is answered', () => answer !== undefined, 3_000).catch(() => undefined);
  expect(answer).toMatchObject({ accepted: true });
  expect(clock.timers).toBe(0);
});

test('a question that nobody answers ends when its time is over, and not before', async () => {
  const bus = await busOf(asking, clock);
  const heard: string[] = [];
  const other = await busOf(asked, clock);
  other.on('game_migration_request', ({ request }) => void heard.push(request));
  let answer: ClusterMessage | 'none' | undefined;
  void bus.ask(KEYS.channels.instance(asked), offer, 1_000).then((given) => {
    answer = given ?? 'none';
  });
  await until('it is heard', () => heard.length === 1);
  await clock.advance(999);
  expect(answer).toBeUndefined();
  await clock.advance(1);
  expect(answer).toBe('none');
});
