import { expect, test } from '@jest/globals';
import { Isolation } from '../../src/cluster/isolation.js';
import type { Livez } from '../../src/cluster/livez.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { createLogger } from '../../src/runtime/log.js';

/** An instance whose lease and peers say what the test wants; `looks` looks one after the other. */
function instance() {
  const seen = { holds: false, peersRedis: 'ok' as 'ok' | 'away', givenUp: 0 };
  const isolation = new Isolation({
    lease: { holds: () => seen.holds, fresh: () => seen.holds },
    clock: new SystemClock(),
    log: createLogger('silent', {}),
    peers: () => [{ host: '127.0.0.1', port: 1 }],
    onIsolated: () => {
      seen.givenUp += 1;
    },
    askPeer: async (): Promise<Livez> => ({ answer: 'alive', id: 'peer', redis: seen.peersRedis }),
  });
  const looks = async (count: number) => {
    for (let look = 0; look < count; look++) await isolation.look();
  };
  return { seen, isolation, looks };
}

test('alone without Redis, an instance gives its players up, once', async () => {
  const { seen, isolation, looks } = instance();
  await looks(10);
  expect(seen.givenUp).toBe(1);
  expect(isolation.active).toBe(true);
  seen.holds = true;
  await looks(1);
  expect(isolation.active).toBe(false);
});

test('when Redis comes back to all, whoever hears of it last keeps its players', async () => {
  const { seen, looks } = instance();
  seen.peersRedis = 'away';
  await looks(20);
  // The peers have had their answer, ours is still on its way.
  seen.peersRedis = 'ok';
  await looks(2);
  seen.holds = true;
  await looks(1);
  seen.holds = false;
  await looks(2);
  expect(seen.givenUp).toBe(0);
});

test('while nobody reaches Redis, everybody keeps its players', async () => {
  const { seen, looks } = instance();
  seen.peersRedis = 'away';
  await looks(50);
  expect(seen.givenUp).toBe(0);
});
