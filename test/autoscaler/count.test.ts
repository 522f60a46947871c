import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CountInput, decideCount, type Refusal, upHorizonMin, windowMin } from '../../autoscaler/decide/count.js';
import type { Minute } from '../../autoscaler/decide/memory.js';
import { count, MINUTE, NOW, policy, settled } from './given.js';

const counts = (active: number, starting = 0, draining = 0, unknown = 0) => ({ active, starting, draining, unknown });
const at = (minutesAgo: number, overrides: Partial<Minute> = {}): Minute => ({
  minute: NOW / MINUTE - minutesAgo,
  wanted: 1,
  up: 100,
  low: 0,
  players: 0,
  ...overrides,
});

describe('how many', () => {
  const cases: [string, Partial<CountInput>, { wanted: number; add: number; remove: number }][] = [
    ['enough is left alone', { load: 4.2, counts: counts(5) }, { wanted: 5, add: 0, remove: 0 }],
    ['a load that is whole needs no more', { load: 5, counts: counts(5) }, { wanted: 5, add: 0, remove: 0 }],
    ['more load, more instances', { load: 6.1, counts: counts(5) }, { wanted: 7, add: 2, remove: 0 }],
    ['those that start count', { load: 6.1, counts: counts(5, 2) }, { wanted: 7, add: 0, remove: 0 }],
    [
      'the forecast asks for more than the load',
      { load: 4.2, outlook: { up: 7.5, again: 0, low: 0 } },
      { wanted: 8, add: 3, remove: 0 },
    ],
    ['less load, fewer instances', { load: 3.2, counts: counts(5) }, { wanted: 4, add: 0, remove: 1 }],
    [
      'what will be needed again is not stopped',
      { load: 3.2, outlook: { up: 3.2, again: 4.5, low: 0 }, counts: counts(5) },
      { wanted: 4, add: 0, remove: 0 },
    ],
    ['spare ones come on top', { load: 4.2, policy: policy({ spare: 2 }) }, { wanted: 7, add: 2, remove: 0 }],
    ['never above max', { load: 30, policy: policy({ max: 8 }) }, { wanted: 8, add: 3, remove: 0 }],
    ['never below min', { load: 0, policy: policy({ min: 4 }), floor: { min: 4 } }, { wanted: 4, add: 0, remove: 1 }],
    ['a schedule is a floor', { load: 1, floor: { min: 9, schedule: 'evening' } }, { wanted: 9, add: 4, remove: 0 }],
    ['a schedule does not lift the maximum', { floor: { min: 30 } }, { wanted: 20, add: 15, remove: 0 }],
    ['a hold is the number, up', { hold: 7 }, { wanted: 7, add: 2, remove: 0 }],
    ['a hold is the number, down, at once', { hold: 4, load: 3 }, { wanted: 4, add: 0, remove: 1 }],
    ['a hold stays within min and max', { hold: 90 }, { wanted: 20, add: 15, remove: 0 }],
    ['boots are called off before drains', { load: 3, counts: counts(3, 4) }, { wanted: 3, add: 0, remove: 4 }],
    [
      'the window keeps what was wanted a moment ago',
      { load: 3.2, memory: settled({ recent: [at(2, { wanted: 5 }), at(1, { wanted: 4 })] }) },
      { wanted: 4, add: 0, remove: 0 },
    ],
    [
      'what was wanted before the window does not count',
      { load: 3.2, memory: settled({ recent: [at(3, { wanted: 5 }), at(1, { wanted: 4 })] }) },
      { wanted: 4, add: 0, remove: 1 },
    ],
  ];
  test.each(cases)('%s', (_, input, expected) => {
    expect(decideCount(count(input))).toMatchObject(expected);
  });
});

describe('refusals of scale-in', () => {
  const tooMany = { load: 2, counts: counts(8) } satisfies Partial<CountInput>;
  const cases: [Refusal, Partial<CountInput>, number][] = [
    ['unknown_instance', { ...tooMany, counts: counts(8, 0, 0, 1) }, 0],
    ['stale_metrics', { ...tooMany, stale: true }, 0],
    ['outage_guard', { ...tooMany, memory: settled({ guard: { until: NOW + MINUTE, players: 800 } }) }, 0],
    ['panic', { ...tooMany, memory: settled({ panicUntil: NOW + MINUTE }) }, 0],
    ['boot_failed', { ...tooMany, bootFailedAt: NOW - 9 * MINUTE }, 0],
    ['restarted', { ...tooMany, memory: settled({ since: NOW - 2 * MINUTE }) }, 0],
    ['paused', { ...tooMany, paused: { in: true, out: false } }, 0],
    ['deploy', { ...tooMany, deploying: true }, 0],
    ['drain_budget', { ...tooMany, load: 2 }, 2],
    ['drain_budget', { ...tooMany, counts: counts(8, 0, 2) }, 0],
    ['no_room', { load: 7.5, counts: counts(8), hold: 4 }, 0],
    ['no_room', { load: 6.5, counts: counts(8), hold: 4 }, 1],
  ];
  test.each(cases)('%s', (refusal, input, remove) => {
    const decision = decideCount(count(input));
    expect(decision.refusals).toContain(refusal);
    expect(decision.remove).toBe(remove);
    expect(decision.add).toBe(0);
  });

  test('none when everything is well', () => {
    expect(decideCount(count({ load: 6, counts: counts(8) }))).toMatchObject({ refusals: [], remove: 2 });
  });

  test('a boot that failed long ago is forgotten', () => {
    expect(decideCount(count({ load: 6, counts: counts(8), bootFailedAt: NOW - 11 * MINUTE })).remove).toBe(2);
  });

  test('a clock that has jumped back, or decisions that stopped, begin a new window', () => {
    for (const last of [NOW + MINUTE, NOW - 30 * MINUTE]) {
      const decision = decideCount(count({ ...tooMany, memory: settled({ at: last }) }));
      expect(decision.refusals).toEqual(['restarted']);
      expect(decision.memory.since).toBe(NOW);
    }
  });
});

describe('refusals of scale-out', () => {
  test('paused by hand', () => {
    const decision = decideCount(count({ load: 9, paused: { in: false, out: true } }));
    expect(decision).toMatchObject({ add: 0, refusals: ['paused'] });
  });

  test('while Redis has been away', () => {
    expect(decideCount(count({ load: 9, stale: true }))).toMatchObject({ add: 0, refusals: ['stale_metrics'] });
  });

  test('one at a time while boots fail', () => {
    const failing = { load: 9, bootFailedAt: NOW - MINUTE };
    expect(decideCount(count({ ...failing }))).toMatchObject({ add: 1, refusals: ['boots_fail'] });
    expect(decideCount(count({ ...failing, counts: counts(5, 1) }))).toMatchObject({ add: 0 });
  });
});

describe('panic', () => {
  const ahead = upHorizonMin(120_000, MINUTE);
  const foretold = (up: number) => settled({ recent: [at(ahead, { up })] });

  test('a load that fills the fleet unforeseen asks for a quarter more, and holds it', () => {
    const decision = decideCount(count({ load: 8, counts: counts(8), memory: foretold(7) }));
    expect(decision).toMatchObject({ panic: true, wanted: 10, add: 2 });
    expect(decision.memory.panicUntil).toBe(NOW + 10 * MINUTE);
  });

  test('a full fleet that was foreseen is no panic', () => {
    expect(decideCount(count({ load: 8, counts: counts(8), memory: foretold(8.5) }))).toMatchObject({
      panic: false,
      wanted: 8,
    });
  });

  test('a surprise that the fleet has room for is none either', () => {
    expect(decideCount(count({ load: 7, counts: counts(8), memory: foretold(5) })).panic).toBe(false);
  });
});

describe('the outage guard', () => {
  const before = settled({ recent: [at(6, { players: 800, low: 6.5 }), at(5, { players: 800, low: 6.5 })] });

  test('players that drop faster than they ever leave freeze scale-in', () => {
    const decision = decideCount(count({ load: 0, players: 0, counts: counts(8), memory: before }));
    expect(decision).toMatchObject({ guard: true, remove: 0 });
    expect(decision.refusals).toContain('outage_guard');
    expect(decision.memory.guard).toEqual({ until: NOW + 60 * MINUTE, players: 800 });
  });

  test('it ends when they are back', () => {
    const memory = settled({ guard: { until: NOW + MINUTE, players: 800 } });
    expect(decideCount(count({ load: 7.7, players: 770, memory })).guard).toBe(true);
    expect(decideCount(count({ load: 7.8, players: 780, memory })).guard).toBe(false);
  });

  test('it ends with its time', () => {
    const memory = settled({ guard: { until: NOW, players: 800 } });
    expect(decideCount(count({ load: 2, players: 200, memory })).guard).toBe(false);
  });

  test('a drop that was forecast, a small one, and one of few players are none', () => {
    const forecast = settled({ recent: [at(5, { players: 800, low: 4 })] });
    expect(decideCount(count({ load: 5, players: 500, memory: forecast })).guard).toBe(false);
    expect(decideCount(count({ load: 6.2, players: 620, memory: before })).guard).toBe(false);
    const few = settled({ recent: [at(5, { players: 12, low: 0.1 })] });
    expect(decideCount(count({ load: 0, players: 0, memory: few })).guard).toBe(false);
  });
});

test('the window is 58 % of what a stop must save: boot, drain, and what a boot costs', () => {
  expect(windowMin(policy(), 120_000)).toBe(3);
  expect(windowMin(policy(), 600_000)).toBe(8);
  expect(windowMin(policy({ cost: { boot_cost_min: 4 } }), 600_000)).toBe(10);
  expect(windowMin(policy({ scale_in: { window_min: 30 } }), 120_000)).toBe(30);
});

test('minutes are remembered once each, and only as long as they are looked at', () => {
  let memory = settled({ recent: [at(60, { wanted: 19 })] });
  for (let tick = 0; tick < 80; tick++) {
    const now = NOW + tick * 15_000;
    memory = decideCount(count({ now, tickMs: 15_000, load: 3 + (tick % 4), memory })).memory;
  }
  expect(memory.recent.length).toBeLessThanOrEqual(11);
  expect(new Set(memory.recent.map(({ minute }) => minute)).size).toBe(memory.recent.length);
  expect(memory.recent.every(({ wanted }) => wanted === 6)).toBe(true);
});

const anyCounts = fc.record({
  active: fc.integer({ min: 0, max: 30 }),
  starting: fc.integer({ min: 0, max: 10 }),
  draining: fc.integer({ min: 0, max: 10 }),
  unknown: fc.integer({ min: 0, max: 3 }),
});
const anyInput = fc
  .record({
    min: fc.integer({ min: 0, max: 10 }),
    extra: fc.integer({ min: 0, max: 15 }),
    load: fc.double({ min: 0, max: 40, noNaN: true }),
    up: fc.double({ min: 0, max: 60, noNaN: true }),
    again: fc.double({ min: 0, max: 60, noNaN: true }),
    counts: anyCounts,
    floor: fc.integer({ min: 0, max: 40 }),
    hold: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
    stale: fc.boolean(),
    guard: fc.boolean(),
    panic: fc.boolean(),
    failed: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
  })
  .map(({ min, extra, up, again, guard, panic, failed, floor, ...rest }) =>
    count({
      ...rest,
      policy: policy({ min, max: Math.max(1, min + extra) }),
      outlook: { up, again, low: 0 },
      floor: { min: floor },
      memory: settled({
        guard: guard ? { until: NOW + MINUTE, players: 1e9 } : null,
        panicUntil: panic ? NOW + MINUTE : 0,
      }),
      ...(failed === undefined ? {} : { bootFailedAt: NOW - failed * MINUTE }),
    }),
  );

describe('always', () => {
  test('never above max, never below min, never both ways', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { add, remove, wanted, target } = decideCount(input);
        const { min, max } = input.policy;
        const present = input.counts.active + input.counts.starting;
        expect(wanted).toBeGreaterThanOrEqual(min);
        expect(wanted).toBeLessThanOrEqual(max);
        expect(target).toBeGreaterThanOrEqual(wanted);
        expect(add === 0 || remove === 0).toBe(true);
        expect(add).toBeGreaterThanOrEqual(0);
        expect(remove).toBeGreaterThanOrEqual(0);
        if (add > 0) expect(present + add).toBeLessThanOrEqual(max);
        if (remove > 0) expect(present - remove).toBeGreaterThanOrEqual(min);
      }),
      { numRuns: 500 },
    );
  });

  test('never scale-in on unknown data', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const blind = { ...input, counts: { ...input.counts, unknown: input.counts.unknown + 1 } };
        expect(decideCount(blind).remove).toBe(0);
        expect(decideCount({ ...input, stale: true }).remove).toBe(0);
        expect(decideCount({ ...input, stale: true }).add).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('what is left holds the load', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { remove } = decideCount(input);
        const drained = Math.max(0, remove - input.counts.starting);
        if (drained > 0) expect(input.counts.active - drained).toBeGreaterThanOrEqual(input.load - 1e-6);
      }),
      { numRuns: 500 },
    );
  });
});
