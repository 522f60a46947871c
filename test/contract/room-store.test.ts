// Holds I1 of src/README.md.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RoomCode } from '../../src/protocol/ids.js';
import { countGenerations, type RedisConnection } from '../../src/redis/client.js';
import { RedisRoomStore } from '../../src/redis/room-store.js';
import { START } from '../../src/room/history.js';
import { loadRoom } from '../../src/room/load.js';
import { MemoryRoomStore } from '../../src/room/memory-store.js';
import { CorruptRoom } from '../../src/room/store.js';
import { entries, game, instance, newHead } from '../room/rooms.js';
import { KEYS } from '../support/keys.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { roomStoreContract } from './room-store.js';

roomStoreContract('a map', async () => {
  let time = 1_000;
  return {
    store: new MemoryRoomStore(() => time),
    elapse: (ms) => {
      time += ms;
    },
    stop: async () => undefined,
  };
});

const connections: RedisConnection[] = [];
async function connected(redis: TestRedis): Promise<RedisConnection> {
  const connection = await connectToRedis(redis.url);
  connections.push(connection);
  return connection;
}

/** The same connection; when a commit has been answered, it breaks and is made again, to the Redis on `port`. */
function reconnecting(connection: RedisConnection, port: number): RedisConnection {
  const commitRoom: RedisConnection['commitRoom'] = async (...args) => {
    const reply = await connection.commitRoom(...args);
    const again = once(connection, 'ready');
    connection.options.port = port;
    connection.disconnect(true);
    await again;
    return reply;
  };
  const breaking = new Proxy(connection, {
    get(target, name) {
      if (name === 'commitRoom') return commitRoom;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  countGenerations(breaking);
  return breaking;
}

/** The same connection; `between` happens after what it is asked first, before the next. */
function interrupted(connection: RedisConnection, between: () => Promise<unknown>): RedisConnection {
  return new Proxy(connection, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'hget' && name !== 'hgetall') return value.bind(target);
      return async (...args: unknown[]) => {
        const reply = await value.apply(target, args);
        await between();
        return reply;
      };
    },
  });
}

roomStoreContract('Redis', async () => {
  const redis = await startRedis();
  return {
    store: new RedisRoomStore(await connected(redis)),
    elapse: () => undefined,
    stop: async () => {
      for (const connection of connections.splice(0)) connection.disconnect();
      await redis.stop();
    },
  };
});

describe('rooms in Redis', () => {
  let redis: TestRedis;
  let connection: RedisConnection;
  const by = instance('instance-a');
  const unowned = { owner: null, epoch: 0 as never };
  const fence = { owner: by, epoch: 1 as never };
  const taken = entries(START, 1, [{ type: 'seat_left', seat: 0 as never, reason: 'left' }]);

  beforeAll(async () => {
    redis = await startRedis(['--repl-diskless-sync-delay', '0']);
    connection = await connected(redis);
  });
  afterAll(async () => {
    for (const open of connections.splice(0)) open.disconnect();
    await redis.stop();
  });

  /** A connection to the replica, once it follows and confirms. */
  async function following(replica: TestRedis): Promise<RedisConnection> {
    const copy = await connected(replica);
    await until('the copy follows', async () => /master_link_status:up/.test(await copy.info('replication')));
    // A new copy may be slow to confirm for the first time; from then on it is quick.
    await until('the copy confirms', async () => {
      await connection.set('hokm:anything', '1');
      return (await connection.wait(1, 500)) === 1;
    });
    return copy;
  }

  test('scripts that Redis has forgotten are sent again, the operation takes effect once', async () => {
    const store = new RedisRoomStore(connection);
    const head = newHead('SCR1PT00');
    await store.create(head, 60_000);
    await store.claim(head.code, unowned, by, 'a:1');
    await connection.script('FLUSH');
    expect(await store.commit(head.code, fence, START, taken, 'primary')).toEqual({ outcome: 'ok' });
    expect(await store.read(head.code, 0 as never, 10)).toHaveLength(1);
  });

  test('a room whose snapshot cannot be read is claimed once, and says why it cannot be played', async () => {
    const store = new RedisRoomStore(connection);
    const head = newHead('BR0KEN00');
    await store.create(head, 60_000);
    await connection.set(KEYS.roomSnapshot(head.code), '{"seq":');
    const claimed = await store.claim(head.code, unowned, by, 'a:1');
    if (claimed.outcome !== 'ok') throw new Error(claimed.outcome);
    expect(claimed.room.meta.epoch).toBe(1);
    expect(() => loadRoom(game, claimed.room)).toThrow(CorruptRoom);
  });

  test.each([
    ['no JSON', 'e', '{"v":1,'],
    ['JSON of something else', 'e', '7'],
    ['an epoch that is no number', 'e', '{"v":1,"epoch":"x"}'],
  ])('a room whose last entry is %s is claimed once, and says that it cannot be played', async (_, field, text) => {
    const store = new RedisRoomStore(connection);
    const head = newHead(`BR0KEN${text.length}0`.padEnd(8, '0'));
    await store.create(head, 60_000);
    await connection.xadd(KEYS.roomLog(head.code), '1-0', field, text);
    const claimed = await store.claim(head.code, unowned, by, 'a:1');
    if (claimed.outcome !== 'ok') throw new Error(claimed.outcome);
    expect(claimed.room.meta.epoch).toBe(1);
    expect(() => loadRoom(game, claimed.room)).toThrow(CorruptRoom);
  });

  test.each(['{"code":', 'null', '{}', '{"code":"UNREAD00","game":"hokm","rulesVersion":1}'])(
    'a room whose head is %s says who owns it, is claimed once, and says that it cannot be played',
    async (text) => {
      const store = new RedisRoomStore(connection);
      const head = newHead(`UNREAD${text.length}`.padEnd(8, '0'));
      await store.create(head, 60_000);
      await store.claim(head.code, unowned, by, 'a:1');
      await connection.hset(KEYS.roomMeta(head.code), 'head', text, 'failed', '{');
      expect(await store.meta(head.code)).toMatchObject({ owner: by, address: 'a:1', epoch: 1, seq: 0 });
      const claimed = await store.claim(head.code, fence, instance('instance-b'), 'b:1');
      if (claimed.outcome !== 'ok') throw new Error(claimed.outcome);
      expect(claimed.room.meta).toMatchObject({ epoch: 2, head: { code: head.code } });
      expect(() => loadRoom(game, claimed.room)).toThrow(CorruptRoom);
    },
  );

  test('a room that was set aside may be tried again once, and none comes of one that is forgotten meanwhile', async () => {
    const store = new RedisRoomStore(connection);
    const head = newHead('RETRY000');
    await store.create(head, 60_000);
    await store.claim(head.code, unowned, by, 'a:1');
    expect(await store.retry(head.code)).toBe(false);
    await store.setAside(head.code, fence, { why: 'it fails', at: 1, version: '1.2.3' }, 60_000);
    expect(await store.retry(head.code)).toBe(true);
    expect(await store.retry(head.code)).toBe(false);
    await store.setAside(head.code, fence, { why: 'it fails', at: 2, version: '1.2.3' }, 60_000);
    const late = interrupted(connection, () => connection.del(KEYS.roomMeta(head.code)));
    expect(await new RedisRoomStore(late).retry(head.code)).toBe(false);
    expect(await connection.exists(KEYS.roomMeta(head.code))).toBe(0);
    const noCopies = { waiting: connection, copies: 3 };
    await store.create(head, 60_000);
    await store.claim(head.code, unowned, by, 'a:1');
    await store.setAside(head.code, fence, { why: 'it fails', at: 3, version: '1.2.3' }, 60_000);
    await expect(new RedisRoomStore(connection, noCopies).retry(head.code)).rejects.toThrow('not on enough copies');
  });

  test('commits of one turn go together; each is judged by itself, and what is wrong with one stays its own', async () => {
    const store = new RedisRoomStore(connection);
    const codes = Array.from({ length: 100 }, (_, at) => newHead(`T0GETH${String(at).padStart(2, '0')}`).code);
    for (const code of codes) {
      await store.create(newHead(code), 60_000);
      await store.claim(code, unowned, by, 'a:1');
    }
    const [fenced, ahead, gone, broken, ...fine] = codes as [RoomCode, RoomCode, RoomCode, RoomCode, ...RoomCode[]];
    await store.claim(fenced, { owner: by, epoch: 1 as never }, instance('instance-b'), 'b:1');
    await store.commit(ahead, fence, START, taken, 'primary');
    await connection.del(KEYS.roomMeta(gone));
    await connection.set(KEYS.roomLog(broken), 'not a stream');
    await connection.script('FLUSH');
    const scriptsRun = async () =>
      Number(/cmdstat_eval:calls=(\d+)/.exec(await connection.info('commandstats'))?.[1] ?? 0);
    const before = await scriptsRun();
    const replies = await Promise.all(codes.map((code) => store.commit(code, fence, START, taken, 'primary')));
    // Not more than 64 at once.
    expect((await scriptsRun()) - before).toBe(2);
    expect(replies.slice(0, 4)).toEqual([
      { outcome: 'fenced', owner: 'instance-b', epoch: 2, ...START },
      { outcome: 'gap', seq: 1, digest: taken[0]?.digest },
      { outcome: 'gone' },
      { outcome: 'unknown', error: expect.objectContaining({ message: expect.stringMatching(/WRONGTYPE/) }) },
    ]);
    expect(new Set(replies.slice(4).map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
    for (const code of [...fine, ahead]) expect(await store.read(code, 0 as never, 10)).toHaveLength(1);
    expect(await store.read(fenced, 0 as never, 10)).toHaveLength(0);
  });

  test('all keys of a room carry its hash tag, and closed rooms leave none', async () => {
    const store = new RedisRoomStore(connection);
    const head = newHead('KEYS0000');
    await store.create(head, 60_000);
    await store.claim(head.code, unowned, by, 'a:1');
    await store.commit(head.code, fence, START, taken, 'primary');
    await store.snapshot(head.code, fence, { v: 1, ...START, state: {} as never, windows: [] }, 1);
    const keys = await connection.keys('*KEYS0000*');
    expect(keys.toSorted()).toEqual(['log', 'meta', 'snap'].map((key) => `hokm:room:{KEYS0000}:${key}`));
    expect(await Promise.all(keys.map((key) => connection.pttl(key)))).toEqual([-1, -1, -1]);
    await store.release(head.code, fence, { seq: 1 as never, digest: taken[0]?.digest as never }, 50);
    await until('the keys expire', async () => (await connection.keys('*KEYS0000*')).length === 0);
  });

  test('without a connection an operation is unknown, a question throws', async () => {
    const alone = await connected(redis);
    const store = new RedisRoomStore(alone);
    alone.disconnect();
    expect(await store.claim(newHead('A1A1A1A1').code, unowned, by, 'a:1')).toMatchObject({ outcome: 'unknown' });
    expect(await store.commit(newHead('A1A1A1A1').code, fence, START, taken, 'primary')).toMatchObject({
      outcome: 'unknown',
    });
    await expect(store.meta(newHead('A1A1A1A1').code)).rejects.toThrow();
  });

  test('a replicated commit is unknown until a copy has it, and has landed; sent again it says so', async () => {
    const waiting = await connected(redis);
    const store = new RedisRoomStore(connection, { waiting, copies: 2 });
    const head = newHead('C0P1ES00', { durability: 'replicated' });
    // No copy is there yet: what is written has landed but is not confirmed.
    await expect(store.create(head, 60_000)).rejects.toThrow('not on enough copies');
    expect(await store.create(head, 60_000)).toBe(false);
    expect(await store.claim(head.code, unowned, by, 'a:1')).toMatchObject({ outcome: 'unknown' });
    expect(await store.meta(head.code)).toMatchObject({ owner: by, epoch: 1 });
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(redis.port)]);
    try {
      const copy = await following(replica);
      const commit = () => store.commit(head.code, fence, START, taken, 'replicated');
      const reply = await until('the commit is known', async () => {
        const answer = await commit();
        return answer.outcome === 'unknown' ? undefined : answer;
      });
      expect(['ok', 'gap']).toContain(reply?.outcome);
      expect(await copy.xlen(KEYS.roomLog('C0P1ES00'))).toBe(1);
      // On the copy's disk, where Redis can tell.
      const [known] = (await connection.command('INFO', 'waitaof')) as unknown[];
      const stats = await connection.info('commandstats');
      expect(/^cmdstat_waitaof:calls=[1-9]/m.test(stats)).toBe(known !== null);
      expect(await store.commit(head.code, fence, START, taken, 'replicated')).toMatchObject({
        outcome: 'gap',
        seq: 1,
      });
    } finally {
      await replica.stop();
    }
  });

  test('a replicated commit is unknown when its WAIT would go to another primary, which says yes at once', async () => {
    const replicas = await Promise.all([1, 2].map(() => startRedis(['--replicaof', '127.0.0.1', String(redis.port)])));
    const [heir, other] = replicas;
    if (!heir || !other) throw new Error('two replicas');
    const waiting = reconnecting(await connected(redis), heir.port);
    const store = new RedisRoomStore(connection, { waiting, copies: 2 });
    const head = newHead('W4ITS000', { durability: 'replicated' });
    try {
      const copies = [await following(heir), await following(other)] as const;
      await store.create(head, 60_000);
      expect(await store.claim(head.code, unowned, by, 'a:1')).toMatchObject({ outcome: 'ok' });
      await copies[0].replicaof('NO', 'ONE');
      await copies[1].replicaof('127.0.0.1', heir.port);
      await until('the other copy follows the new primary', async () => {
        await copies[0].set('hokm:anything', '2');
        return (await copies[0].wait(1, 500)) === 1;
      });
      expect(await store.commit(head.code, fence, START, taken, 'replicated')).toMatchObject({ outcome: 'unknown' });
      expect(await connection.xlen(KEYS.roomLog('W4ITS000'))).toBe(1);
      expect(await copies[0].xlen(KEYS.roomLog('W4ITS000'))).toBe(0);
    } finally {
      await Promise.all(replicas.map((replica) => replica.stop()));
    }
  });
});
