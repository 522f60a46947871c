import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Belief, believe, noBelief, pulse, type Target, unanswered } from '../../haproxy/belief.js';
import { type Command, type Leaving, type Plan, type ReconcileLimits, reconcile } from '../../haproxy/reconcile.js';
import type { ShownServer } from '../../haproxy/runtime-api.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';

const limits: ReconcileLimits = { leaseMs: 5_000, missingMs: 2_000, hintMs: 3_000, deleteWaitMs: 15_000 };
const id = (name: string) => name as InstanceId;
const code = (text: string) => text as RoomCode;

function target(number: number, change: Partial<Target> = {}): Target {
  return { name: id(`game-${number}`), number, host: '10.0.0.1', port: 4_000, weight: 128, state: 'ready', ...change };
}

function server(number: number, change: Partial<ShownServer> = {}): ShownServer {
  const name = id(`game-${number}`);
  return { name, number, address: '10.0.0.1:4000', weight: 128, state: 'ready', up: true, checked: true, ...change };
}

const NOW = 100_000;

/** A belief in these instances and pins, with the trust that removing takes or without it. */
function belief(targets: Target[], pins: [string, number][] = [], trusting = true): Belief {
  return {
    ...noBelief,
    servers: new Map(targets.map((one) => [one.name, { target: one, missingSince: undefined }])),
    pins: new Map(pins.map(([room, number]) => [code(room), number])),
    steadySince: trusting ? NOW - limits.leaseMs : undefined,
    pulseAt: NOW,
  };
}

const told = (commands: readonly Command[]) =>
  commands.map((command) => {
    const detail = 'state' in command ? ` ${command.state}` : 'weight' in command ? ` ${command.weight}` : '';
    return `${command.do} ${command.server}${detail}`;
  });

describe('servers', () => {
  test.each<[string, Target[], ShownServer[], string[]]>([
    ['nothing to do', [target(1)], [server(1)], []],
    ['new', [target(1)], [], ['add game-1', 'enable health game-1', 'state game-1 ready']],
    [
      'new to this HAProxy, but draining',
      [target(1, { state: 'drain' })],
      [],
      ['add game-1', 'enable health game-1', 'state game-1 drain'],
    ],
    ['draining', [target(1, { state: 'drain' })], [server(1)], ['state game-1 drain']],
    ['drain called off', [target(1)], [server(1, { state: 'drain' })], ['state game-1 ready']],
    ['believed gone, but back', [target(1)], [server(1, { state: 'maint' })], ['state game-1 ready']],
    ['weight', [target(1, { weight: 64 })], [server(1)], ['weight game-1 64']],
    [
      'added, then the controller died',
      [target(1)],
      [server(1, { state: 'maint', checked: false })],
      ['enable health game-1', 'state game-1 ready'],
    ],
    ['down by its health check', [target(1)], [server(1, { up: false })], []],
    ['gone', [], [server(1)], ['state game-1 maint', 'shutdown sessions game-1', 'clear rooms game-1']],
    ['gone, in maintenance since we do not know when', [], [server(1, { state: 'maint' })], []],
    [
      'same name, other number',
      [target(1)],
      [server(1, { number: 9 })],
      ['state game-1 maint', 'shutdown sessions game-1', 'clear rooms game-1'],
    ],
  ])('%s', (_, targets, servers, expected) => {
    const plan = reconcile(belief(targets), { servers, pins: undefined }, new Map(), NOW, limits);
    expect(told(plan.commands)).toEqual(expected);
  });

  test.each([
    ['ready', 0],
    ['drain', 0],
    ['maint', 20_000],
  ] as const)('without trust a server that nobody knows stays %s', (state, since) => {
    const leaving: Leaving = new Map([[id('game-1'), NOW - since]]);
    const shown = { servers: [server(1, { state })], pins: new Map([[code('R'), 1]]) };
    const plan = reconcile(belief([], [], false), shown, leaving, NOW, limits);
    expect(plan).toMatchObject({ commands: [], unpin: [] });
    expect(plan.leaving).toEqual(leaving);
  });

  test('a server is deleted 15 s after it went into maintenance, and tried again while it is busy', () => {
    const shown = { servers: [server(1, { state: 'maint' })], pins: undefined };
    const step = (leaving: Leaving, now: number) =>
      reconcile({ ...belief([]), pulseAt: now }, shown, leaving, now, limits);
    const first = step(new Map(), NOW);
    expect(first).toMatchObject({ commands: [], leaving: new Map([[id('game-1'), NOW]]) });
    expect(step(first.leaving, NOW + 14_999).commands).toEqual([]);
    const last = step(first.leaving, NOW + 15_000);
    expect(told(last.commands)).toEqual(['shutdown sessions game-1', 'clear rooms game-1', 'delete game-1']);
    expect(told(step(last.leaving, NOW + 17_000).commands)).toContain('delete game-1');
  });

  test('a number that another server holds is told, not fought over', () => {
    const shown = { servers: [server(1)], pins: undefined };
    const plan = reconcile(belief([target(1), target(1, { name: id('other') })]), shown, new Map(), NOW, limits);
    expect(plan).toMatchObject({ commands: [], problems: ["number 1 of other is game-1's in HAProxy"] });
  });
});

describe('pins', () => {
  const plan = (wanted: [string, number][], shown: [string, number][], trusting = true) => {
    const pins = new Map(shown.map(([room, number]) => [code(room), number]));
    const { pin, unpin } = reconcile(
      belief([target(1), target(2)], wanted, trusting),
      { servers: [server(1), server(2), server(3)], pins },
      new Map(),
      NOW,
      limits,
    );
    return [Object.fromEntries(pin), unpin];
  };

  test.each<[string, [string, number][], [string, number][], unknown]>([
    ['equal', [['R', 1]], [['R', 1]], [{}, []]],
    ['missing', [['R', 1]], [], [{ R: 1 }, []]],
    ['wrong', [['R', 1]], [['R', 2]], [{ R: 1 }, []]],
    ['claimed by nobody', [], [['R', 2]], [{}, ['R']]],
    ['of a server that is cleared as a whole', [], [['R', 3]], [{}, []]],
  ])('%s', (_, wanted, shown, expected) => {
    expect(plan(wanted, shown)).toEqual(expected);
  });

  test('none is taken out without trust', () => {
    expect(plan([], [['R', 2]], false)).toEqual([{}, []]);
  });
});

/** HAProxy as far as the commands go; it refuses what the real one refuses. */
class Model {
  readonly servers = new Map<InstanceId, ShownServer>();
  readonly pins = new Map<RoomCode, number>();
  readonly maintSince = new Map<InstanceId, number>();

  apply({ commands, pin, unpin }: Plan, now: number): void {
    for (const command of commands) this.run(command, now);
    for (const [room, number] of pin) this.pins.set(room, number);
    for (const room of unpin) this.pins.delete(room);
  }

  private run(command: Command, now: number): void {
    const shown = this.servers.get(command.server);
    if (command.do === 'add') {
      const { name, number, weight } = command.target;
      if (shown || [...this.servers.values()].some((other) => other.number === number)) throw new Error('taken');
      this.servers.set(name, server(number, { name, weight, state: 'maint', checked: false }));
      return;
    }
    if (!shown) throw new Error('No such server.');
    const change = (to: Partial<ShownServer>) => this.servers.set(shown.name, { ...shown, ...to });
    switch (command.do) {
      case 'enable health':
        change({ checked: true });
        break;
      case 'weight':
        change({ weight: command.weight });
        break;
      case 'state':
        change({ state: command.state });
        if (command.state === 'maint') this.maintSince.set(shown.name, now);
        else this.maintSince.delete(shown.name);
        break;
      case 'clear rooms':
        for (const [room, number] of this.pins) if (number === command.number) this.pins.delete(room);
        break;
      case 'delete':
        if (shown.state !== 'maint') throw new Error('not in maintenance');
        if (now - (this.maintSince.get(shown.name) ?? Number.NaN) < limits.deleteWaitMs) throw new Error('too early');
        this.servers.delete(shown.name);
    }
  }
}

type Event =
  | { do: 'come' | 'drain' | 'undrain' | 'leave'; which: number }
  | { do: 'claim'; room: number; which: number }
  | { do: 'Redis fails' | 'Redis is emptied' | 'HAProxy restarts' | 'controller restarts' }
  | { do: 'pass'; seconds: number };

const which = fc.integer({ min: 1, max: 5 });
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ do: fc.constantFrom('come' as const, 'drain' as const, 'undrain' as const, 'leave' as const), which }),
  fc.record({ do: fc.constant('claim' as const), room: fc.integer({ min: 1, max: 4 }), which }),
  fc.record({
    do: fc.constantFrom(
      'Redis fails' as const,
      'Redis is emptied' as const,
      'HAProxy restarts' as const,
      'controller restarts' as const,
    ),
  }),
  fc.record({ do: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 20 }) }),
);

/** A controller's rounds, one a second, against a registry and the model. */
class World {
  readonly registry = new Map<number, Target>();
  readonly claims = new Map<RoomCode, number>();
  readonly haproxy = new Model();
  now = 0;
  /** When Redis last did not answer or was emptied, or the controller started. */
  shakenAt = 0;
  private belief: Belief = noBelief;
  private leaving: Leaving = new Map();
  private emptied = false;

  handle(event: Event): void {
    if (event.do === 'pass') for (let second = 0; second < event.seconds; second++) this.second();
    else if (event.do === 'claim') {
      if (this.registry.has(event.which)) this.claims.set(code(`R${event.room}`), event.which);
    } else if ('which' in event) this.change(event.do, event.which);
    else {
      if (event.do === 'HAProxy restarts') {
        this.haproxy.servers.clear();
        this.haproxy.pins.clear();
        return;
      }
      this.shakenAt = this.now;
      if (event.do === 'Redis fails') this.belief = unanswered(this.belief);
      if (event.do === 'controller restarts') [this.belief, this.leaving] = [noBelief, new Map()];
      if (event.do === 'Redis is emptied') {
        this.emptied = true;
        this.claims.clear();
      }
    }
  }

  private change(what: 'come' | 'drain' | 'undrain' | 'leave', number: number): void {
    if (what === 'come' && !this.registry.has(number)) this.registry.set(number, target(number));
    if (what === 'leave') {
      this.registry.delete(number);
      for (const [room, owner] of this.claims) if (owner === number) this.claims.delete(room);
    }
    const there = this.registry.get(number);
    if (there && what === 'drain') this.registry.set(number, { ...there, state: 'drain' });
    if (there && what === 'undrain') this.registry.set(number, { ...there, state: 'ready' });
  }

  /** One second; an emptied Redis shows nothing for it, then everybody has registered again. */
  second(): Plan {
    this.now += 1_000;
    const targets = this.emptied ? [] : [...this.registry.values()];
    this.belief = pulse(this.belief, !this.emptied, this.now, limits);
    this.emptied = false;
    const reading = {
      at: this.now,
      targets,
      unusable: [],
      waiting: new Set<InstanceId>(),
      stopped: new Set<InstanceId>(),
    };
    this.belief = believe(this.belief, { ...reading, claims: new Map(this.claims) }, this.now, limits);
    const shown = { servers: [...this.haproxy.servers.values()], pins: new Map(this.haproxy.pins) };
    const plan = reconcile(this.belief, shown, this.leaving, this.now, limits);
    const removals = plan.commands.filter(
      (command) => command.do === 'delete' || told([command])[0]?.endsWith('maint'),
    );
    if (this.now - this.shakenAt <= limits.leaseMs && removals.length > 0) throw new Error('removed without trust');
    for (const { server: removed } of removals) {
      if ([...this.registry.values()].some(({ name }) => name === removed)) throw new Error(`${removed} is there`);
    }
    this.leaving = plan.leaving;
    this.haproxy.apply(plan, this.now);
    return plan;
  }
}

test('whatever happens, HAProxy ends up equal to the registry and nothing is removed too early', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const world = new World();
      for (const one of events) world.handle(one);
      const instances = [...world.registry.values()];
      for (let second = 0; second < 40; second++) world.second();
      const last = world.second();
      const shown = [...world.haproxy.servers.values()];
      if (instances.length > 0) {
        const wanted = instances.map(({ name, state }) => [name, state]).sort();
        expect(shown.map(({ name, state }) => [name, state]).sort()).toEqual(wanted);
        expect(new Map([...world.haproxy.pins].sort())).toEqual(new Map([...world.claims].sort()));
      }
      expect(shown.every(({ checked }) => checked)).toBe(true);
      expect(last).toMatchObject({ commands: [], pin: new Map(), unpin: [], problems: [] });
    }),
    { numRuns: 300 },
  );
});
