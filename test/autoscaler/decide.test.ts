import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bootMs, bootsSchema, followBoots } from '../../autoscaler/decide/boots.js';
import { decide } from '../../autoscaler/decide/decide.js';
import { demand } from '../../autoscaler/decide/demand.js';
import { advanceDrain, type Drain, startDrain } from '../../autoscaler/decide/drains.js';
import type { Instance } from '../../autoscaler/decide/instance.js';
import { withOrders } from '../../autoscaler/decide/orders.js';
import { planRebalance } from '../../autoscaler/decide/rebalance.js';
import { NOTHING_YET } from '../../autoscaler/decide/state.js';
import { chooseVictims } from '../../autoscaler/decide/victims.js';
import { decideInput, instance, MINUTE, NOW, policy, settled } from './given.js';

describe('demand', () => {
  const two = [
    instance('a', { players: 150, rooms: 40, cpu: 0.35 }),
    instance('b', { players: 50, rooms: 10, cpu: 0.35 }),
  ];

  test('the metric that asks for most leads', () => {
    expect(demand(two, policy(), 0, NOW)).toMatchObject({ load: 2, leading: 'players', by: { players: 2, cpu: 1 } });
    const rooms = policy({ instance: { rooms: 10 } });
    expect(demand(two, rooms, 0, NOW)).toMatchObject({ load: 5, leading: 'rooms' });
    const busy = two.map((each) => ({ ...each, cpu: 2.1 }));
    expect(demand(busy, policy(), 0, NOW).leading).toBe('cpu');
    expect(demand(busy, policy(), 0, NOW).load).toBeCloseTo(6);
  });

  test("memory counts by an instance's own limit, or where the host is its own", () => {
    const full = two.map((each) => ({ ...each, players: 0, cpu: 0, hostMemory: 0.8, memoryMb: 300 }));
    expect(demand(full, policy(), 0, NOW)).toMatchObject({ load: 2, leading: 'memory' });
    expect(
      demand(
        full.map((each) => ({ ...each, host: 'one' })),
        policy(),
        0,
        NOW,
      ).load,
    ).toBe(0);
    expect(demand(full, policy({ instance: { memory_mb: 150 } }), 0, NOW).load).toBe(5);
  });

  test('many hot instances for a minute count for more, few never do', () => {
    const lagging = two.map((each) => ({ ...each, loopDelayMs: 70 }));
    const first = demand(lagging, policy(), 0, NOW);
    expect(first).toMatchObject({ load: 2, delayFactor: 1, hotSince: NOW, hot: ['a', 'b'] });
    expect(demand(lagging, policy(), NOW, NOW + MINUTE).load).toBeCloseTo(2.8);
    const worse = two.map((each) => ({ ...each, loopDelayMs: 900 }));
    expect(demand(worse, policy(), NOW, NOW + MINUTE).load).toBe(3);
    const few = [instance('h', { loopDelayMs: 900 }), ...['a', 'b', 'c', 'd'].map((id) => instance(id))];
    expect(demand(few, policy(), NOW, NOW + MINUTE)).toMatchObject({ delayFactor: 1, hotSince: 0 });
  });
});

describe('victims', () => {
  const ids = (fleet: readonly Instance[], count: number, given = policy()) =>
    chooseVictims(fleet, count, given, NOW).map(({ id }) => id);

  test('empty ones first, then the fewest players', () => {
    const fleet = [
      instance('full', { players: 90 }),
      instance('some', { players: 5 }),
      instance('empty', { players: 0, rooms: 0 }),
    ];
    expect(ids(fleet, 2)).toEqual(['empty', 'some']);
    expect(ids(fleet, 9)).toEqual(['empty', 'some', 'full']);
  });

  test('rooms that no other can play weigh more than players', () => {
    const old = instance('old', { players: 4, rooms: 1, rules: ['hokm@0'] });
    expect(ids([old, instance('a', { players: 90 }), instance('b', { players: 95 })], 1)).toEqual(['a']);
  });

  test('as cheap ones go by the paid time that is left, then by age', () => {
    const hourly = policy({ cost: { quantum_s: 3600 } });
    const minutesOld = (id: string, minutes: number) => instance(id, { startedAt: NOW - minutes * MINUTE });
    expect(ids([minutesOld('just-paid', 61), minutesOld('nearly-over', 118)], 1, hourly)).toEqual(['nearly-over']);
    expect(ids([minutesOld('young', 60), minutesOld('old', 120)], 1)).toEqual(['old']);
  });

  test('only ready ones', () => {
    expect(ids([instance('a', { state: 'draining' }), instance('b', { state: 'unknown' })], 2)).toEqual([]);
  });

  test('with a long quantum none is stopped right after it was paid', () => {
    const fleet = [instance('a', { startedAt: NOW - 61 * MINUTE }), instance('b', { startedAt: NOW - 62 * MINUTE })];
    const input = decideInput(fleet, { policy: policy({ cost: { quantum_s: 3600 }, boot_s: 60 }) });
    expect(decide(input)).toMatchObject({ count: { remove: 1 }, victims: [] });
  });
});

describe('the drain', () => {
  const told = (overrides: Partial<Drain> = {}): Drain => ({
    ...startDrain(instance('a'), true, policy(), NOW, 'scale-in'),
    step: 'told',
    saidAt: NOW,
    fencing: 7,
    ...overrides,
  });
  const empty = instance('a', { state: 'draining', players: 0, rooms: 0 });
  const busy = instance('a', { state: 'draining' });

  test('goes from mark to end', () => {
    const begun = startDrain(instance('a'), true, policy(), NOW, 'scale-in');
    const first = advanceDrain(begun, instance('a'), NOW, 7);
    expect(first).toMatchObject({ next: { step: 'told', saidAt: NOW, fencing: 7 }, effect: { kind: 'tell', id: 'a' } });
    expect(advanceDrain(told(), busy, NOW + 1000, 7)).toMatchObject({ next: { step: 'told' }, effect: undefined });
    const stop = advanceDrain(told(), empty, NOW + 2000, 7);
    expect(stop).toMatchObject({ next: { step: 'stopping' }, effect: { kind: 'stop', forced: false } });
    expect(advanceDrain(told({ step: 'stopping' }), undefined, NOW, 7)).toEqual({ next: undefined, effect: undefined });
  });

  test('one that does not hear is told again, one that does not end is stopped by force', () => {
    expect(advanceDrain(told(), instance('a'), NOW + 4_999, 7).effect).toBeUndefined();
    expect(advanceDrain(told(), instance('a'), NOW + 5_000, 7).effect).toMatchObject({ kind: 'tell' });
    expect(advanceDrain(told(), busy, NOW + 25_000, 7).effect).toMatchObject({ kind: 'stop', forced: true });
    const stopping = told({ step: 'stopping' });
    expect(advanceDrain(stopping, empty, NOW + 34_000, 7).effect).toBeUndefined();
    expect(advanceDrain(stopping, empty, NOW + 35_000, 7).effect).toMatchObject({ kind: 'stop' });
  });

  test('under another number everything is said again: the run before may have died', () => {
    expect(advanceDrain(told(), busy, NOW, 8)).toMatchObject({ next: { fencing: 8 }, effect: { kind: 'tell' } });
    expect(advanceDrain(told({ step: 'stopping', forced: true }), busy, NOW, 8).effect).toMatchObject({
      kind: 'stop',
      forced: true,
    });
  });

  test('where rooms cannot move it has hours', () => {
    expect(startDrain(busy, false, policy(), NOW, 'scale-in').deadline).toBe(NOW + 240 * MINUTE);
  });
});

describe('boots', () => {
  const pending = (key: string, at: number) => ({ key, at, ordered: true, handle: null });
  const none = bootsSchema.parse({});

  test('a new instance ends the oldest boot and is measured', () => {
    const boots = { ...none, pending: [pending('x', NOW - 60_000), pending('y', NOW - 30_000)] };
    const fresh = instance('new', { startedAt: NOW - 40_000 });
    const after = followBoots(boots, [instance('old'), fresh], new Set(['old']), new Set(), NOW, 120);
    expect(after.pending).toEqual([pending('y', NOW - 30_000)]);
    expect(after.measured).toEqual([20.5]);
  });

  test('one that never comes up, or was refused, has failed', () => {
    const late = followBoots({ ...none, pending: [pending('x', NOW - 361_000)] }, [], new Set(), new Set(), NOW, 120);
    expect(late).toMatchObject({ pending: [], failedAt: NOW });
    const refused = followBoots({ ...none, pending: [pending('x', NOW)] }, [], new Set(), new Set(['x']), NOW, 120);
    expect(refused).toMatchObject({ pending: [], failedAt: NOW });
  });

  test('the boot time is the p95 of what was measured, once there is enough', () => {
    expect(bootMs({ ...none, measured: [1, 1] }, 120)).toBe(120_000);
    expect(bootMs({ ...none, measured: [3, 1, 2] }, 120)).toBe(3_000);
    expect(bootMs({ ...none, measured: Array.from({ length: 20 }, (_, at) => at + 1) }, 120)).toBe(19_000);
  });
});

describe('a decision', () => {
  const fleet = (count: number, overrides: Partial<Instance> = {}) =>
    Array.from({ length: count }, (_, at) =>
      instance(`i${at}`, { startedAt: NOW - 3_600_000 - at * 1000, ...overrides }),
    );

  test('starts what is missing, each under a key of its own, and remembers it', () => {
    const { actions, state } = decide(decideInput(fleet(2, { players: 180 })));
    expect(actions.map(({ kind }) => kind)).toEqual(['start', 'start']);
    expect(new Set(state.boots.pending.map(({ key }) => key)).size).toBe(2);
    expect(state.boots.pending.every(({ ordered }) => !ordered)).toBe(true);
  });

  test('an order to start that may be lost is given again under the same key, where that is harmless', () => {
    const boot = { key: 'boot-1', at: NOW - 1000, ordered: false, handle: null };
    const state = { ...decideInput(fleet(2)).state, boots: bootsSchema.parse({ pending: [boot] }) };
    const again = decide(decideInput(fleet(2, { players: 120 }), { state }));
    expect(again.actions).toEqual([{ kind: 'start', key: 'boot-1' }]);
    expect(decide(decideInput(fleet(2, { players: 120 }), { state, startsOnce: false })).actions).toEqual([]);
  });

  test('calls drains off before it boots, but not those by hand or past their stop', () => {
    const instances = fleet(5, { players: 100 }).map((each, at) =>
      at > 1 ? { ...each, state: 'draining' as const } : each,
    );
    const begun = (id: string, overrides: Partial<Drain>): Drain => ({
      ...startDrain(instance(id), true, policy(), NOW - 1000, 'scale-in'),
      step: 'told',
      saidAt: NOW - 1000,
      fencing: 7,
      ...overrides,
    });
    const drains = [begun('i2', {}), begun('i3', { reason: 'by hand' }), begun('i4', { step: 'stopping' })];
    const input = decideInput(instances);
    const { actions, state } = decide({ ...input, state: { ...input.state, drains } });
    expect(actions).toEqual([
      { kind: 'undrain', id: 'i2' },
      { kind: 'start', key: expect.any(String) },
      { kind: 'start', key: expect.any(String) },
    ]);
    expect(state.drains.map(({ id }) => id)).toEqual(['i3', 'i4']);
  });

  test('marks a victim and tells it, in one go', () => {
    const { actions, state, victims } = decide(decideInput(fleet(4, { players: 10 })));
    expect(victims).toHaveLength(1);
    expect(actions).toEqual([{ kind: 'tell', id: victims[0]?.id }]);
    expect(state.drains).toMatchObject([{ id: victims[0]?.id, step: 'told', fencing: 7 }]);
  });

  test('a silent instance keeps its players and gets a substitute, and nothing is stopped', () => {
    const instances = fleet(4, { players: 80 }).map((each, at) =>
      at === 0 ? { ...each, state: 'unknown' as const } : each,
    );
    const decision = decide(decideInput(instances));
    expect(decision.demand.load).toBeCloseTo(3.2);
    expect(decision.actions).toMatchObject([{ kind: 'start' }]);
    const idle = decide(decideInput(instances.map((each) => ({ ...each, players: 1 }))));
    expect(idle.actions).toEqual([]);
    expect(idle.refusals).toContain('unknown_instance');
  });

  test('everything gone at once is Redis: nothing is done, no drain is over', () => {
    const before = fleet(3);
    const drain = startDrain(instance('i0'), true, policy(), NOW - 1000, 'scale-in');
    const input = decideInput([], { look: { instances: [], blank: true } });
    const decision = decide({ ...input, state: { ...input.state, seen: before, drains: [drain] } });
    expect(decision.actions).toEqual([]);
    expect(decision.refusals).toContain('stale_metrics');
    expect(decision.state).toMatchObject({ drains: [drain], staleUntil: NOW + 5_000 });
  });

  test('a drain that nobody ends is adopted', () => {
    const stray = instance('stray', { state: 'draining' });
    const first = decide(decideInput([...fleet(3), stray]));
    expect(first.state.strays).toEqual({ stray: NOW });
    const later = decide({ ...decideInput([...fleet(3), stray], { now: NOW + 61_000 }), state: first.state });
    expect(later.state.drains).toMatchObject([{ id: 'stray', reason: 'adopted' }]);
  });

  test('orders by hand are worked in, and the ones that make no sense dropped', () => {
    const instances = fleet(3);
    const decision = decide(decideInput(instances, { outlook: { up: 3, again: 3, low: 0 } }));
    const context = { policy: policy(), fencing: 7, instances, owners: new Map([['ROOM0001', 'i1']]) };
    const done = withOrders(
      decision,
      [
        { kind: 'drain', id: 'i1', deadline_s: 5 },
        { kind: 'drain', id: 'nobody' },
        { kind: 'undrain', id: 'i2' },
        { kind: 'move', room: 'ROOM0001', to: 'i2' },
        { kind: 'move', room: 'UNKNOWN1', to: 'i2' },
      ],
      context,
    );
    expect(done.actions).toEqual([
      { kind: 'tell', id: 'i1', byHand: true },
      { kind: 'move', from: 'i1', to: 'i2', rooms: 1, room: 'ROOM0001', byHand: true },
    ]);
    expect(done.state.drains).toMatchObject([{ id: 'i1', reason: 'by hand', deadline: NOW + 5_000 }]);
  });

  test('nothing depends on the order in which instances are listed', () => {
    const anyFleet = fc.array(
      fc.record({
        players: fc.integer({ min: 0, max: 120 }),
        rooms: fc.integer({ min: 0, max: 30 }),
        loopDelayMs: fc.integer({ min: 0, max: 90 }),
        startedAt: fc.integer({ min: NOW - 10_000_000, max: NOW - 1_000_000 }),
        state: fc.constantFrom('ready' as const, 'ready' as const, 'draining' as const, 'starting' as const),
      }),
      { minLength: 1, maxLength: 12 },
    );
    const property = fc.property(anyFleet, fc.integer({ min: 0, max: 1000 }), (made, seed) => {
      const instances = made.map((each, at) => instance(`i${at}`, { ...each, number: at + 1 }));
      const shuffled = [...instances].sort(
        (a, b) => ((a.number * 7919 + seed) % 101) - ((b.number * 7919 + seed) % 101),
      );
      const [one, other] = [decide(decideInput(instances)), decide(decideInput(shuffled))];
      expect(other.actions).toEqual(one.actions);
      expect(other.count.target).toBe(one.count.target);
    });
    fc.assert(property, { numRuns: 200 });
  });
});

describe('rebalance', () => {
  const given = policy({ instance: { players: 80 }, rebalance: { moves: 4 } });

  test('a hot instance gives few rooms to the coolest', () => {
    const fleet = [
      instance('hot', { players: 76, rooms: 19 }),
      instance('mid', { players: 40, rooms: 10 }),
      instance('new', { players: 0, rooms: 0 }),
    ];
    expect(planRebalance(fleet, given)).toEqual([{ from: 'hot', to: 'new', rooms: 4 }]);
  });

  test('while there are too many instances only hot ones give rooms away', () => {
    const fleet = [
      instance('half', { players: 40, rooms: 10, cpu: 0 }),
      ...['a', 'b', 'c'].map((id) => instance(id, { players: 0, rooms: 0, cpu: 0 })),
    ];
    expect(planRebalance(fleet, given)).toHaveLength(3);
    expect(planRebalance(fleet, given, false)).toEqual([]);
  });

  test('an even fleet, however full, is left alone', () => {
    expect(planRebalance([instance('a', { players: 78 }), instance('b', { players: 77 })], given)).toEqual([]);
  });

  test('the last room stays, and so does everything without another ready instance', () => {
    expect(planRebalance([instance('a', { players: 80, rooms: 1 }), instance('b', { players: 0 })], given)).toEqual([]);
    expect(planRebalance([instance('a', { players: 80 }), instance('b', { state: 'draining' })], given)).toEqual([]);
  });

  test('is rate-limited, and waits while instances drain or are silent', () => {
    const fleet = [instance('hot', { players: 99, rooms: 25 }), instance('new', { players: 0, rooms: 0 })];
    const input = decideInput(fleet, { outlook: { up: 2, again: 2, low: 0 } });
    const first = decide(input);
    expect(first.actions).toMatchObject([{ kind: 'move', from: 'hot', to: 'new' }]);
    expect(decide({ ...input, now: NOW + 15_000, state: first.state }).actions).toEqual([]);
    const silent = decideInput([...fleet, instance('x', { state: 'unknown' })], { outlook: input.outlook });
    expect(decide(silent).actions.filter(({ kind }) => kind === 'move')).toEqual([]);
  });
});

test('a first run without any memory stops nothing', () => {
  const instances = [instance('a', { players: 1 }), instance('b', { players: 1 }), instance('c', { players: 1 })];
  const decision = decide(decideInput(instances, { state: NOTHING_YET }));
  expect(decision.actions).toEqual([]);
  expect(decision.refusals).toEqual(['restarted']);
  expect(settled().since).toBeLessThan(NOW);
});
