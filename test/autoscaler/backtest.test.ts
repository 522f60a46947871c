import { describe, expect, test } from '@jest/globals';
import { backtest } from '../../autoscaler/backtest/backtest.js';
import { fixedBuffer, hpa, staticMaximum } from '../../autoscaler/backtest/baselines.js';
import { expectedLoad, percentile, playersOf, STAYS } from '../../autoscaler/backtest/demand.js';
import { clairvoyantCost, needed } from '../../autoscaler/backtest/optimum.js';
import { binomial, poisson, seeded } from '../../autoscaler/backtest/random.js';
import { score } from '../../autoscaler/backtest/score.js';
import { type Scaler, simulate } from '../../autoscaler/backtest/simulate.js';
import { parseTrace } from '../../autoscaler/backtest/trace.js';
import { policy } from './given.js';

const people = (...players: number[]) => Int32Array.from(players);
const options = { capacity: 100, bootMin: 2, minimum: 1, migration: true };

describe('the clairvoyant optimum', () => {
  test('is the need, where that is steady', () => {
    expect(Array.from(needed(people(0, 1, 100, 101), 100, 1))).toEqual([1, 1, 1, 2]);
    expect(clairvoyantCost(people(2, 2, 2), 2)).toBe(6);
  });

  test('keeps an instance over a short gap and gives it up over a long one', () => {
    // 3 minutes without the second instance: keeping costs 3, a new boot 2 + 3.
    expect(clairvoyantCost(people(2, 1, 1, 1, 2), 2)).toBe(7 + 3);
    expect(clairvoyantCost(people(2, ...Array<number>(8).fill(1), 2), 2)).toBe(12 + 5);
    expect(clairvoyantCost(people(2, ...Array<number>(8).fill(1), 2), 10)).toBe(12 + 8);
  });

  test('pays each level by itself, and nothing before the first need of one', () => {
    // Level 2 is out for 1 minute, level 3 for 3.
    expect(clairvoyantCost(people(3, 2, 1, 2, 3), 2)).toBe(11 + 1 + 3);
    expect(clairvoyantCost(people(1, 1, 3), 2)).toBe(5);
  });

  test('of a part begins anew', () => {
    expect(clairvoyantCost(people(5, 1, 1, 5, 1), 2, 1, 4)).toBe(7);
  });
});

describe('the fleet', () => {
  const following =
    (...wanted: number[]): Scaler =>
    (minute) =>
      wanted[minute] ?? wanted.at(-1) ?? 1;

  test('an instance is paid from its start and serves after its boot', () => {
    const course = simulate(people(100, 150, 150, 150, 150), options, following(1, 2));
    expect(Array.from(course.active)).toEqual([1, 1, 1, 2, 2]);
    expect(Array.from(course.paid)).toEqual([1, 2, 2, 2, 2]);
    expect(Array.from(course.unmet)).toEqual([0, 50, 50, 0, 0]);
    expect(Array.from(course.started)).toEqual([0, 1, 0, 0, 0]);
  });

  test('a drain with migration is paid until its players are elsewhere', () => {
    const course = simulate(people(160, 160, 160, 160, 160), { ...options, minimum: 3 }, following(3));
    expect(Array.from(course.paid)).toEqual([3, 3, 3, 3, 3]);
    const off = simulate(people(180, 180, 180, 180), options, following(3, 2));
    // Starts with the two that are needed; the third is called off before it is ready, which costs no drain.
    expect(Array.from(off.paid)).toEqual([3, 2, 2, 2]);
    const drained = simulate(people(120, 90, 90, 90, 90), options, following(2, 1));
    // 45 players on it; in the next minute they are moved: 60 could be.
    expect(Array.from(drained.paid)).toEqual([2, 2, 1, 1, 1]);
    expect(drained.moved[2]).toBeCloseTo(45 * STAYS, 5);
    expect(drained.unmet.every((each) => each === 0)).toBe(true);
  });

  test('no more are moved than there is room for', () => {
    const course = simulate(people(190, 190, 190, 190), options, following(2, 1));
    // 95 on the one that drains, 95 on the other: 5 can be moved at once, others as they leave.
    expect(course.moved[2]).toBeLessThan(12);
    expect(course.paid[3]).toBe(2);
  });

  test('scale-out calls drains off first', () => {
    const course = simulate(people(150, 100, 160, 160), options, following(2, 1, 2));
    expect(Array.from(course.started)).toEqual([0, 0, 0, 0]);
    expect(Array.from(course.active)).toEqual([2, 2, 1, 2]);
  });

  test('without migration players leave by themselves, and are forced out after 4 hours', () => {
    const still = new Int32Array(400).fill(150);
    const alone = { ...options, migration: false };
    const course = simulate(still, alone, following(2, 1));
    expect(course.moved.every((each) => each === 0)).toBe(true);
    // 75 players with a mean stay of 20 minutes: under half a one after 101 minutes.
    expect(course.paid.indexOf(1)).toBe(1 + 101);
    expect(course.forced.reduce((a, b) => a + b, 0)).toBe(0);
  });
});

test('the score counts what was paid, missed and started in its part', () => {
  const players = people(100, 250, 250, 150, 150, 150);
  const need = needed(players, 100, 1);
  const course = simulate(players, options, (minute) => (minute === 1 ? 3 : minute > 3 ? 2 : 3));
  const result = score(course, players, need, 2, 1, 6);
  // Paid 3, 3, 3, 2 (and the drain's minute), 2.
  expect(result.cost_ratio).toBeCloseTo(Array.from(course.paid.subarray(1)).reduce((a, b) => a + b, 0) / 12);
  expect(result.under_min_per_day).toBeCloseTo((1 / 5) * 1440);
  expect(result.unmet_ppm).toBeCloseTo((150 / 950) * 1e6);
});

describe('baselines', () => {
  const fleet = (active: number) => ({ active, starting: 0, draining: 0 });

  test('static maximum', () => expect(staticMaximum(people(1, 7, 3))(0, 10, fleet(1))).toBe(7));
  test('fixed buffer', () => expect(fixedBuffer(0.2, 100, 1)(0, 500, fleet(1))).toBe(6));
  test('HPA scales out at once, in after its window, and not within its tolerance', () => {
    const scaler = hpa(0.7, 100, 1);
    expect(scaler(0, 700, fleet(5))).toBe(10);
    expect(scaler(1, 650, fleet(10))).toBe(10);
    for (let minute = 2; minute < 6; minute++) expect(scaler(minute, 350, fleet(10))).toBe(10);
    expect(scaler(6, 350, fleet(10))).toBe(5);
  });
});

describe('traces', () => {
  const text = (...rows: string[]) => ['ts,value', ...rows].join('\n');
  const row = (minute: number, value: number | string) =>
    `${new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString().slice(0, 19)}Z,${value}`;
  const good = Array.from({ length: 20 }, (_, at) => row(at * 5, at + 1));

  test('a sound one is read', () => {
    expect(parseTrace(text(...good), 't')).toMatchObject({ stepMin: 5, filled: 0, startMs: Date.UTC(2026, 0, 1) });
  });

  test('a hole is filled by a straight line and told', () => {
    const trace = parseTrace(text(...good.filter((_, at) => at !== 3)), 't');
    expect(trace).toMatchObject({ stepMin: 5, filled: 1 });
    expect(trace.values[3]).toBe(4);
  });

  const bad: [string, string, RegExp][] = [
    ['header', 'a,b\n', /^t:1: the first line/],
    ['no number', text(...good.slice(0, 4), row(20, 'x'), ...good.slice(5)), /^t:6: "x" is no number/],
    ['negative', text(...good.slice(0, 4), row(20, -1), ...good.slice(5)), /^t:6: "-1"/],
    ['no time', text('yesterday,1', ...good), /^t:2: "yesterday" is no ISO-8601 time/],
    ['backwards', text(...good, row(5, 1)), /^t:22: .* is not after/],
    ['off the grid', text(...good, row(101, 1)), /^t:22: the time is not on the grid of 5 min/],
    ['columns', text(...good, '1,2,3'), /^t:22: expected two columns/],
    ['short', text(...good.slice(0, 3)), /^t:4: a trace needs/],
    ['nothing', text(...good.map((line) => line.replace(/,.*/, ',0'))), /^t:2: every value is 0/],
    ['long hole', text(...good, row(20_000, 1)), /^t:22: more than a day/],
  ];
  test.each(bad)('one line about a bad one: %s', (_, csv, message) => {
    expect(() => parseTrace(csv, 't')).toThrow(message);
  });
});

describe('players', () => {
  const steady = { startMs: 0, stepMin: 5, values: new Float64Array(600).fill(50), filled: 0 };

  test('arrivals become concurrency, scaled to the peak', () => {
    const { mean } = expectedLoad(steady, { kind: 'arrivals', capacity: 100, instancesAtPeak: 20 });
    expect(mean).toHaveLength(3000);
    expect(percentile(mean, 0.99)).toBeCloseTo(2000);
    // A trace that rises for good is followed with a lag of one stay.
    const step = { ...steady, values: steady.values.map((_, at) => (at < 300 ? 50 : 100)) };
    const risen = expectedLoad(step, { kind: 'arrivals', capacity: 100, instancesAtPeak: 20 }).mean;
    expect(risen[1499 + 20]).toBeCloseTo(2000 - 1000 * Math.exp(-1), 0);
  });

  test('a path has the mean and the spread of its process, and only its seed decides', () => {
    const load = expectedLoad(steady, { kind: 'arrivals', capacity: 100, instancesAtPeak: 20 });
    const path = playersOf(load, 1);
    expect(playersOf(load, 1)).toEqual(path);
    expect(playersOf(load, 2)).not.toEqual(path);
    const mean = path.reduce((a, b) => a + b, 0) / path.length;
    const variance = path.reduce((sum, each) => sum + (each - mean) ** 2, 0) / path.length;
    expect(Math.abs(mean - 2000)).toBeLessThan(30);
    expect(variance).toBeGreaterThan(1000);
    expect(variance).toBeLessThan(3500);
  });

  test('the samplers keep mean and variance', () => {
    const uniform = seeded(5);
    const check = (sample: () => number, mean: number, variance: number) => {
      const drawn = Array.from({ length: 20_000 }, sample);
      const found = drawn.reduce((a, b) => a + b, 0) / drawn.length;
      const spread = drawn.reduce((sum, each) => sum + (each - found) ** 2, 0) / drawn.length;
      expect(Math.abs(found - mean)).toBeLessThan(5 * Math.sqrt(variance / drawn.length));
      expect(Math.abs(spread / variance - 1)).toBeLessThan(0.06);
    };
    for (const mean of [0.5, 9, 40, 5000]) check(() => poisson(uniform, mean), mean, mean);
    for (const [trials, p] of [
      [10, 0.3],
      [40, 0.9],
      [2000, 0.951],
      [200_000, 0.95],
    ] as const) {
      check(() => binomial(uniform, trials, p), trials * p, trials * p * (1 - p));
    }
    expect([poisson(uniform, 0), binomial(uniform, 0, 0.5), binomial(uniform, 9, 1)]).toEqual([0, 0, 9]);
  });
});

describe('a whole backtest', () => {
  // 16 days of evenings: a sine a day.
  const values = Float64Array.from({ length: 16 * 48 }, (_, at) => 60 + 50 * Math.sin((at / 48) * 2 * Math.PI));
  const trace = { startMs: Date.UTC(2026, 0, 1), stepMin: 30, values, filled: 0 };
  const given = policy({ max: 10_000 });
  const run = (overrides: object = {}) =>
    backtest(trace, {
      policy: given,
      kind: 'arrivals',
      bootMin: 2,
      seeds: [1],
      instancesAtPeak: 20,
      migration: true,
      half: 'second',
      baselines: ['hpa70', 'hpa80'],
      ...overrides,
    });

  test('is near the optimum where days repeat, and far cheaper than HPA', () => {
    const { ours, baselines, scoredDays } = run();
    expect(scoredDays).toBe(8);
    expect(ours.cost_ratio).toBeLessThan(1.08);
    expect(ours.under_min_per_day).toBeLessThan(0.2);
    expect(ours.forced_closures).toBe(0);
    expect(ours.cost_ratio).toBeLessThan((baselines.hpa70?.cost_ratio ?? 0) - 0.25);
  });

  test('gives the same figures every time, and decides by the past only', () => {
    const first = run({ half: 'first', baselines: [] });
    expect(run({ half: 'first', baselines: [] }).ours).toEqual(first.ours);
    // The second half's course begins like that of the first half alone.
    const { paid } = run({ baselines: [] }).course.ours;
    expect(Array.from(paid.subarray(0, 8 * 1440))).toEqual(Array.from(first.course.ours.paid));
  });

  test('a schedule holds its floor in the simulation too', () => {
    const evening = { name: 'noon', cron: '0 12 * * *', minutes: 60, min: 30 };
    const { course } = run({ policy: policy({ max: 50, schedules: [evening] }), baselines: [], half: 'first' });
    for (let minute = 0; minute < course.players.length; minute++) {
      const ofDay = minute % 1440;
      if (minute > 1440 && ofDay >= 720 && ofDay < 780) expect(course.ours.active[minute]).toBeGreaterThanOrEqual(30);
    }
  });
});
