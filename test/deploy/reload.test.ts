/** When an HAProxy is reloaded, and when that has not worked. With real HAProxies: two-doors.test.ts. */
import { expect, test } from '@jest/globals';
import { type ReloadParts, reload } from '../../deploy/ops/reload.js';
import { RuntimeApi, type WorkerInfo } from '../../haproxy/runtime-api.js';
import { Registry } from '../../src/cluster/registry.js';
import { controllerConfig } from '../../src/config.js';
import { connect } from '../../src/redis/client.js';
import { testConfig } from '../support/config.js';
import { ManualClock, settled } from '../support/manual-clock.js';

const NOWHERE = 'redis://127.0.0.1:1';

/** An HAProxy whose worker started `uptime` s ago and is never replaced. */
class Stubborn extends RuntimeApi {
  constructor(
    private readonly clock: ManualClock,
    private readonly uptime: number,
  ) {
    super('/nowhere');
  }

  override async info(): Promise<WorkerInfo> {
    const uptimeSeconds = Math.floor(this.uptime + this.clock.monotonic() / 1_000);
    return { worker: '7@1', pid: 7, uptimeSeconds, connections: 3 };
  }
}

function parts(uptime: number) {
  const clock = new ManualClock();
  const told: string[] = [];
  /** When the master was signalled, ms. */
  const signals: number[] = [];
  // Never connected: what is asked here comes before Redis.
  const redis = connect(testConfig(NOWHERE), 'test');
  redis.disconnect();
  const all: ReloadParts = {
    name: 'haproxy',
    clock,
    api: new Stubborn(clock, uptime),
    config: controllerConfig({ REDIS_URL: NOWHERE, HAPROXY_SOCKET: '/nowhere' }),
    redis,
    registry: new Registry(redis, 1_000),
    tell: (line) => told.push(line),
    trigger: () => void signals.push(clock.monotonic()),
  };
  return { all, clock, told, signals };
}

test.each([
  [0.5, 6_500, ['haproxy started 0 s ago; two reloads within 7 s would lose its pins: waiting for 7 s …']],
  [6.9, 100, ['haproxy started 6 s ago; two reloads within 7 s would lose its pins: waiting for 1 s …']],
  [7, 0, []],
])('after %f s it waits for %i ms, and says so; a worker that stays is told', async (uptime, at, lines) => {
  const { all, clock, told, signals } = parts(uptime);
  const failed = reload(all).catch((error: Error) => `${error.name}: ${error.message}`);
  await clock.advance(at - 1);
  expect([told, signals]).toEqual([lines, at === 0 ? [0] : []]);
  await clock.advance(101);
  expect(signals).toHaveLength(1);
  await clock.advance(20_000);
  await settled();
  expect(await failed).toBe('ToolFailed: haproxy goes on with the worker that it had: see its log for what is wrong.');
});
