import { describe, expect, test } from '@jest/globals';
import {
  isReplica,
  isWrongServer,
  reconnectDelay,
  replicasIn,
  SILENCE_TICK_MS,
  SilenceDetector,
  StartTimeout,
} from '../../src/redis/connection-policy.js';

describe('the time-out of an attempt to connect', () => {
  const growth = (timeout: StartTimeout, attempts: number) =>
    Array.from({ length: attempts }, () => {
      const { ms } = timeout;
      timeout.failed(ms);
      return ms;
    });

  test('grows while attempts run into it, and begins again after the longest', () => {
    expect(growth(new StartTimeout(), 6)).toEqual([500, 1_000, 2_000, 4_000, 500, 1_000]);
  });

  test('stays as it is when a server refuses at once', () => {
    const timeout = new StartTimeout();
    for (let attempt = 0; attempt < 100; attempt++) timeout.failed(3);
    expect(timeout.ms).toBe(500);
  });

  test('fits the distance of the server that greeted last, within its bounds', () => {
    const timeout = new StartTimeout();
    timeout.succeeded(1_000);
    expect(timeout.ms).toBe(3_000);
    timeout.succeeded(1);
    expect(timeout.ms).toBe(500);
    timeout.succeeded(10_000);
    expect(timeout.ms).toBe(4_000);
  });

  test('shrinks after the longest, so that another server nearby is found quickly', () => {
    const timeout = new StartTimeout();
    timeout.succeeded(1_000);
    expect(growth(timeout, 5)).toEqual([3_000, 4_000, 1_500, 3_000, 4_000]);
    expect(growth(timeout, 4)).toEqual([750, 1_500, 3_000, 4_000]);
  });
});

describe('a silent server', () => {
  /** Quiet ticks until the server is asked and until it is left. */
  function run(detector: SilenceDetector) {
    const verdicts = Array.from({ length: 20 }, () => detector.tick(false));
    return { asked: verdicts.indexOf('ask') + 1, left: verdicts.indexOf('leave') + 1 };
  }

  test('is asked first, waited for through a pause of 1.5 s at 500 ms of distance, and left within 3 s', () => {
    const { asked, left } = run(new SilenceDetector());
    expect(asked).toBeGreaterThan(0);
    expect((left - asked) * SILENCE_TICK_MS).toBeGreaterThan(1_500 + 500);
    // Its last word can have come just after a tick.
    expect((left + 1) * SILENCE_TICK_MS).toBeLessThanOrEqual(3_000);
  });

  test('is asked for its role every 2 s also while it always says something', () => {
    const detector = new SilenceDetector();
    const asked = Array.from({ length: 24 }, () => detector.tick(true)).filter((verdict) => verdict === 'ask');
    expect(asked).toHaveLength(3);
  });

  test('is forgiven as soon as anything is heard', () => {
    const detector = new SilenceDetector();
    for (let tick = 0; tick < 10; tick++) detector.tick(false);
    expect(detector.tick(true)).not.toBe('leave');
    expect(run(detector).left).toBe(run(new SilenceDetector()).left);
  });
});

test('the pause between attempts grows, to half a second', () => {
  expect([1, 9, 10, 20, 30, 40, 1_000].map(reconnectDelay)).toEqual([50, 50, 100, 200, 400, 500, 500]);
});

test('a server is judged by what it says of its role', () => {
  const primary = '# Replication\r\nrole:master\r\nconnected_slaves:2\r\n';
  expect(isReplica(primary)).toBe(false);
  expect(replicasIn(primary)).toBe(2);
  expect(isReplica('# Replication\r\nrole:slave\r\nmaster_host:127.0.0.1\r\n')).toBe(true);
  expect(isReplica('')).toBe(false);
  expect(replicasIn('')).toBe(0);
});

test('a server that is no primary any more is left; one that cannot write for now is not', () => {
  for (const error of [
    "READONLY You can't write against a read only replica.",
    'LOADING Redis is loading the dataset in memory',
    'MASTERDOWN Link with MASTER is down',
    'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
  ]) {
    expect(isWrongServer(error)).toBe(true);
  }
  for (const error of [
    'MISCONF Errors writing to the AOF file',
    'NOREPLICAS Not enough good replicas to write.',
    'OOM command not allowed',
    'ERR the word READONLY in a text',
    'Command timed out',
  ]) {
    expect(isWrongServer(error)).toBe(false);
  }
});
