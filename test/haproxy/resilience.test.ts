// Holds I8 of src/README.md.
/** HAProxy restarts and reloads, Redis is emptied, frozen or killed, the controller dies: what players see of it. */

import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newRoomCode } from '../../src/cluster/new-ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { KEYS } from '../support/keys.js';
import { end, startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import {
  type EchoInstance,
  enter,
  type Joined,
  LEASE_MS,
  reconciled,
  shownAs,
  startController,
  startHAProxy,
  startInstance,
  type TestHAProxy,
  whereIs,
} from './support.js';

let redis: TestRedis;
let connection: RedisConnection;
let haproxy: TestHAProxy;
let controller: ChildProcess;
let first: EchoInstance;
let second: EchoInstance;
const room = newRoomCode();

beforeAll(async () => {
  [redis, haproxy] = await Promise.all([startRedis(), startHAProxy()]);
  [connection, first, second] = await Promise.all([
    connectToRedis(redis.url),
    startInstance(redis),
    startInstance(redis),
  ]);
  controller = await startController(redis, haproxy);
  await connection.sadd(KEYS.roomsOf(first.id), room);
  await allBack();
});

afterAll(async () => {
  connection.disconnect();
  await Promise.all([end(controller, 'SIGTERM'), end(first.process), end(second.process)]);
  await Promise.all([redis.stop(), haproxy.stop()]);
});

/** Servers and the pin are there. */
async function allBack(): Promise<void> {
  await Promise.all([shownAs(haproxy, first.id, 'ready'), shownAs(haproxy, second.id, 'ready')]);
  await until('the pin is there', async () => (await haproxy.api.pins()).get(room) === first.number);
}

/** A player's socket; it must outlive `during`, and HAProxy's worker too. */
async function undisturbed(during: () => Promise<void>): Promise<void> {
  const worker = await haproxy.api.worker();
  const players = await Promise.all([enter(haproxy.port, room), playerOf(second)]);
  let closed = 0;
  for (const { socket } of players) socket.once('close', () => closed++);
  await during();
  const shown = await haproxy.api.servers();
  expect(shown.map(({ name, state, up }) => [name, state, up]).sort()).toEqual(
    [first.id, second.id].sort().map((id) => [id, 'ready', true]),
  );
  expect(closed).toBe(0);
  expect(await haproxy.api.worker()).toBe(worker);
  for (const { socket } of players) socket.terminate();
}

async function playerOf(instance: EchoInstance): Promise<Joined> {
  for (;;) {
    const joined = await enter(haproxy.port, newRoomCode());
    if (joined.id === instance.id) return joined;
    joined.socket.terminate();
  }
}

const registered = (instance: EchoInstance) =>
  until('the instance is registered', async () =>
    connection.exists(KEYS.instance(instance.id)).then(
      (there) => there === 1,
      () => false,
    ),
  );

/** Resolves when a new worker answers. */
async function reload(): Promise<void> {
  const worker = await haproxy.api.worker();
  let asked = Number.NEGATIVE_INFINITY;
  await until('the worker is a new one', async () => {
    // The master may still be busy with the reload before, and then takes no notice.
    if (performance.now() - asked > 1_000) {
      asked = performance.now();
      haproxy.process.kill('SIGUSR2');
    }
    return (await haproxy.api.worker().catch(() => worker)) !== worker;
  });
}

test('a restarted HAProxy gets its servers and pins back', async () => {
  await end(haproxy.process, 'SIGTERM');
  await haproxy.restart();
  const restarted = performance.now();
  await allBack();
  expect(performance.now() - restarted).toBeLessThan(1_000);
  expect(await whereIs(haproxy.port, room)).toBe(first.id);
});

test('a reloaded HAProxy too, and no socket is dropped', async () => {
  const { socket } = await enter(haproxy.port, room);
  await reload();
  await allBack();
  expect(await whereIs(haproxy.port, room)).toBe(first.id);
  const echo = new Promise((resolve) => socket.once('message', (message) => resolve(String(message))));
  socket.send('still there');
  expect(await echo).toBe('still there');
  socket.terminate();
});

test('newcomers are served throughout seven reloads', async () => {
  const refused: string[] = [];
  let joined = 0;
  let goesOn = true;
  const newcomers = Array.from({ length: 4 }, async () => {
    while (goesOn) {
      await whereIs(haproxy.port, newRoomCode()).then(
        () => joined++,
        (error: Error) => refused.push(error.message),
      );
    }
  });
  for (let times = 0; times < 7; times++) {
    await reload();
    const enough = joined + 40;
    await until('some more have come', () => joined + refused.length >= enough);
  }
  goesOn = false;
  await Promise.all(newcomers);
  expect([refused, joined >= 280]).toEqual([[], true]);
  await allBack();
});

test('sockets of a frozen instance are closed within 5 s, also those that a reload has left to an old worker', async () => {
  const frozen = await startInstance(redis);
  await shownAs(haproxy, frozen.id, 'ready');
  const [player, other] = await Promise.all([playerOf(frozen), playerOf(first)]);
  let [closed, disturbed] = [false, false];
  player.socket.once('close', () => {
    closed = true;
  });
  other.socket.once('close', () => {
    disturbed = true;
  });
  await reload();
  await allBack();
  frozen.process.kill('SIGSTOP');
  await until('the socket is closed', () => closed, 5_000);
  expect(disturbed).toBe(false);
  other.socket.terminate();
  await end(frozen.process);
  await shownAs(haproxy, frozen.id, 'deleted');
});

test('an HAProxy that crashed begins with its servers, also without its controller', async () => {
  await end(controller);
  await end(haproxy.process, 'SIGTERM');
  await haproxy.restart();
  const servers = await haproxy.api.servers();
  expect(servers.map(({ name, number }) => [name, number]).sort()).toEqual(
    [first, second].map(({ id, number }) => [id, number]).sort(),
  );
  expect([first.id, second.id]).toContain(await whereIs(haproxy.port, newRoomCode()));
  controller = await startController(redis, haproxy);
  await allBack();
});

test('an emptied Redis removes no server', async () => {
  await undisturbed(async () => {
    await connection.flushall();
    await Promise.all([registered(first), registered(second)]);
    await reconciled(connection, 3);
  });
});

test('a Redis that was frozen for longer than the lease removes no server', async () => {
  await undisturbed(async () => {
    redis.process.kill('SIGSTOP');
    // The pause is the fault itself: it must outlast the lease.
    await new Promise((resolve) => setTimeout(resolve, LEASE_MS * 1.5));
    redis.process.kill('SIGCONT');
    await Promise.all([registered(first), registered(second)]);
    await reconciled(connection, 3);
  });
});

test('without Redis nothing is removed, and a restarted HAProxy still gets everything back', async () => {
  await connection.sadd(KEYS.roomsOf(first.id), room);
  await allBack();
  await undisturbed(async () => {
    await end(redis.process, 'SIGTERM');
  });
  await end(haproxy.process, 'SIGTERM');
  await haproxy.restart();
  await allBack();
  await undisturbed(async () => {
    await redis.restart();
    await Promise.all([registered(first), registered(second)]);
    await reconciled(connection, 3);
  });
});

test('a controller that is killed and started again disturbs nobody', async () => {
  await undisturbed(async () => {
    await end(controller);
    controller = await startController(redis, haproxy);
    await reconciled(connection, 3);
  });
});

test('an empty registry proves nothing; one with heartbeats of others does', async () => {
  for (const instance of [first, second]) instance.order('silent');
  await until('no instance is registered', async () => {
    const there = await connection.exists(...[first, second].map(({ id }) => KEYS.instance(id)));
    return there === 0;
  });
  await undisturbed(() => reconciled(connection, 8));
  const third = await startInstance(redis);
  await shownAs(haproxy, third.id, 'ready');
  await Promise.all([shownAs(haproxy, first.id, 'deleted'), shownAs(haproxy, second.id, 'deleted')]);
  expect(await whereIs(haproxy.port, room)).toBe(third.id);
  await end(third.process);
});
