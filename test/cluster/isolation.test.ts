import { expect, test } from '@jest/globals';
import { Isolation } from '../../src/cluster/isolation.js';
import type { Livez } from '../../src/cluster/livez.js';
import { createLogger } from '../../src/runtime/log.js';
import { ManualClock } from '../support/manual-clock.js';

const LEASE_MS = 5_000;
const HEARTBEAT_MS = 1_000;
/** Nothing is done under a lease in its last second: from then on peers are asked. */
const ASKS_AFTER_MS = 4_000;

/** An instance that loses Redis when the test says so, with peers that say since when they have it. */
function instance(count = 1) {
  const clock = new ManualClock();
  /** By peer, since when it has Redis, monotonic ms; undefined while it has not. */
  const peers: (number | undefined)[] = Array.from({ length: count }, () => 0);
  const seen = {
    cutAt: undefined as number | undefined,
    givenUp: 0,
    asked: new Set<string>(),
    asks: 0,
    mostAtOnce: 0,
    onAsk: (): void => undefined,
  };
  const age = () => (seen.cutAt === undefined ? 0 : clock.monotonic() - seen.cutAt);
  let asking = 0;
  const isolation = new Isolation({
    lease: { age, holds: () => age() <= ASKS_AFTER_MS, fresh: () => age() <= 2_000 },
    leaseMs: LEASE_MS,
    heartbeatMs: HEARTBEAT_MS,
    clock,
    log: createLogger('silent', {}),
    peers: () => peers.map((_, port) => ({ host: '127.0.0.1', port })),
    onIsolated: () => {
      seen.givenUp += 1;
    },
    askPeer: async (address): Promise<Livez> => {
      seen.asked.add(address);
      seen.asks += 1;
      seen.onAsk();
      asking += 1;
      seen.mostAtOnce = Math.max(seen.mostAtOnce, asking);
      await Promise.resolve();
      asking -= 1;
      const since = peers[Number(address.split(':')[1])];
      return { answer: 'alive', id: 'peer', redisForMs: since === undefined ? 0 : clock.monotonic() - since };
    },
  });
  isolation.start();
  /** Time passes; the second in which the players were given up, or undefined. */
  const pass = async (ms: number) => {
    await clock.advance(ms);
  };
  const cut = () => {
    seen.cutAt = clock.monotonic();
  };
  return { clock, seen, isolation, peers, pass, cut };
}

test('alone without Redis, an instance gives its players up, once, a second before its lease ends', async () => {
  const { seen, isolation, pass, cut } = instance();
  await pass(60_000);
  cut();
  await pass(ASKS_AFTER_MS);
  expect(seen.asked.size).toBe(0);
  await pass(500);
  expect([seen.givenUp, isolation.active]).toEqual([1, true]);
  await pass(10_000);
  expect(seen.givenUp).toBe(1);
  seen.cutAt = undefined;
  await pass(500);
  expect(isolation.active).toBe(false);
});

test.each([
  ['4 of 5', 4, 700],
  ['199 of 200', 199, 2_000],
])('with %s cut off, each finds the one that is not', async (_, count, withinMs) => {
  const { seen, peers, pass, cut } = instance(count);
  await pass(60_000);
  for (let peer = 0; peer < count - 1; peer++) peers[peer] = undefined;
  cut();
  await pass(ASKS_AFTER_MS + withinMs);
  expect(seen.givenUp).toBe(1);
  expect(seen.mostAtOnce).toBeLessThanOrEqual(32);
});

test('when Redis comes back to all, whoever hears of it last keeps its players', async () => {
  const { clock, seen, peers, pass, cut } = instance(3);
  await pass(60_000);
  cut();
  peers.fill(undefined);
  await pass(6_000);
  // The peers have had their answer; here, on a busy host, it takes seconds more.
  peers.fill(clock.monotonic());
  await pass(LEASE_MS - 500);
  seen.cutAt = undefined;
  await pass(1_000);
  expect(seen.givenUp).toBe(0);
});

test('when Redis comes back to all but one, that one gives its players up a lease later', async () => {
  const { clock, seen, peers, pass, cut } = instance(3);
  await pass(60_000);
  cut();
  peers.fill(undefined);
  await pass(20_000);
  peers.fill(clock.monotonic());
  await pass(LEASE_MS - 500);
  expect(seen.givenUp).toBe(0);
  await pass(1_000);
  expect(seen.givenUp).toBe(1);
});

test.each([
  ['before Redis can have been missed is evidence at once', 900, ASKS_AFTER_MS],
  ['later is evidence once it has had Redis since a heartbeat was due', 1_100, HEARTBEAT_MS + LEASE_MS],
])('a peer that has started %s', async (_, startedMs, evidenceAtMs) => {
  const { clock, seen, peers, pass, cut } = instance();
  await pass(60_000);
  peers[0] = undefined;
  cut();
  await pass(startedMs);
  peers[0] = clock.monotonic();
  await pass(evidenceAtMs - startedMs);
  expect(seen.givenUp).toBe(0);
  await pass(500);
  expect(seen.givenUp).toBe(1);
});

test('while nobody reaches Redis, everybody keeps its players', async () => {
  const { seen, peers, pass, cut } = instance(5);
  await pass(60_000);
  cut();
  peers.fill(undefined);
  await pass(60_000);
  expect(seen.givenUp).toBe(0);
});

test('an instance that stops looking while a peer is asked gives nobody up, and asks no more', async () => {
  const { seen, isolation, pass, cut } = instance();
  await pass(60_000);
  cut();
  seen.onAsk = () => isolation.stop();
  await pass(ASKS_AFTER_MS + 10_000);
  expect([seen.givenUp, seen.asks]).toEqual([0, 1]);
});
