/** A failing seed shrinks to the fewest of its faults, and fails with them again. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { changeCompiled, copyPackage } from '../chaos/mutants.js';
import { runProgram, temporaryFolder } from '../support/programs.js';
import { mutants } from './mutants.js';
import { parseOptions } from './options.js';
import { kindOf, simulatePart } from './shrink.js';
import { simulate } from './simulate.js';

/** Without it a seed fails only after faults. */
const GUARD = 'command ids in snapshots';
const SEEDS = '600';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  await copyPackage(folder.path);
  for (const one of mutants.find(({ guard }) => guard === GUARD)?.changes ?? []) await changeCompiled(folder.path, one);
});
afterAll(() => folder.remove());

const mutant = (...args: string[]) => runProgram(join(folder.path, 'dist/test/simulation/main.js'), args);
const kindsIn = (text: string) => [...text.matchAll(/VIOLATION (.*)/g)].map(([, violation = '']) => kindOf(violation));

test(`taken out: ${GUARD}: a seed shrinks, and fails with those faults again`, async () => {
  const { code, stdout, stderr } = await mutant('--seeds', SEEDS, '--first', '--shrink');
  const [, kept, whole] = /(\d+) of (\d+) faults are enough/.exec(stderr) ?? [];
  expect({ code, kept: Number(kept) < Number(whole) ? 'fewer' : stderr }).toEqual({ code: 1, kept: 'fewer' });
  const command = /FAILED: npm run simulate -- (.*)/.exec(stdout)?.[1]?.split(' ') ?? [];
  expect(command).toContain('--faults');

  const again = await mutant(...command);
  expect(again.code).toBe(1);
  expect(kindsIn(again.stderr)).toContain(kindsIn(stderr)[0]);
  expect(again.stderr.match(/ ms, \d+ commits[:,] /g)?.length).toBeLessThanOrEqual(Number(kept));
}, 300_000);

test('with all of its faults a part is the whole; with none nothing strikes, and nothing is wrong', async () => {
  const whole = await simulate(3);
  expect(
    await simulatePart(
      3,
      whole.strikes.map((_, at) => at + 1),
    ),
  ).toEqual(whole);
  expect(await simulatePart(3, [])).toMatchObject({ faults: 0, story: [], violations: [] });
});

test('up to the fault that is missing a part is as the whole', async () => {
  const { strikes, story } = await simulate(3);
  const names = strikes.map(({ fault }) => fault.name);
  const once = names.findIndex((name, at) => at > 0 && names.indexOf(name) === names.lastIndexOf(name));
  const part = await simulatePart(
    3,
    strikes.map((_, at) => at + 1).filter((place) => place !== once + 1),
  );
  expect(part.story.slice(0, once)).toEqual(story.slice(0, once));
  expect(part.strikes.map(({ fault }) => fault.name)).not.toContain(names[once]);
  expect(part.violations).toEqual([]);
});

test('violations are of one kind wherever they are', () => {
  expect(kindOf('S1M00002 at 26: misplaced: command 6-seat0 of seat 0 was acked and NOT_YOUR_TURN')).toBe('misplaced');
  expect(kindOf('S1M00001: seat 2 got 17 after 15')).toBe(kindOf('S1M00000: seat 0 got 4 after 2'));
  expect(kindOf('the cluster is stuck')).toBe('the cluster is stuck');
});

test.each([
  [['--seeds', '1', '--faults', '1,x'], '--faults must be numbers with commas, as 1,4, or none.'],
  [['--faults', '1'], '--faults needs --seeds 1.'],
  [['--seeds', '1', '--faults', '1', '--shrink'], '--shrink finds the --faults: not both.'],
])('%j is told to be wrong', async (args, message) => {
  await expect(parseOptions(args)).rejects.toThrow(message);
});

test('faults that a seed does not have are told', async () => {
  expect((await parseOptions(['--seeds', '1', '--faults', '1,4'])).faults).toEqual([1, 4]);
  expect((await parseOptions(['--seeds', '1', '--faults', 'none'])).faults).toEqual([]);
  await expect(simulatePart(3, [99])).rejects.toThrow(/^Seed 3 has \d+ faults, and no 99\.$/);
});
