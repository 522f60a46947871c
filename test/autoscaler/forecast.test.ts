import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { poisson, seeded } from '../../autoscaler/backtest/random.js';
import { decideCount } from '../../autoscaler/decide/count.js';
import { EMPTY } from '../../autoscaler/decide/memory.js';
import { Forecaster } from '../../autoscaler/forecast/forecaster.js';
import { Margins } from '../../autoscaler/forecast/margins.js';
import { OutlookForecaster } from '../../autoscaler/forecast/outlook.js';
import { Profile } from '../../autoscaler/forecast/profile.js';
import { DailyRegression } from '../../autoscaler/forecast/regression.js';
import { MINUTE, policy } from './given.js';

const DAY = 1440;
const START = 20_000 * DAY;
const QUANTILES = [0.999, 0.9, 0.01];

/** An evening a day, with the noise of 100 players an instance. */
function evenings(days: number, seed: number): Float64Array {
  const uniform = seeded(seed);
  return Float64Array.from({ length: days * DAY }, (_, minute) => {
    const mean = 800 - 500 * Math.cos((minute / DAY) * 2 * Math.PI);
    return poisson(uniform, mean) / 100;
  });
}

describe('the first day', () => {
  test('is persistence with fixed margins', () => {
    const forecaster = new Forecaster({ horizons: [2, 10], quantiles: QUANTILES });
    for (let minute = 0; minute < 100; minute++) forecaster.push(START + minute, 5);
    expect(forecaster.quantile(0, 0)).toBeCloseTo(5 * 1.12);
    expect(forecaster.quantile(1, 0)).toBeCloseTo(5 * 1.2);
    expect(forecaster.quantile(1, 2)).toBeCloseTo(5 * 0.8);
    expect(forecaster.spoken(0, 0).candidate).toMatch(/^persistence/);
  });

  test('nothing known is nothing expected', () => {
    const forecaster = new Forecaster({ horizons: [2], quantiles: QUANTILES });
    expect(forecaster.quantile(0, 0)).toBeLessThan(0.1);
  });
});

test('quantiles are kept as often as they say', () => {
  const values = evenings(9, 3);
  const forecaster = new Forecaster({ horizons: [3], quantiles: QUANTILES });
  const said: number[][] = [];
  const kept = QUANTILES.map(() => 0);
  let judged = 0;
  for (const [minute, value] of values.entries()) {
    const before = said[minute - 3];
    if (minute > 4 * DAY && before) {
      judged += 1;
      for (const [slot, bound] of before.entries()) if (value <= bound) kept[slot] = (kept[slot] ?? 0) + 1;
    }
    forecaster.push(START + minute, value);
    said.push(QUANTILES.map((_, slot) => forecaster.quantile(0, slot)));
  }
  expect((kept[0] ?? 0) / judged).toBeGreaterThan(0.997);
  expect((kept[1] ?? 0) / judged).toBeGreaterThan(0.87);
  expect((kept[1] ?? 0) / judged).toBeLessThan(0.93);
  expect((kept[2] ?? 0) / judged).toBeLessThan(0.02);
});

test.each([0.02, 0.1])('no margin costs more than the dearest: %d of the mean load', (dearest) => {
  // Twelve of twenty minutes are calm, the others anything: nobody can foresee it.
  const uniform = seeded(6);
  const forecaster = new Forecaster({ horizons: [3], quantiles: QUANTILES, dearest });
  const spent = [0, 0];
  let loads = 0;
  for (let minute = 0; minute < 6 * DAY; minute++) {
    const load = uniform() < 0.6 ? 5 : 5 + 5 * uniform();
    forecaster.push(START + minute, load);
    if (minute < 3 * DAY) continue;
    loads += load;
    spent[0] = (spent[0] ?? 0) + forecaster.worth(0, 0) - forecaster.spoken(0, 0).point;
    spent[1] = (spent[1] ?? 0) + forecaster.quantile(0, 1) - forecaster.spoken(0, 1).point;
  }
  for (const margins of spent) {
    expect(margins / loads).toBeGreaterThan(0.9 * dearest);
    expect(margins / loads).toBeLessThan(1.1 * dearest);
  }
});

test('missing and unusual minutes teach nothing', () => {
  const values = evenings(3, 4);
  const [clean, holed, upset] = [1, 2, 3].map(() => new Forecaster({ horizons: [3], quantiles: QUANTILES }));
  for (const [minute, value] of values.entries()) {
    const inside = minute > 2 * DAY + 600 && minute < 2 * DAY + 700;
    clean?.push(START + minute, value);
    if (!inside) holed?.push(START + minute, value);
    upset?.push(START + minute, inside ? 0 : value, !inside);
  }
  expect(upset?.known).toBe(holed?.known);
  const [usual = 0, other = 0] = [clean, upset].map((each) => each?.usual(START + 3 * DAY + 650) ?? 0);
  expect(Math.abs(other / usual - 1)).toBeLessThan(0.1);
  expect(Math.abs((upset?.quantile(0, 0) ?? 0) / (clean?.quantile(0, 0) ?? 1) - 1)).toBeLessThan(0.05);
});

describe('the margin of `worth`', () => {
  const margins = new Margins([0.99], 1);
  // 98.5 % near 0, the rest spread evenly over 1 to 100: one step more catches 1.5 in 10,000.
  for (let at = 0; at < 9_850; at++) margins.add(0.001);
  for (let at = 0; at < 150; at++) margins.add(1 + at * 0.66);
  margins.endDay();

  const cases: [string, number, number, number, number][] = [
    ['ends where a further step is too rarely needed for its price', 1, 20, 1, 4],
    ['goes on while a step catches much', 1000, 1000, 90, 101],
    ['goes as far as the largest error where that is cheap', 1, 1e6, 97, 103],
    ['is never beyond the dearest', 1000, 30, 30, 30],
    ['is nothing where nothing may be paid', 1, 0, 0, 0],
  ];
  test.each(cases)('%s', (_, step, dearest, least, most) => {
    const margin = margins.worth(0, step, dearest);
    expect(margin).toBeGreaterThanOrEqual(least);
    expect(margin).toBeLessThanOrEqual(most);
  });

  test('is nothing where nothing was ever too low', () => {
    const low = new Margins([0.99], 1);
    expect(low.worth(0, 1, 1)).toBe(0);
    for (let at = 1; at < 100; at++) low.add(-at);
    low.endDay();
    expect(low.worth(0, 1, 1)).toBeLessThan(0.01);
  });

  test('leaves no error above it that a step would catch often enough', () => {
    const anyErrors = fc.array(fc.double({ min: -5, max: 50, noNaN: true }), { minLength: 1, maxLength: 300 });
    const positive = fc.double({ min: 0.01, max: 100, noNaN: true });
    const property = fc.property(anyErrors, positive, positive, (errors, step, dearest) => {
      const some = new Margins([0.99], 1);
      for (const error of errors) some.add(error);
      some.endDay();
      const margin = some.worth(0, step, dearest);
      const largest = Math.max(0, ...errors);
      expect(margin).toBeLessThanOrEqual(dearest);
      expect(margin).toBeLessThanOrEqual(1.04 * largest + 0.01);
      if (margin === dearest) return;
      // Bins are up to 3 % wide: errors at the edges may be counted on either side.
      const caught = errors.filter((error) => error > 1.04 * margin + 0.01 && error <= (margin + step) / 1.04 - 0.01);
      expect(caught.length / errors.length).toBeLessThanOrEqual(0.01 * (margin / dearest) ** 2 + 1e-9);
    });
    fc.assert(property, { numRuns: 200 });
  });
});

test('quantiles of residuals, negative ones too, are found to within their bins', () => {
  const margins = new Margins([0.9, 0.1], 2);
  for (let at = -500; at <= 500; at++) margins.add(at / 100);
  margins.endDay();
  expect(Math.abs(margins.at(0) / 4 - 1)).toBeLessThan(0.05);
  expect(Math.abs(margins.at(1) / -4 - 1)).toBeLessThan(0.05);
  margins.endDay();
  margins.endDay();
  expect(margins.at(0)).toBe(0);
});

test('the regression finds the plane that the outcomes lie on, also through weights', () => {
  const regression = new DailyRegression(3, 2);
  const uniform = seeded(9);
  const features = new Float64Array(3);
  for (let at = 0; at < 500; at++) {
    features.set([uniform() - 0.5, uniform() - 0.5, uniform() - 0.5]);
    const [a = 0, b = 0, c = 0] = features;
    regression.add(features, 0, 2 * a - b + 0.5 * c, 0.1 + uniform());
  }
  expect(regression.predict(features, 0)).toBeUndefined();
  regression.endDay();
  features.set([1, 1, 1]);
  expect(regression.predict(features, 0)).toBeCloseTo(1.5, 1);
});

describe('the profile', () => {
  test('is of the day at first, of the week from 8 days on', () => {
    const profile = new Profile();
    const value = (minute: number) => (Math.floor(minute / DAY) % 7 === 5 ? 10 : 2);
    for (let minute = 0; minute < 2 * DAY; minute++) profile.push(START + minute, value(minute));
    expect(profile.weekly).toBe(false);
    expect(profile.at(START + 2 * DAY + 30)).toBeCloseTo(2);
    for (let minute = 2 * DAY; minute < 12 * DAY; minute++) profile.push(START + minute, value(minute));
    expect(profile.weekly).toBe(true);
    expect(profile.at(START + 12 * DAY + 30)).toBeCloseTo(10);
    expect(profile.at(START + 13 * DAY - 700)).toBeCloseTo(10);
  });
});

/** A load with growth, evenings and jumps. */
const anyWeek = fc.record({
  base: fc.integer({ min: 50, max: 900 }),
  swing: fc.integer({ min: 0, max: 100 }),
  jumps: fc.array(fc.record({ at: fc.integer({ min: 0, max: 3 * DAY }), by: fc.integer({ min: -60, max: 300 }) }), {
    maxLength: 3,
  }),
  restart: fc.integer({ min: DAY, max: 3 * DAY }),
  seed: fc.integer(),
});

test('a restart amid a trace changes no decision by more than one', () => {
  const given = policy({ max: 1000 });
  const property = fc.property(anyWeek, ({ base, swing, jumps, restart, seed }) => {
    const uniform = seeded(seed);
    const values = Array.from({ length: 3 * DAY + 120 }, (_, minute) => {
      const jump = jumps.reduce((sum, { at, by }) => sum + (minute >= at && minute < at + 90 ? by : 0), 0);
      const mean = base * (1 + (swing / 110) * Math.sin((minute / DAY) * 2 * Math.PI)) * (1 + jump / 100);
      return poisson(uniform, Math.max(0, mean)) / 100;
    });
    const decideAt = (forecast: OutlookForecaster, minute: number, memory = EMPTY) => {
      const load = values[minute] ?? 0;
      return decideCount({
        now: (START + minute) * MINUTE,
        policy: given,
        bootMs: 2 * MINUTE,
        tickMs: MINUTE,
        load,
        players: Math.round(load * 100),
        counts: { active: 10, starting: 0, draining: 0, unknown: 0 },
        outlook: forecast.outlook(),
        floor: { min: 1 },
        memory,
      });
    };
    const through = new OutlookForecaster(given, 2 * MINUTE, MINUTE);
    let memory = EMPTY;
    /** By minute: those of an outage are marked in the history. */
    const usual: boolean[] = [];
    let anew: OutlookForecaster | undefined;
    let memoryAnew = EMPTY;
    for (let minute = 0; minute < restart + 60; minute++) {
      const load = values[minute] ?? 0;
      usual.push(memory.guard === null);
      through.push(START + minute, load, usual[minute]);
      const decision = decideAt(through, minute, memory);
      memory = decision.memory;
      if (minute === restart) {
        // The successor has the history, and what the last run remembered.
        anew = new OutlookForecaster(given, 2 * MINUTE, MINUTE);
        for (let past = 0; past <= minute; past++) anew.push(START + past, values[past] ?? 0, usual[past]);
        memoryAnew = memory;
      } else if (anew) {
        anew.push(START + minute, load, memoryAnew.guard === null);
        const other = decideAt(anew, minute, memoryAnew);
        memoryAnew = other.memory;
        expect(Math.abs(other.wanted - decision.wanted)).toBeLessThanOrEqual(1);
        expect(Math.abs(other.target - decision.target)).toBeLessThanOrEqual(1);
      }
    }
  });
  fc.assert(property, {
    numRuns: 8,
    examples: [[{ base: 66, swing: 0, jumps: [{ at: 2831, by: 159 }], restart: 2862, seed: 0 }]],
  });
});
