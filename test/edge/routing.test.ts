// Holds I7 of src/README.md.
/** Where players' connections are passed on to, when the store is slow to say it. */
import { expect, test } from '@jest/globals';
import type { Location } from '../../src/cluster/ownership.js';
import { Routing } from '../../src/edge/routing.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import { ClusterClock } from '../../src/runtime/clock.js';
import { Process } from '../simulation/process.js';
import { Timeline } from '../simulation/timeline.js';

const CODE = 'FARAWAY1' as RoomCode;
const elsewhere: Location = { at: 'elsewhere', owner: 'game-2' as InstanceId, address: '10.0.0.2:7000' };

/** Every look at the store takes so long, ms. */
function routing(farMs: number) {
  const timeline = new Timeline();
  const clock = new ClusterClock(new Process(timeline, 'game-1'), 0);
  const locate = () => new Promise<Location>((resolve) => clock.after(farMs, () => resolve(elsewhere)));
  const routes = new Routing({ here: () => undefined, locate, open: locate }, clock);
  const tried: string[] = [];
  const pipe = (address: string) => {
    tried.push(address);
    return Promise.resolve(true);
  };
  const come = async () => {
    let passed: boolean | undefined;
    const from = timeline.now;
    void routes.passedOn(CODE, false, pipe).then((outcome) => {
      passed = outcome;
    });
    await timeline.runUntil(() => passed !== undefined, 10_000);
    return { passed, ms: timeline.now - from };
  };
  return { come, tried, wait: (ms: number) => timeline.runUntil(() => false, ms) };
}

test('who comes again to an instance far from the store is passed on by what it said too late', async () => {
  const { come, tried, wait } = routing(440);
  expect(await come()).toMatchObject({ passed: false });
  await wait(500);
  const again = await come();
  expect(again.passed).toBe(true);
  expect(again.ms).toBeLessThan(1_000);
  expect(tried).toEqual(['10.0.0.2:7000']);
});

test('what the store said too late is soon forgotten', async () => {
  const { come, wait } = routing(440);
  await come();
  await wait(60_000);
  expect(await come()).toMatchObject({ passed: false });
});

test('a store that is near is asked every time', async () => {
  const { come, tried } = routing(20);
  expect(await come()).toMatchObject({ passed: true });
  expect(tried).toHaveLength(1);
});
