/** In which order the parts of an instance start and stop, and what a part that fails does to the others. */
import { expect, test } from '@jest/globals';
import { Lifecycle } from '../../src/runtime/lifecycle.js';
import { createLogger } from '../../src/runtime/log.js';
import { planOf } from '../simulation/plan.js';
import { Process } from '../simulation/process.js';
import { Timeline } from '../simulation/timeline.js';
import { World } from '../simulation/world.js';

test('an instance is known to others only while it can serve them', () => {
  const world = new World(1, planOf(1));
  const [member] = world.members;
  world.end();
  expect(member?.instance.lifecycle.describe()).toEqual({
    start: [
      'redis',
      'usage',
      'identity',
      'bus',
      'table quota',
      'port',
      'registration',
      'isolation',
      'peers',
      'index',
      'public rooms',
      'scaling',
    ],
    stop: [
      'scaling',
      'public rooms',
      'index',
      'peers',
      'status',
      'rooms',
      'isolation',
      'registration',
      'port',
      'table quota',
      'bus',
      'usage',
      'redis',
    ],
  });
});

const silent = createLogger('silent', {});

function lifecycle(deadlineMs = 1_000) {
  const timeline = new Timeline();
  const done: string[] = [];
  const parts = new Lifecycle(silent, new Process(timeline, 'process'), deadlineMs);
  const add = (name: string, stop: () => Promise<void> | void = () => undefined) =>
    parts.add(name, {
      start: () => void done.push(`start ${name}`),
      stop: () => {
        done.push(`stop ${name}`);
        return stop();
      },
    });
  return { timeline, done, parts, add };
}

test('what started last stops first, once', async () => {
  const { parts, done, add } = lifecycle();
  for (const name of ['a', 'b']) add(name);
  await parts.start();
  await Promise.all([parts.stop(), parts.stop()]);
  expect(done).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('a part that cannot stop keeps no other from stopping, and is told', async () => {
  const { parts, done, add } = lifecycle();
  add('a');
  add('b', () => Promise.reject(new Error('stuck')));
  await expect(parts.stop()).rejects.toThrow('stuck');
  expect(done).toEqual(['stop b', 'stop a']);
});

test('a part that never stops is left when the deadline is over', async () => {
  const { parts, done, add, timeline } = lifecycle(1_000);
  add('a');
  add('b', () => new Promise(() => undefined));
  const stopped = parts.stop().catch((error: Error) => error.message);
  await timeline.runUntil(() => done.includes('stop a'), 2_000);
  expect(await stopped).toBe('not stopped within 1000 ms');
  expect(timeline.now).toBe(1_000);
});
