/** What an instance measures of itself, and what that costs it. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { SystemClock } from '../../src/runtime/clock.js';
import { Metrics } from '../../src/runtime/metrics.js';
import { UsageMeter } from '../../src/runtime/usage.js';
import { startCluster } from '../support/cluster.js';
import { until } from '../support/programs.js';

const PERIOD_MS = 500;
const BLOCK_MS = 250;
const QUIET_MS = 20;

test('the delay of the event loop is nothing while it is idle, and what a busy one was late by', async () => {
  const meter = new UsageMeter(new SystemClock(), PERIOD_MS);
  await meter.start();
  try {
    await until('the loop has been quiet', () => meter.latest.loopDelay < QUIET_MS && meter.latest.memory > 0);
    await until('it was late', () => {
      for (const end = performance.now() + BLOCK_MS; performance.now() < end; );
      return meter.latest.loopDelay > QUIET_MS;
    });
    await until('it is quiet again', () => meter.latest.loopDelay < QUIET_MS);
  } finally {
    meter.stop();
  }
});

test('metrics tell the delay in seconds, and nothing of the loop that has to be looked at all the time', async () => {
  const metrics = new Metrics('test', {
    rooms: () => 1,
    connections: () => 2,
    frozenRooms: () => 0,
    loopDelay: () => 25,
    redisFaults: () => 0,
  });
  const text = await metrics.text();
  expect(text).toMatch(/^hokm_event_loop_delay_seconds\{instance="test"\} 0\.025$/m);
  expect(text).not.toContain('nodejs_eventloop_lag_p99');
});

test('an instance that nobody plays on sleeps', async () => {
  const cluster = await startCluster(1);
  try {
    const [instance] = cluster.instances;
    const wakings = () =>
      Number(
        /^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${instance?.process.pid}/status`, 'utf8'))?.[1],
      );
    await until('it has started', () => wakings() > 0);
    const [before, startedAt] = [wakings(), performance.now()];
    await until('some seconds have passed', () => performance.now() - startedAt > 3_000);
    const perSecond = ((wakings() - before) * 1_000) / (performance.now() - startedAt);
    expect(perSecond).toBeLessThan(80);
  } finally {
    await cluster.stop();
  }
});
