/** A path that drops everything ends no socket for minutes: the client's own timers do. `Wire` never tells an end of its own. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Table } from '../../src/client/table.js';
import { ownTurn, start, Wire, welcome } from './wire.js';

let table: Table | undefined;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  table?.close();
  jest.useRealTimers();
});

function dial(): { wire: Wire; table: Table } {
  const wire = new Wire();
  table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  return { wire, table };
}

function welcomed(turn: object = { deadline: null }): { wire: Wire; table: Table } {
  const dialled = dial();
  dialled.wire.opened();
  dialled.wire.say({ ...welcome(start), now: Date.now(), ...turn });
  return dialled;
}

/** ms until the next connection is begun. */
function untilNext(wire: Wire, atMost = 60_000): number {
  const before = wire.dials;
  for (let passed = 0; passed < atMost; passed += 50) {
    if (wire.dials > before) return passed;
    jest.advanceTimersByTime(50);
  }
  return atMost;
}

test('a connection that never opens is left after 3 s, though no socket says that it has ended', () => {
  expect(untilNext(dial().wire)).toBeLessThanOrEqual(3_000);
});

test('each further connection has longer to open, so that a slow path gets there, but never more than 8 s and a pause', () => {
  const { wire } = dial();
  const times = Array.from({ length: 8 }, () => untilNext(wire));
  expect(times[0]).toBeLessThanOrEqual(3_000);
  expect(times[1]).toBeGreaterThanOrEqual(3_800);
  expect(Math.max(...times)).toBeLessThanOrEqual(11_050);
});

test('a connection that opened and then answers no hello is left after 3 s', () => {
  const { wire } = dial();
  jest.advanceTimersByTime(2_000);
  wire.opened();
  expect(untilNext(wire)).toBeLessThanOrEqual(3_000);
});

test('a welcome may take its time while the other side shows that it lives', () => {
  const { wire, table } = dial();
  wire.opened();
  for (let passed = 0; passed < 20_000; passed += 2_000) {
    jest.advanceTimersByTime(2_000);
    wire.say({ type: 'pong', now: 0 });
  }
  expect(wire.dials).toBe(1);
  wire.say(welcome(start));
  expect(table.state.connection).toBe('open');
});

test('a connection that died while nothing was due is left within 3 s of the next command', () => {
  const { wire, table } = welcomed();
  jest.advanceTimersByTime(5_000);
  table.command({ type: 'start' }).catch(() => undefined);
  expect(untilNext(wire)).toBeLessThanOrEqual(3_000);
});

test('what is said to the table is answered, or the connection is left within 3 s', () => {
  const { wire, table } = welcomed();
  table.say('hello');
  expect(untilNext(wire)).toBeLessThanOrEqual(3_500);
});

test('the end of a turn is told, or the connection is left within 3 s of it', () => {
  const { wire } = welcomed({ ...ownTurn, deadline: Date.now() + 3_700 });
  expect(untilNext(wire)).toBeLessThanOrEqual(3_700 + 3_000);
});

test('a connection at rest is left after 12 s of silence, and not before', () => {
  const { wire } = welcomed();
  const passed = untilNext(wire);
  expect(passed).toBeGreaterThanOrEqual(12_000);
  expect(passed).toBeLessThanOrEqual(12_550);
});

test('while the next connection of a moving table never opens, the old one is no reason to wait for it', () => {
  const { wire } = welcomed(ownTurn);
  wire.say({ type: 'notice', kind: 'moving' });
  expect(wire.dials).toBe(2);
  expect(untilNext(wire)).toBeLessThanOrEqual(3_050);
});

test('a device that slept asks again before it leaves a connection, once', () => {
  const { wire, table } = welcomed();
  table.command({ type: 'start' }).catch(() => undefined);
  jest.advanceTimersByTime(1_500);
  const asked = wire.sentOf('ping').length;
  // The timer comes when the device is up again: long after its time, before anything that has arrived is read.
  jest.setSystemTime(Date.now() + 600_000);
  jest.advanceTimersByTime(1_500);
  expect([wire.dials, wire.sentOf('ping').length]).toEqual([1, asked + 1]);
  wire.say({ type: 'pong', now: 0 });
  jest.advanceTimersByTime(1_500);
  jest.setSystemTime(Date.now() + 600_000);
  jest.advanceTimersByTime(1_500);
  expect(wire.dials).toBe(1);
  jest.setSystemTime(Date.now() + 600_000);
  jest.advanceTimersByTime(1_500);
  expect(wire.dials).toBe(2);
});

test('a page that is woken learns within 1.5 s that its connection is dead', () => {
  const { wire, table } = welcomed({ ...ownTurn, deadline: null });
  jest.advanceTimersByTime(4_000);
  table.wake();
  expect(untilNext(wire)).toBeLessThanOrEqual(1_500);
});
