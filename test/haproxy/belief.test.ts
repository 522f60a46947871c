import { describe, expect, test } from '@jest/globals';
import {
  type Belief,
  type BeliefLimits,
  believe,
  hinted,
  noBelief,
  pulse,
  type Reading,
  type Target,
  trusted,
  unanswered,
  wantedPins,
} from '../../haproxy/belief.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';

const limits: BeliefLimits = { leaseMs: 5_000, missingMs: 2_000, hintMs: 3_000 };
const id = (name: string) => name as InstanceId;
const code = (text: string) => text as RoomCode;

function target(name: string, number: number): Target {
  return { name: id(name), number, host: '10.0.0.1', port: 4_000, weight: 128, state: 'ready' };
}

interface Seen {
  at: number;
  targets?: Target[];
  waiting?: string[];
  stopped?: string[];
  claims?: [string, number][] | 'not read';
}

function reading({ at, targets = [], waiting = [], stopped = [], claims = [] }: Seen): Reading {
  return {
    at,
    targets,
    waiting: new Set(waiting.map(id)),
    unusable: [],
    stopped: new Set(stopped.map(id)),
    claims: claims === 'not read' ? undefined : new Map(claims.map(([room, number]) => [code(room), number])),
  };
}

const see = (belief: Belief, seen: Seen) => believe(belief, reading(seen), seen.at, limits);
const names = (belief: Belief) => [...belief.servers.keys()];
const pins = (belief: Belief) => Object.fromEntries(wantedPins(belief));
const A = target('a', 1);
const B = target('b', 2);

/** Heartbeats and readings of the same instances, every second from `from` to `to`. */
function steady(from: number, to: number, seen: Omit<Seen, 'at'>, before: Belief = noBelief): Belief {
  let belief = before;
  for (let at = from; at <= to; at += 1_000) {
    belief = see(pulse(belief, true, at, limits), { ...seen, at });
  }
  return belief;
}

describe('trust', () => {
  test('comes after one lease of answers with instances in them', () => {
    expect(trusted(steady(0, 4_000, { targets: [A] }), 4_000, limits)).toBe(false);
    expect(trusted(steady(0, 5_000, { targets: [A] }), 5_000, limits)).toBe(true);
    expect(trusted(steady(0, 5_000, { waiting: ['a'] }), 5_000, limits)).toBe(true);
    expect(trusted(steady(0, 9_000, { targets: [] }), 9_000, limits)).toBe(false);
  });

  const before = steady(0, 10_000, { targets: [A] });
  test.each<[string, Belief]>([
    ['a reading that fails', unanswered(before)],
    ['an empty registry', see(before, { at: 10_100 })],
    ['a heartbeat that was not a renewal', pulse(before, false, 10_100, limits)],
    ['heartbeats with a gap', pulse(before, true, 12_600, limits)],
  ])('goes with %s, and takes a lease to come back', (_, shaken) => {
    expect(trusted(shaken, 12_600, limits)).toBe(false);
    expect(trusted(steady(13_000, 17_000, { targets: [A] }, shaken), 17_000, limits)).toBe(false);
    expect(trusted(steady(13_000, 18_000, { targets: [A] }, shaken), 18_000, limits)).toBe(true);
  });

  test('goes when the controller itself was frozen, before anything else is known', () => {
    expect(trusted(before, 12_400, limits)).toBe(true);
    expect(trusted(before, 12_600, limits)).toBe(false);
  });
});

describe('instances', () => {
  const before = steady(0, 10_000, { targets: [A, B] });

  test('one that is missing is believed in for two heartbeats', () => {
    expect(names(steady(11_000, 12_000, { targets: [B] }, before))).toEqual(['a', 'b']);
    expect(names(steady(11_000, 13_000, { targets: [B] }, before))).toEqual(['b']);
  });

  test('one that comes back in between is counted anew', () => {
    const back = steady(12_000, 12_000, { targets: [A, B] }, steady(11_000, 11_000, { targets: [B] }, before));
    expect(names(steady(13_000, 14_000, { targets: [B] }, back))).toEqual(['a', 'b']);
  });

  test('one that says it has stopped is gone at once', () => {
    expect(names(steady(11_000, 11_000, { targets: [B], stopped: ['a'] }, before))).toEqual(['b']);
  });

  test('without trust none is gone, however long it is missing', () => {
    let belief = before;
    for (let at = 11_000; at < 100_000; at += 1_000) {
      const shaken = at % 4_000 === 0 ? unanswered(belief) : belief;
      belief = see(pulse(shaken, true, at, limits), { at, targets: [B] });
    }
    expect(names(belief)).toEqual(['a', 'b']);
  });

  test('what it said last counts', () => {
    const drained: Target = { ...A, state: 'drain', weight: 64 };
    expect(steady(11_000, 11_000, { targets: [drained, B] }, before).servers.get(id('a'))?.target).toEqual(drained);
  });
});

describe('pins', () => {
  const before = steady(0, 10_000, { targets: [A, B], claims: [['R', 1]] });

  test('follow the claims', () => {
    const moved = steady(11_000, 11_000, { targets: [A, B], claims: [['R', 2]] }, before);
    expect([pins(before), pins(moved)]).toEqual([{ R: 1 }, { R: 2 }]);
    expect(pins(steady(12_000, 12_000, { targets: [A, B] }, moved))).toEqual({});
  });

  test('stay when the rooms were not read', () => {
    expect(pins(steady(11_000, 11_000, { targets: [A, B], claims: 'not read' }, before))).toEqual({ R: 1 });
  });

  test('stay while their instance is only missing, and go with it', () => {
    expect(pins(steady(11_000, 12_000, { targets: [B] }, before))).toEqual({ R: 1 });
    expect(pins(steady(11_000, 13_000, { targets: [B] }, before))).toEqual({});
  });

  test('stay when Redis was emptied', () => {
    const emptied = see(pulse(before, false, 11_000, limits), { at: 11_000, targets: [A, B] });
    expect(pins(emptied)).toEqual({ R: 1 });
  });

  test('a hint outranks the claims while it is young', () => {
    const moving = hinted(before, new Map([[code('R'), 2]]), 10_500);
    expect(pins(moving)).toEqual({ R: 2 });
    expect(pins(steady(11_000, 13_000, { targets: [A, B], claims: [['R', 1]] }, moving))).toEqual({ R: 2 });
    expect(pins(steady(11_000, 14_000, { targets: [A, B], claims: [['R', 1]] }, moving))).toEqual({ R: 1 });
  });
});
