import { describe, expect, test } from '@jest/globals';
import { inWordsOf, parseDuration } from '../../autoscaler/duration.js';
import { fires, parseCron } from '../../autoscaler/policy/cron.js';
import { loadPolicy, parsePolicy } from '../../autoscaler/policy/load.js';
import { floorAt } from '../../autoscaler/policy/schedule.js';
import { policy } from './given.js';

const mistakes = (text: string) => {
  const parsed = parsePolicy(text, 'p.yaml');
  return 'mistakes' in parsed ? parsed.mistakes : [];
};

describe('a policy file', () => {
  test('may say nothing but its version', () => {
    expect(parsePolicy('version: 1', 'p')).toMatchObject({ mode: 'advisory', min: 1, driver: { type: 'none' } });
  });

  test('may be JSON', () => {
    expect(parsePolicy('{"version": 1, "min": 3}', 'p')).toMatchObject({ min: 3 });
  });

  test('gives way to what is set on the command line', () => {
    const settings = ['min=4', 'instance.players=80', 'driver.type=process', 'mode=act'];
    expect(parsePolicy('version: 1\nmin: 2', 'p', settings)).toMatchObject({
      min: 4,
      mode: 'act',
      instance: { players: 80 },
      driver: { type: 'process' },
    });
    expect(() => parsePolicy('version: 1', 'p', ['nonsense'])).toThrow('--set nonsense: expected path=value');
  });

  const cases: [string, string, RegExp][] = [
    ['no YAML', 'version: 1\nmin: [1', /^p\.yaml:2: /],
    [
      'a field that is not known',
      'version: 1\nscale_in:\n  windw_min: 3',
      /^p\.yaml:3: scale_in\.windw_min: is not known/,
    ],
    ['a wrong type', 'version: 1\n\nmin: many', /^p\.yaml:3: min: /],
    ['no version', 'min: 1', /^p\.yaml:1: version: /],
    ['out of range', 'version: 1\nforecast:\n  up_quantile: 2', /^p\.yaml:3: forecast\.up_quantile: /],
    ['min above max', 'version: 1\nmax: 2\nmin: 3', /^p\.yaml:3: min: is 3, above max, 2/],
    ['quantiles the wrong way round', 'version: 1\nforecast:\n  up_quantile: 0.8\n  in_quantile: 0.9', /^p\.yaml:4: /],
    ['acting without a driver', 'version: 1\nmode: act', /driver: is missing/],
    [
      'an unknown time zone',
      'version: 1\nschedules:\n  - name: a\n    cron: "0 1 * * *"\n    minutes: 5\n    min: 2\n    time_zone: Mars/Here',
      /^p\.yaml:7: schedules\.0\.time_zone: is no time zone/,
    ],
    [
      'a bad cron',
      'version: 1\nschedules:\n  - name: a\n    cron: "0 25 * * *"\n    minutes: 5\n    min: 2',
      /^p\.yaml:4: schedules\.0\.cron: .*"25" is not in 0 to 23/,
    ],
    [
      'a schedule above max',
      'version: 1\nmax: 3\nschedules:\n  - name: a\n    cron: "0 1 * * *"\n    minutes: 5\n    min: 9',
      /^p\.yaml:7: schedules\.0\.min: is 9, above max, 3/,
    ],
    ['a driver that is none', 'version: 1\ndriver:\n  type: magic', /^p\.yaml:3: driver\.type: /],
  ];
  test.each(cases)('one line with the place: %s', (_, text, line) => {
    const [first] = mistakes(text);
    expect(first).toMatch(line);
    expect(first).not.toContain('\n');
  });

  test('several mistakes are all told', () => {
    expect(mistakes('version: 1\nmin: x\nmax: y')).toHaveLength(2);
  });

  test('a file that is not there is one line', () => {
    expect(() => loadPolicy('nowhere.yaml')).toThrow('nowhere.yaml: there is no such file');
  });
});

describe('cron', () => {
  const at = (text: string) => Date.parse(`${text}Z`);
  const cron = (text: string) => {
    const parsed = parseCron(text);
    if (typeof parsed === 'string') throw new Error(parsed);
    return parsed;
  };

  test('ranges, steps, lists and names', () => {
    const weekdays = cron('*/15 9-17 * * mon-fri');
    expect(fires(weekdays, at('2026-03-02T09:30:00'))).toBe(true);
    expect(fires(weekdays, at('2026-03-02T09:31:00'))).toBe(false);
    expect(fires(weekdays, at('2026-03-01T09:30:00'))).toBe(false);
    expect(fires(cron('0 0 1 jan,jul *'), at('2026-07-01T00:00:00'))).toBe(true);
    expect(fires(cron('0 0 * * 7'), at('2026-03-01T00:00:00'))).toBe(true);
  });

  test('either day will do when both are given', () => {
    const either = cron('0 0 13 * fri');
    expect(fires(either, at('2026-03-13T00:00:00'))).toBe(true);
    expect(fires(either, at('2026-03-20T00:00:00'))).toBe(true);
    expect(fires(either, at('2026-03-14T00:00:00'))).toBe(false);
  });

  test.each(['* * * *', '61 * * * *', '5-1 * * * *', '*/0 * * * *', 'x * * * *'])('%s is none', (text) => {
    expect(typeof parseCron(text)).toBe('string');
  });
});

describe('schedules', () => {
  const evening = { name: 'evening', cron: '0 20 * * *', minutes: 120, min: 6, time_zone: 'Europe/Berlin' };
  const { schedules } = policy({ schedules: [evening, { name: 'always', cron: '* * * * *', minutes: 1, min: 2 }] });
  const floor = (time: string, ahead = 0) => floorAt(schedules, 1, Date.parse(time), ahead);

  test('hold on the wall clock of their zone, in winter and in summer', () => {
    expect(floor('2026-01-15T18:59:00Z')).toEqual({ min: 2, schedule: 'always' });
    expect(floor('2026-01-15T19:00:00Z')).toEqual({ min: 6, schedule: 'evening' });
    expect(floor('2026-01-15T20:59:00Z').min).toBe(6);
    expect(floor('2026-01-15T21:00:00Z').min).toBe(2);
    expect(floor('2026-07-15T18:00:00Z').min).toBe(6);
    expect(floor('2026-07-15T20:00:00Z').min).toBe(2);
  });

  test('open early enough for a boot', () => {
    expect(floor('2026-01-15T18:55:00Z', 5 * 60_000).min).toBe(6);
  });
});

test('durations', () => {
  expect(parseDuration('90s', '--x')).toBe(90_000);
  expect(parseDuration('2h', '--x')).toBe(7_200_000);
  expect(() => parseDuration('soon', '--x')).toThrow('--x "soon": expected a duration');
  expect(() => parseDuration('0m', '--x')).toThrow();
  expect([45_000, 90_000, 7_200_000, 5_400_000].map(inWordsOf)).toEqual(['45 s', '1 min 30 s', '2 h', '1 h 30 min']);
});
