/** Runs on a real Redis, with instances that only answer. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Daemon } from '../../autoscaler/daemon.js';
import { type State, stateSchema } from '../../autoscaler/decide/state.js';
import { History } from '../../autoscaler/history.js';
import { Lock, LockLost } from '../../autoscaler/lock.js';
import type { Policy } from '../../autoscaler/policy/schema.js';
import type { DecisionRecord } from '../../autoscaler/record.js';
import { type RunDeps, Runner } from '../../autoscaler/run.js';
import { Store } from '../../autoscaler/store.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { createLogger } from '../../src/runtime/log.js';
import { KEYS } from '../support/keys.js';
import { startRedis, type TestRedis, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { FakeFleet, MovedClock } from './fake-fleet.js';
import { MINUTE, policy } from './given.js';

let server: TestRedis;
let redis: RedisConnection;
const log = createLogger('silent', {});
let clock = new MovedClock();
let fleet = new FakeFleet(clock);

beforeAll(async () => {
  server = await startRedis();
  redis = await connectToRedis(server.url);
});

beforeEach(async () => {
  await redis.flushall();
  clock = new MovedClock();
  fleet = new FakeFleet(clock);
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const take = (token: string, ttlMs = 10_000) => Lock.take({ redis, clock, log, token, ttlMs });

async function taken(token: string, ttlMs?: number): Promise<Lock> {
  const reply = await take(token, ttlMs);
  if (!('lock' in reply)) throw new Error(`${reply.holder} has the lock`);
  return reply.lock;
}

const acting = (overrides: Record<string, unknown> = {}): Policy =>
  policy({ mode: 'act', driver: { type: 'process' }, min: 1, max: 6, boot_s: 2, ...overrides });

function runner(given: Policy = acting(), overrides: Partial<RunDeps> = {}): Runner {
  return new Runner({
    redis,
    registry: fleet.registry,
    store: new Store(redis),
    clock,
    heartbeatMs: 1_000,
    history: new History(redis),
    policy: given,
    driver: fleet.driver,
    bus: fleet.bus,
    rooms: async () => [],
    log,
    leaseMs: 5_000,
    tickMs: 15_000,
    by: 'test',
    advisory: false,
    ...overrides,
  });
}

function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** As if an autoscaler had run here for an hour. */
async function longKnown(): Promise<void> {
  const lock = await taken('before');
  const now = clock.now();
  const state: State = stateSchema.parse({ memory: { since: now - 60 * MINUTE, at: now } });
  await new Store(redis).saveState(state, lock.fencing);
  await lock.release();
}

async function once(token: string, given?: Policy, overrides?: Partial<RunDeps>): Promise<DecisionRecord> {
  const lock = await taken(token);
  try {
    return await runner(given, overrides).run(lock);
  } finally {
    await lock.release();
  }
}

/** Runs until nothing drains. */
async function toTheEnd(): Promise<void> {
  for (let run = 0; run < 10; run++) {
    await once(`end-${run}`);
    if ((await new Store(redis).state()).drains.length === 0) return;
  }
  throw new Error('the drain does not end');
}

describe('runs', () => {
  test('scale out, measure the boot, and keep why', async () => {
    fleet.add('a', { connected_players: 250 });
    const record = await once('one');
    expect(record).toMatchObject({ wanted: 3, mode: 'act' });
    expect(record.actions.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    expect(fleet.started).toHaveLength(2);
    const second = await once('two');
    const { boots } = await new Store(redis).state();
    expect(boots.pending).toEqual([]);
    expect(boots.measured).toHaveLength(2);
    expect(fleet.started).toHaveLength(2);
    expect((await new Store(redis).decisions(5)).map(({ fencing }) => fencing)).toEqual([
      second.fencing,
      record.fencing,
    ]);
  });

  test('tell, wait, stop: with the number of the lock', async () => {
    await longKnown();
    for (const id of ['a', 'b', 'c']) fleet.add(id, { connected_players: id === 'b' ? 1 : 30 });
    const { fencing } = await once('one');
    expect(fleet.sent).toEqual([
      { to: 'b', message: { type: 'scaling_event', event: 'scale_down_prepare', instance: 'b', fencing } },
    ]);
    await once('two');
    expect(fleet.stopped).toEqual(['b']);
  });

  test('a newcomer that is not needed is not welcomed while it is told to leave', async () => {
    await longKnown();
    fleet.add('a', { connected_players: 90 });
    fleet.add('b', { connected_players: 60 });
    expect((await once('one')).actions).toEqual([]);
    fleet.add('c', { connected_players: 0, active_games: 0 });
    expect((await once('two')).actions.map(({ kind }) => kind)).toEqual(['tell']);
    expect((await once('three')).actions.map(({ kind }) => kind)).toEqual(['stop']);
    expect(fleet.stopped).toEqual(['c']);
  });

  // 1 tell, 1 stop for each of the drains: every place where a run may die, and both sides of the effect.
  for (const when of ['before', 'after'] as const) {
    for (let effect = 1; effect <= 2; effect++) {
      test(`a run that dies ${when} effect ${effect} of a drain is finished by the next`, async () => {
        await longKnown();
        for (const id of ['a', 'b', 'c']) fleet.add(id, { connected_players: 30 });
        const given = acting({ min: 2 });
        let count = 0;
        fleet.crash = (side) => {
          if (side !== when || ++count !== effect) return;
          throw new LockLost('killed');
        };
        for (let run = 0; run < 2; run++) await once(`dies-${run}`, given).catch(() => undefined);
        expect(count).toBeGreaterThanOrEqual(effect);
        fleet.crash = () => undefined;
        for (let run = 0; run < 6; run++) await once(`next-${run}`, given);
        expect(fleet.stopped).toHaveLength(1);
        expect(new Set(fleet.sent.map(({ to }) => to))).toEqual(new Set(fleet.stopped));
        expect(fleet.records.size).toBe(2);
        expect((await new Store(redis).state()).drains).toEqual([]);
        expect([...fleet.records.values()].reduce((sum, { connected_players }) => sum + connected_players, 0)).toBe(90);
      });

      test(`a run that dies ${when} start ${effect} is finished by the next, with no start twice`, async () => {
        fleet.add('a', { connected_players: 290 });
        let count = 0;
        fleet.crash = (side) => {
          if (side === when && ++count === effect) throw new LockLost('killed');
        };
        await expect(once('dies')).rejects.toThrow('killed');
        fleet.crash = () => undefined;
        for (let run = 0; run < 3; run++) await once(`next-${run}`);
        expect(fleet.started.length).toBe(new Set(fleet.started).size);
        expect(fleet.records.size).toBe(4);
      });
    }
  }

  test('two autoscalers and a cron job at once: one decides', async () => {
    fleet.add('a', { connected_players: 250 });
    const tries = await Promise.all(
      ['daemon', 'other', 'cron'].map((token) => once(token).catch((error: Error) => error)),
    );
    expect(tries.filter((each) => !(each instanceof Error))).toHaveLength(1);
    expect(fleet.started).toHaveLength(2);
  });

  test('advisory says what it would do, does nothing, and does not take it for done', async () => {
    await longKnown();
    fleet.add('a', { connected_players: 250 });
    for (const token of ['one', 'two']) {
      const record = await once(token, acting(), { advisory: true });
      expect(record.actions.map(({ outcome }) => outcome)).toEqual(['dry-run', 'dry-run']);
    }
    fleet.change('a', { connected_players: 10 });
    for (const id of ['b', 'c', 'd']) fleet.add(id);
    clock.shiftMs = 2.5 * MINUTE;
    const down = await once('three', acting({ scale_in: { window_min: 1 }, guard: { drop: 0 } }), { advisory: true });
    expect(down.actions.map(({ outcome }) => outcome)).toContain('dry-run');
    expect([fleet.started, fleet.sent, fleet.stopped]).toEqual([[], [], []]);
    expect((await new Store(redis).state()).drains).toEqual([]);
  });

  test('an order by hand is carried out in advisory mode too, to its end', async () => {
    fleet.add('a');
    fleet.add('b');
    const store = new Store(redis);
    await store.order({ kind: 'drain', id: 'a', deadline_s: 60 });
    await once('one', acting(), { advisory: true });
    await once('two', acting(), { advisory: true });
    expect(fleet.stopped).toEqual(['a']);
    expect((await store.orders()).entries).toBe(0);
  });

  test('an instance that is drained and needed again stays', async () => {
    await longKnown();
    for (const id of ['a', 'b', 'c']) fleet.add(id, { connected_players: 20 });
    const [told] = (await once('one', acting({ min: 2 }))).victims;
    for (const id of ['a', 'b', 'c']) if (id !== told?.id) fleet.change(id, { connected_players: 140 });
    await once('two', acting({ min: 2 }));
    expect(fleet.sent.at(-1)).toMatchObject({ to: told?.id, message: { event: 'scale_up_complete' } });
    expect(fleet.stopped).toEqual([]);
    expect(fleet.records.get(told?.id ?? '')?.status).toBe('ready');
  });
});

describe('trouble', () => {
  const refused = async (token: string, given?: Policy): Promise<string[]> =>
    (await once(token, given)).refusals.map(({ code }) => code);

  test('a frozen instance: its players count, it is replaced where needed, nothing is stopped', async () => {
    await longKnown();
    for (const id of ['a', 'b', 'c', 'd']) fleet.add(id, { connected_players: 20 });
    await once('warm', acting({ min: 4 }));
    clock.shiftMs = 2.5 * MINUTE;
    const given = acting({ scale_in: { window_min: 1 } });
    fleet.change('a', { version: 'frozen', last_heartbeat: clock.now() - 4_000 });
    expect(await refused('one', given)).toContain('unknown_instance');
    // Its lease has run out: it is remembered with its load.
    fleet.records.delete('a');
    fleet.expired.add('a');
    const record = await once('two', given);
    expect(record.players).toBe(80);
    expect(record.refusals.map(({ code }) => code)).toContain('unknown_instance');
    expect(fleet.stopped).toEqual([]);
  });

  test('an instance that HAProxy does not reach is replaced where needed, and no other is stopped', async () => {
    await longKnown();
    for (const id of ['a', 'b']) fleet.add(id, { connected_players: 20 });
    await once('warm', acting({ min: 2 }));
    fleet.unreachable.add('a');
    const record = await once('one', acting({ min: 2 }));
    expect(record.instances).toMatchObject({ active: 1, unknown: 1 });
    expect(fleet.started).toHaveLength(1);
    clock.shiftMs += 2.5 * MINUTE;
    const [replacement = ''] = [...fleet.records.keys()].filter((id) => id !== 'a' && id !== 'b');
    expect(await refused('two', acting({ min: 1, scale_in: { window_min: 1 } }))).toContain('unknown_instance');

    // Through none: that is HAProxy's own trouble.
    for (const id of ['b', replacement]) fleet.unreachable.add(id);
    expect((await once('three', acting({ min: 3 }))).instances).toMatchObject({ active: 3, unknown: 0 });
    expect(fleet.stopped).toEqual([]);
  });

  test('a boot that never comes up is given up, and scale-in waits', async () => {
    await longKnown();
    fleet.boots = false;
    fleet.add('a', { connected_players: 150 });
    await once('one');
    expect(fleet.started).toHaveLength(1);
    clock.shiftMs += 61_000;
    await once('two');
    expect((await new Store(redis).state()).boots.failedAt).toBeDefined();
    fleet.boots = true;
    fleet.add('b');
    fleet.add('c');
    fleet.change('a', { connected_players: 1 });
    clock.shiftMs += 10_000;
    expect(await refused('three')).toEqual(expect.arrayContaining(['boot_failed']));
    expect(fleet.sent).toEqual([]);
  });

  test('all keys gone after Redis was away: nothing is stopped or started until they are back', async () => {
    await longKnown();
    const given = acting({ min: 3 });
    for (const id of ['a', 'b', 'c']) fleet.add(id, { connected_players: 40 });
    await once('one', given);
    const saved = new Map(fleet.records);
    fleet.records.clear();
    expect(await refused('two', given)).toContain('stale_metrics');
    expect(await refused('three', given)).toContain('stale_metrics');
    for (const [id, each] of saved) fleet.records.set(id, each);
    await once('four', given);
    expect([fleet.started, fleet.stopped, fleet.sent]).toEqual([[], [], []]);
  });

  test('a clock that jumps an hour is no reason to stop anything', async () => {
    await longKnown();
    for (const id of ['a', 'b', 'c']) fleet.add(id, { connected_players: 1 });
    for (const jump of [3_600_000, -7_200_000]) {
      clock.shiftMs += jump;
      expect(await refused(`jump-${jump}`)).toContain('restarted');
    }
    expect(fleet.sent).toEqual([]);
  });

  test('a mass disconnect, back after three minutes, stops nothing', async () => {
    await longKnown();
    for (const id of ['a', 'b', 'c', 'd']) fleet.add(id, { connected_players: 90 });
    const given = acting({ scale_in: { window_min: 1 } });
    const tick = async (at: string) => {
      clock.shiftMs += MINUTE;
      return once(at, given);
    };
    for (let minute = 0; minute < 8; minute++) await tick(`before-${minute}`);
    for (const id of ['a', 'b', 'c', 'd']) fleet.change(id, { connected_players: 0 });
    for (let minute = 0; minute < 3; minute++) {
      const record = await tick(`away-${minute}`);
      expect(record.refusals.map(({ code }) => code)).toContain('outage_guard');
    }
    for (const id of ['a', 'b', 'c', 'd']) fleet.change(id, { connected_players: 90 });
    expect((await tick('back')).guard).toBe(false);
    expect(fleet.sent).toEqual([]);
    const points = await new History(redis).load(clock.now());
    expect(points.filter(({ mark }) => mark === 'outage').length).toBeGreaterThanOrEqual(2);
  });

  test('a daemon lets go of a plan when no run uses it any more: after the one under way, or with its end', async () => {
    fleet.add('a', { connected_players: 10 });
    const [started, ended] = [gate(), gate()];
    const list = async () => {
      started.open();
      await ended.opened;
      return fleet.registry.list();
    };
    const held = runner(acting(), { registry: { ...fleet.registry, list } });
    const lock = { redis, clock, log, token: 'daemon', ttlMs: 60_000 };
    const daemon = new Daemon({ lock, runner: held, clock, log, tickMs: 60_000, leaseMs: 300 });
    daemon.start();
    await started.opened;
    const free: string[] = [];
    const next = { runner: runner(), tickMs: 60_000 };
    void daemon.use(next).then(() => free.push('first'));
    void daemon.use(next).then(() => free.push('second'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(free).toEqual([]);
    const stopped = daemon.stop();
    ended.open();
    await stopped;
    expect(free).toEqual(['first', 'second']);
  });

  test('the daemon goes on when Redis was away, and its standby takes over', async () => {
    fleet.add('a', { connected_players: 10 });
    const seen: string[] = [];
    const daemon = (token: string) =>
      new Daemon({
        lock: { redis, clock, log, token, ttlMs: 600 },
        runner: runner(acting(), { tickMs: 100 }),
        clock,
        log,
        tickMs: 100,
        leaseMs: 300,
        decided: () => seen.push(token),
      });
    const [first, second] = [daemon('first'), daemon('second')];
    first.start();
    await until('the first decides', () => seen.length > 1);
    second.start();
    await first.stop();
    await until('the second decides', () => seen.includes('second'));
    await redis.del(KEYS.autoscaler.lock);
    const before = seen.length;
    await until('it takes the lock again', () => seen.length > before + 3);
    await second.stop();
    expect(await redis.get(KEYS.autoscaler.lock)).toBeNull();
    await toTheEnd();
  });
});
