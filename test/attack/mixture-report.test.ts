/** What is promised of a mixture is found out when it does not hold. */
import { expect, test } from '@jest/globals';
import { Seeded } from '../chaos/seeded.js';
import { shuffledForEver } from './attackers.js';
import { attacks } from './attacks/all.js';
import type { Health } from './healthy.js';
import { type Mixture, mixable } from './mixture.js';
import { brokenOf } from './mixture-report.js';
import type { Played } from './report.js';
import { TrafficProfile } from './traffic-profile.js';

const RATES = { connections: 10, requests: 40, sockets: 5, messages: 50 };

function healthWith(p99: number, moves = 1_000): Health {
  const times = { p50: p99 / 2, p99, max: p99 * 2 };
  return { moves, stop_ms: times, joins: 10, join_ms: times };
}

const HELD: Mixture = {
  mixed: [{ attack: 'flood', runs: 1, done: 20, unit: 'sockets', broken: [], figures: {} }],
  seconds: 300,
  rates: RATES,
  control_rates: RATES,
  healthy: healthWith(300),
  control: healthWith(100),
  memory: [{ process: 'redis', from: 20, to: 30, flat: true }],
  ended: [],
};
const PLAYED: Played = { acked: 1_000, lost: 0, doubled: 0, violations: 0 };
const RATIO = 3;

test('three times what well-formed requests cost is within the bound', () => {
  expect(brokenOf(HELD, PLAYED, RATIO)).toEqual([]);
});

test.each<[what: string, mixture: Partial<Mixture>, played: Partial<Played>, told: RegExp]>([
  ['healthy moves take longer', { healthy: healthWith(301) }, {}, /^healthy moves took 301 ms/],
  ['a process has ended', { ended: ['instance 2'] }, {}, /^instance 2 has ended$/],
  [
    'a process grows',
    { memory: [{ process: 'redis', from: 20, to: 90, flat: false }] },
    {},
    /redis grew from 20 to 90/,
  ],
  ['an attack breaks its own bound', { mixed: HELD.mixed.map((one) => ({ ...one, broken: ['x'] })) }, {}, /^flood: x$/],
  ['a move is lost', {}, { lost: 1 }, /^healthy rooms: 1 lost$/],
  ['a move counts twice', {}, { doubled: 1 }, /^healthy rooms: 1 doubled$/],
  ['nobody has played beside it', { healthy: healthWith(0, 0) }, {}, /^no healthy move was made$/],
])('it is told when %s', (_, mixture, played, told) => {
  const broken = brokenOf({ ...HELD, ...mixture }, { ...PLAYED, ...played }, RATIO);
  expect(broken).toEqual([expect.stringMatching(told)]);
});

test('an order by chance has every attack once before any comes again, and a seed gives the same order', () => {
  const some = mixable(attacks);
  const take = (seed: number) => {
    const order = shuffledForEver(some, new Seeded(seed));
    return Array.from({ length: 2 * some.length }, () => order.next().value.name);
  };
  const names = some.map(({ name }) => name).sort();
  expect(take(1).slice(0, some.length).sort()).toEqual(names);
  expect(take(1).slice(some.length).sort()).toEqual(names);
  expect(take(1)).toEqual(take(1));
  expect(take(1)).not.toEqual(take(2));
});

test('what is sent again is sent at its time', () => {
  const profile = new TrafficProfile();
  profile.note(100, { ...RATES, requests: 5 });
  profile.note(200, { ...RATES, requests: 9 });
  expect([0, 99, 100, 199, 200, 1_000].map((at) => profile.sentBy(at).requests)).toEqual([0, 0, 5, 5, 9, 9]);
  expect(profile.length).toBe(200);
});
