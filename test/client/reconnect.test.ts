// Holds I5 of src/README.md.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Table } from '../../src/client/table.js';
import { ownTurn, start, Wire, welcome } from './wire.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A table that was welcomed with `turn` and has just lost its connection. */
function lost(turn: object): { wire: Wire; table: Table } {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  wire.opened();
  wire.say({ ...welcome(start), ...turn });
  expect(wire.dials).toBe(1);
  wire.lost();
  return { wire, table };
}

test('who is waited for comes back at once, the others a moment later', () => {
  const onTurn = lost(ownTurn);
  const watching = lost({ deadline: 1, legal: [] });
  jest.advanceTimersByTime(1);
  expect([onTurn.wire.dials, watching.wire.dials]).toEqual([2, 1]);
  jest.advanceTimersByTime(499);
  expect(watching.wire.dials).toBe(2);
  for (const { table } of [onTurn, watching]) table.close();
});

test('who has a command under way is waited for', () => {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  wire.opened();
  wire.say(welcome(start));
  table.command({ type: 'start' }).catch(() => undefined);
  wire.lost();
  jest.advanceTimersByTime(1);
  expect(wire.dials).toBe(2);
  table.close();
});

test('commands given before the first welcome get numbers that the seat has not seen yet', async () => {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  const answers = [table.command({ type: 'start' }), table.command({ type: 'start' })];
  wire.opened();
  wire.say({ ...welcome(start), last_command: 300 });
  expect(wire.commands().map(({ id }) => Number.parseInt(id ?? '', 10))).toEqual([301, 302]);
  for (const [at, { id }] of wire.commands().entries()) wire.say({ type: 'ack', id, seq: 6 + at });
  expect(await Promise.all(answers)).toEqual([6, 7]);
  // What has been sent keeps its number.
  table.command({ type: 'start' }).catch(() => undefined);
  wire.lost();
  jest.advanceTimersByTime(1);
  wire.opened();
  wire.say({ ...welcome(start), last_command: 400 });
  expect(wire.commands().map(({ id }) => Number.parseInt(id ?? '', 10))).toEqual([301, 302, 303, 303]);
  table.close();
});

test('an instance that has stopped is left within 5 s when an answer is due, whatever else is sent to it', () => {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  wire.opened();
  wire.say(welcome(start));
  for (let passed = 0; passed < 3_000; passed += 500) {
    table.command({ type: 'start' }).catch(() => undefined);
    jest.advanceTimersByTime(500);
  }
  jest.advanceTimersByTime(500);
  expect(wire.dials).toBe(2);
  table.close();
});

test('a table that waits for its answer and is told so stays connected', () => {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  wire.opened();
  wire.say(welcome(start));
  table.command({ type: 'start' }).catch(() => undefined);
  for (let passed = 0; passed < 20_000; passed += 2_000) {
    jest.advanceTimersByTime(2_000);
    wire.say({ type: 'pong' });
  }
  expect(wire.dials).toBe(1);
  table.close();
});

test('attempts that fail come further and further apart', () => {
  const { wire, table } = lost(ownTurn);
  const dialsIn = (ms: number) => {
    const before = wire.dials;
    for (let passed = 0; passed < ms; passed += 10) {
      jest.advanceTimersByTime(10);
      if (wire.dials > before) wire.lost();
    }
    return wire.dials - before;
  };
  expect(dialsIn(1_000)).toBeGreaterThanOrEqual(3);
  expect(dialsIn(6_000)).toBeLessThanOrEqual(6);
  table.close();
});
