// Holds I1 of src/README.md.
/** When an owner counts as gone: the table in docs/design.md, "Gone means". */

import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HeartbeatLease } from '../../src/cluster/lease.js';
import { askLivez, type Livez } from '../../src/cluster/livez.js';
import type { InstanceFields, InstanceRecord } from '../../src/cluster/registry.js';
import { Takeover, type Verdict } from '../../src/cluster/takeover.js';
import type { SystemClock } from '../../src/runtime/clock.js';
import { log } from '../room/rooms.js';
import { addressOf, testHost } from '../support/host.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { freePort } from '../support/programs.js';

const OWNER = 'game-0WNER000' as InstanceRecord['id'];
const ADDRESS = '10.0.0.1:4000';
const SUSPECT_MS = 2_000;
const LEASE = 5_000;

type Answer = 'alive' | 'another' | 'isolated' | 'refused' | 'silent';
const livez = (answer: Answer): Livez =>
  answer === 'alive' || answer === 'another'
    ? { answer: 'alive', id: answer === 'alive' ? OWNER : 'game-AN0THER0', redisForMs: 0 }
    : { answer };

class Stage {
  readonly clock = new ManualClock();
  /** How long the owner has been silent, as seen here, ms; null when its entry is gone and its lease over. */
  heartbeatAge: number | null = 500;
  /** The entry is gone, whatever was seen of its heartbeats. */
  expired = false;
  steady = true;
  registryFails = false;
  answers: Answer[] = [];
  /** What changes while the next question is open. */
  meanwhile: () => void = () => undefined;
  readonly asked: string[] = [];
  looks = 0;
  readonly takeover = new Takeover({
    registry: {
      get: async () => {
        this.looks += 1;
        if (this.registryFails) throw new Error('no answer');
        if (this.expired || this.heartbeatAge === null) return undefined;
        return { id: OWNER, host: '10.0.0.1', port: 4000, last_heartbeat: 1 } as InstanceRecord;
      },
    },
    clock: this.clock,
    steady: () => this.steady,
    heartbeats: { note: () => undefined, silentFor: () => this.heartbeatAge ?? LEASE },
    suspectMs: SUSPECT_MS,
    leaseMs: LEASE,
    probe: async (address) => {
      this.asked.push(address);
      const answer = this.answers.shift() ?? 'silent';
      this.meanwhile();
      return livez(answer);
    },
  });

  async judge(address: string | null = ADDRESS): Promise<Verdict> {
    const verdict = this.takeover.judge(OWNER, address);
    await this.clock.advance(20);
    return verdict;
  }
}

interface Case {
  readonly what: string;
  readonly heartbeatAge: number | null;
  readonly steady?: boolean;
  readonly address?: string | null;
  readonly answers: Answer[];
  readonly verdict: Verdict;
  readonly asks: number;
}

describe('an owner', () => {
  const cases: Case[] = [
    { what: 'whose lease has expired', heartbeatAge: null, answers: [], verdict: 'gone', asks: 0 },
    // Redis may have been away: an expired lease proves nothing for a while.
    {
      what: 'expired, in doubt, that answers',
      heartbeatAge: null,
      steady: false,
      answers: ['alive'],
      verdict: 'alive',
      asks: 1,
    },
    {
      what: 'expired, in doubt, silent',
      heartbeatAge: null,
      steady: false,
      answers: ['silent'],
      verdict: 'alive',
      asks: 1,
    },
    {
      what: 'expired, in doubt, nobody listens',
      heartbeatAge: null,
      steady: false,
      answers: ['refused', 'refused'],
      verdict: 'gone',
      asks: 2,
    },
    {
      what: 'expired, in doubt, no address',
      heartbeatAge: null,
      steady: false,
      address: null,
      answers: [],
      verdict: 'alive',
      asks: 0,
    },
    { what: 'whose port refuses twice', heartbeatAge: 10, answers: ['refused', 'refused'], verdict: 'gone', asks: 2 },
    { what: 'that has given its rooms up', heartbeatAge: 3_500, answers: ['isolated'], verdict: 'gone', asks: 1 },
    { what: 'whose port refuses once', heartbeatAge: 10, answers: ['refused', 'alive'], verdict: 'alive', asks: 2 },
    {
      what: 'whose port refuses once, then is silent',
      heartbeatAge: 10,
      answers: ['refused', 'silent'],
      verdict: 'unreachable',
      asks: 2,
    },
    { what: 'whose port another process has', heartbeatAge: 10, answers: ['another'], verdict: 'gone', asks: 1 },
    {
      what: 'whose port another process has after a refusal',
      heartbeatAge: 10,
      answers: ['refused', 'another'],
      verdict: 'gone',
      asks: 2,
    },
    { what: 'late and silent', heartbeatAge: SUSPECT_MS + 1, answers: ['silent'], verdict: 'gone', asks: 1 },
    {
      what: 'late, in doubt, and silent',
      heartbeatAge: SUSPECT_MS + 1,
      steady: false,
      answers: ['silent'],
      verdict: 'gone',
      asks: 1,
    },
    { what: 'late that answers', heartbeatAge: 4_900, answers: ['alive'], verdict: 'alive', asks: 1 },
    { what: 'just in time and silent', heartbeatAge: SUSPECT_MS, answers: ['silent'], verdict: 'unreachable', asks: 1 },
    { what: 'that answers', heartbeatAge: 500, answers: ['alive'], verdict: 'alive', asks: 1 },
  ];

  test.each(cases)('$what is $verdict', async ({ heartbeatAge, steady = true, address, answers, verdict, asks }) => {
    const stage = new Stage();
    Object.assign(stage, { heartbeatAge, steady, answers: [...answers] });
    expect(await stage.judge(address)).toBe(verdict);
    expect(stage.asked).toEqual(Array(asks).fill(ADDRESS));
  });

  test('that was late, but has sent a heartbeat while it was asked, is not gone', async () => {
    const stage = new Stage();
    stage.heartbeatAge = SUSPECT_MS + 1;
    stage.meanwhile = () => {
      stage.heartbeatAge = 10;
    };
    expect(await stage.judge()).toBe('unreachable');
  });

  test('whose entry is gone although its heartbeats were seen is asked: the clock of Redis may have stepped', async () => {
    for (const [heartbeatAge, answer, verdict] of [
      [500, 'alive', 'alive'],
      [LEASE - 1, 'silent', 'alive'],
      [LEASE, 'alive', 'gone'],
    ] as const) {
      const stage = new Stage();
      Object.assign(stage, { expired: true, heartbeatAge, answers: [answer] });
      expect(await stage.judge()).toBe(verdict);
    }
  });

  test('whose lease ends while it was asked is gone, unless that proves nothing', async () => {
    for (const steady of [true, false]) {
      const stage = new Stage();
      Object.assign(stage, { steady, meanwhile: () => Object.assign(stage, { heartbeatAge: null }) });
      expect(await stage.judge()).toBe(steady ? 'gone' : 'alive');
    }
  });

  test('is asked twice 20 ms apart', async () => {
    const stage = new Stage();
    stage.answers = ['refused', 'refused'];
    const verdict = stage.takeover.judge(OWNER, ADDRESS);
    await stage.clock.advance(19);
    expect(stage.asked).toHaveLength(1);
    await stage.clock.advance(1);
    expect([stage.asked.length, await verdict]).toEqual([2, 'gone']);
  });

  test('is judged once for all its rooms, for a second; that it lives is never remembered', async () => {
    const stage = new Stage();
    stage.answers = ['refused', 'refused'];
    const verdicts = Promise.all([1, 2, 3].map(() => stage.takeover.judge(OWNER, ADDRESS)));
    await stage.clock.advance(20);
    expect(await verdicts).toEqual(['gone', 'gone', 'gone']);
    await stage.clock.advance(979);
    expect(await stage.judge()).toBe('gone');
    expect([stage.looks, stage.asked.length]).toEqual([1, 2]);
    stage.answers = ['alive', 'alive'];
    expect(await stage.judge()).toBe('alive');
    expect(await stage.judge()).toBe('alive');
    expect(stage.looks).toBe(3);
  });

  test('is not judged without the registry, and a failure is not remembered', async () => {
    const stage = new Stage();
    stage.registryFails = true;
    await expect(stage.judge()).rejects.toThrow('no answer');
    stage.registryFails = false;
    stage.answers = ['alive'];
    expect(await stage.judge()).toBe('alive');
  });
});

describe('a question to /livez', () => {
  const servers: Server[] = [];
  const serve = async (answer: (body: (text: string) => void, head: () => void) => void): Promise<string> => {
    const server = createServer((_, response) =>
      answer(
        (text) => response.end(text),
        () => response.write('{'),
      ),
    );
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, testHost(), resolve));
    const address = server.address();
    return typeof address === 'object' && address ? `${addressOf(address.port)}` : '';
  };
  let dead = '';
  beforeAll(async () => {
    dead = `${addressOf(await freePort())}`;
  });
  afterAll(() => {
    for (const server of servers) server.closeAllConnections();
    for (const server of servers) server.close();
  });

  test('is answered, refused, or times out: also in the middle of an answer', async () => {
    const alive = await serve((body) => body(JSON.stringify({ id: OWNER, redis: 'ok', redis_for_ms: 1234 })));
    const older = await serve((body) => body(JSON.stringify({ id: OWNER, redis: 'ok' })));
    const isolated = await serve((body) => body(JSON.stringify({ status: 'isolated', id: OWNER, redis: 'away' })));
    const silent = await serve(() => undefined);
    const half = await serve((_, head) => head());
    expect(await Promise.all([alive, older, isolated, dead, silent, half].map(askLivez))).toEqual([
      { answer: 'alive', id: OWNER, redisForMs: 1_234 },
      { answer: 'alive', id: OWNER, redisForMs: 0 },
      { answer: 'isolated' },
      { answer: 'refused' },
      { answer: 'silent' },
      { answer: 'silent' },
    ]);
  });
});

describe('the lease', () => {
  const HEARTBEAT_MS = 1_000;
  const LEASE_MS = 5_000;

  /** A lease whose heartbeats are answered when the test says so. */
  function start() {
    const clock = new ManualClock();
    const beats: { answer: (renewed?: boolean) => void; fail: () => void }[] = [];
    let staled = 0;
    let look = async () => false;
    const synchronise = () => undefined;
    const lease = new HeartbeatLease({
      registry: {
        heartbeat: () =>
          new Promise((resolve, reject) => {
            beats.push({
              answer: (renewed = true) => resolve({ renewed, now: clock.now(), mark: 0 }),
              fail: () => reject(new Error('no answer')),
            });
          }),
      } as unknown as ConstructorParameters<typeof HeartbeatLease>[0]['registry'],
      losses: { nextMark: () => 1, found: () => undefined, look: () => look() },
      clock: Object.assign(clock, { synchronise }) as unknown as SystemClock,
      log,
      heartbeatMs: HEARTBEAT_MS,
      leaseMs: LEASE_MS,
      fields: () => ({}) as InstanceFields,
      onStale: () => {
        staled += 1;
      },
    });
    const take = () => {
      const beat = beats.shift();
      if (!beat) throw new Error('no heartbeat is under way');
      return beat;
    };
    const askOthers = (answer: Promise<boolean>) => {
      look = () => answer;
    };
    return { clock, lease, take, staled: () => staled, askOthers };
  }

  async function started() {
    const stage = start();
    const starting = stage.lease.start();
    stage.take().answer(false);
    await starting;
    return stage;
  }

  test('is fresh while heartbeats are answered, and steady after one lease of them', async () => {
    const { clock, lease, take } = await started();
    const { generation } = lease;
    expect([lease.fresh(), lease.steady()]).toEqual([true, false]);
    for (let beat = 0; beat < LEASE_MS / HEARTBEAT_MS; beat++) {
      await clock.advance(HEARTBEAT_MS);
      take().answer();
      await settled();
    }
    expect([lease.fresh(), lease.steady(), lease.generation]).toEqual([true, true, generation]);
    lease.stop();
  });

  test('is stale after two periods without an answer, says so once, and is another generation when it is back', async () => {
    const { clock, lease, take, staled } = await started();
    const { generation } = lease;
    await clock.advance(2 * HEARTBEAT_MS + 1);
    expect([lease.fresh(), lease.holds()]).toEqual([false, true]);
    await clock.advance(2 * HEARTBEAT_MS);
    expect([lease.holds(), staled()]).toEqual([false, 1]);
    let woken = false;
    const waiting = lease.whenFresh().then(() => {
      woken = true;
    });
    // Too late to count: by its own sending it is stale already.
    take().answer();
    await clock.advance(1);
    expect(woken).toBe(false);
    take().answer();
    await waiting;
    expect(lease.fresh()).toBe(true);
    expect(lease.generation).toBeGreaterThan(generation);
    expect(lease.steady()).toBe(false);
    lease.stop();
  });

  test('is fresh again after a gap only once it is known whether others have noticed that Redis has lost something', async () => {
    const { clock, lease, take, askOthers } = await started();
    const { generation } = lease;
    await clock.advance(2 * HEARTBEAT_MS + 1);
    take().fail();
    await clock.advance(100);
    let told: (lost: boolean) => void = () => undefined;
    askOthers(
      new Promise((resolve) => {
        told = resolve;
      }),
    );
    take().answer();
    await settled();
    expect([lease.fresh(), lease.generation]).toEqual([false, generation]);
    told(true);
    await settled();
    expect([lease.fresh(), lease.generation]).toEqual([true, generation + 1]);
    lease.stop();
  });

  test('rises by a generation when a quick answer to a retry came after it had gone stale', async () => {
    const { clock, lease, take } = await started();
    const { generation } = lease;
    await clock.advance(HEARTBEAT_MS);
    await clock.advance(500);
    take().fail();
    await clock.advance(100);
    // Sent at 1.6 s, within two periods; answered at 2.3 s, within one: but it was stale from 2 s on.
    await clock.advance(700);
    expect(lease.fresh()).toBe(false);
    take().answer();
    await settled();
    expect([lease.fresh(), lease.generation]).toEqual([true, generation + 1]);
    lease.stop();
  });

  test('rises by a generation when it had run out in Redis', async () => {
    const { clock, lease, take } = await started();
    const { generation } = lease;
    await clock.advance(HEARTBEAT_MS);
    take().answer(false);
    await settled();
    expect(lease.generation).toBe(generation + 1);
    lease.stop();
  });
});
