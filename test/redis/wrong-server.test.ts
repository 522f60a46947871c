/** A server that is silent, far away or no primary any more, behind a wire that closes nothing. */

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Bus } from '../../src/cluster/bus.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import { connect, type RedisConnection, ready } from '../../src/redis/client.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { createLogger } from '../../src/runtime/log.js';
import { testConfig } from '../support/config.js';
import { KEYS } from '../support/keys.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';

let redis: TestRedis;
let proxy: TcpProxy;
let cleanUps: (() => unknown)[];

beforeEach(async () => {
  redis = await startRedis();
  proxy = await TcpProxy.to(redis.port);
  cleanUps = [() => redis.stop(), () => proxy.stop()];
});

afterEach(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

const ME = 'me' as InstanceId;
const url = () => `redis://127.0.0.1:${proxy.port}`;

/** The connections of an instance, through the proxy, and its messages: those heard, and those from its inbox. */
async function connections() {
  const config = testConfig(url());
  const [commands, copies] = [connect(config, 'commands'), connect(config, 'copies')];
  const [subscriber, inbox] = [connect(config, 'subscriber', true), connect(config, 'inbox', true)];
  const all = [commands, copies, subscriber, inbox];
  await Promise.all(all.map((connection) => ready(connection, config, 5_000)));
  const [clock, log] = [new SystemClock(), createLogger('silent', {})];
  const bus = new Bus({ id: ME, redis: commands, subscriber, inbox, clock, log });
  const counts = { heard: 0, received: 0 };
  bus.on('registry_changed', () => {
    counts.heard += 1;
  });
  bus.on('game_migration_request', () => {
    counts.received += 1;
  });
  await bus.start();
  cleanUps.push(() => {
    bus.stop();
    for (const connection of all) connection.disconnect();
  });
  return { all, commands, counts };
}

/** Resolves when every connection works on the server that `other` is connected to. */
async function allUse(other: RedisConnection, made: Awaited<ReturnType<typeof connections>>, withinMs: number) {
  const { counts, commands } = made;
  await until(
    'all connections are here',
    async () => {
      const clients = String(await other.client('LIST'));
      return ['commands', 'copies', 'subscriber', 'inbox'].every((role) => clients.includes(`name=hokm-${role} `));
    },
    withinMs,
  );
  await until('a message is heard', async () => {
    await other.publish(KEYS.channels.broadcast, JSON.stringify({ type: 'registry_changed' }));
    return counts.heard > 0;
  });
  const [clock, log] = [new SystemClock(), createLogger('silent', {})];
  const bus = new Bus({ id: 'other' as InstanceId, redis: other, subscriber: other, inbox: other, clock, log });
  await bus.send(ME, { type: 'game_migration_request', to: ME, request: 'now' });
  await until('the inbox is read', () => counts.received > 0);
  await commands.set('hokm:key', 'value');
  expect(await other.get('hokm:key')).toBe('value');
}

async function another(...args: string[]): Promise<{ server: TestRedis; direct: RedisConnection }> {
  const server = await startRedis(args);
  const direct = await connectToRedis(server.url);
  cleanUps.push(
    () => server.stop(),
    () => direct.disconnect(),
  );
  return { server, direct };
}

describe('a server that dies without a word', () => {
  test('is left by every connection, also by those that only wait', async () => {
    const made = await connections();
    const { server, direct } = await another();
    proxy.targetPort = server.port;
    redis.process.kill('SIGSTOP');
    try {
      await allUse(direct, made, 6_000);
    } finally {
      redis.process.kill('SIGCONT');
    }
  });

  test('and comes back after 1.5 s is not left by any connection', async () => {
    const made = await connections();
    let closed = 0;
    for (const connection of made.all) {
      connection.on('close', () => {
        closed += 1;
      });
    }
    redis.process.kill('SIGSTOP');
    const stoppedAt = performance.now();
    await until('it has stood still', () => performance.now() - stoppedAt > 1_500).finally(() =>
      redis.process.kill('SIGCONT'),
    );
    const direct = await connectToRedis(redis.url);
    cleanUps.push(() => direct.disconnect());
    await allUse(direct, made, 5_000);
    expect(closed).toBe(0);
  });
});

describe('a server that is half a second away', () => {
  test('is connected to, and again after the connection was cut', async () => {
    proxy.delayMs = 500;
    const config = testConfig(url());
    const connection = connect(config, 'far');
    cleanUps.push(() => connection.disconnect());
    await ready(connection, config, 10_000);
    let closed = false;
    connection.on('close', () => {
      closed = true;
    });
    proxy.mend();
    await until('it is cut', () => closed);
    await until('it is ready again', () => connection.status === 'ready', 8_000);
    expect(await connection.set('hokm:key', 'value')).toBe('OK');
  });
});

describe('a primary that is demoted while its connections stay open', () => {
  test('is left by every connection, also by those that only wait', async () => {
    const made = await connections();
    const { server, direct } = await another();
    const old = await connectToRedis(redis.url);
    cleanUps.push(() => old.disconnect());
    proxy.targetPort = server.port;
    // A connection of the library would leave it as well.
    await old.replicaof('127.0.0.1', server.port);
    await allUse(direct, made, 6_000);
  });

  test('is left when it refuses a gathered commit, which was not executed', async () => {
    const config = testConfig(url());
    const connection = connect(config, 'commands');
    await ready(connection, config, 5_000);
    const old = await connectToRedis(redis.url);
    cleanUps.push(
      () => connection.disconnect(),
      () => old.disconnect(),
    );
    const { server } = await another();
    await old.hset(KEYS.roomMeta('A'), { owner: 'me', epoch: '1', seq: '0', digest: 'd' });
    await old.replicaof('127.0.0.1', server.port);
    proxy.targetPort = server.port;
    const errors: string[] = [];
    connection.on('error', (error) => errors.push(error.message));
    let left = false;
    connection.on('close', () => {
      left = true;
    });
    await expect(
      connection.commitRoom(KEYS.roomMeta('A'), KEYS.roomLog('A'), 'me', '1', '0', 'd', 'e', '{}'),
    ).rejects.toThrow(/^READONLY/);
    await until('the connection is left', () => left);
    // It has not asked for the role: the refusal was enough.
    expect(errors).toEqual([]);
  });

  test('is told of in one line when REDIS_URL names it at the start', async () => {
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(redis.port)]);
    cleanUps.push(() => replica.stop());
    const config = testConfig(replica.url);
    const connection = connect(config, 'start');
    cleanUps.push(() => connection.disconnect());
    await expect(ready(connection, config, 700)).rejects.toThrow(
      `Redis at 127.0.0.1:${replica.port} cannot be used (it is a replica). ` +
        'Set REDIS_URL to the primary, or set REDIS_SENTINELS.',
    );
  });
});
