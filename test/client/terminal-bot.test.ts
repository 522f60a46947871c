import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { playAsBot } from '../../src/client/bot.js';
import { Table } from '../../src/client/table.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import { seat } from '../game/positions.js';
import { led, ownTurn, start, Wire, welcome } from './wire.js';

const event = (seq: number, more: object) => ({ type: 'event', seq, digest: `d${seq}`, epoch: 1, at: 0, ...more });
const clockMoved = { type: 'clock_moved', by_ms: 1 };

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('a bot that resumes does not move before it has seen what it missed', () => {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  void playAsBot(table);
  wire.opened();
  wire.say(welcome(start));
  wire.lost();
  jest.advanceTimersByTime(500);
  wire.opened();
  // The turn is told with the welcome, as of the entry that comes after it.
  const { view, ...resumed } = welcome(start);
  wire.say({ ...resumed, resumed: true, seq: 6, digest: 'd6', ...ownTurn });
  expect(wire.commands()).toEqual([]);
  wire.say(event(6, { events: [led], ...ownTurn }));
  expect(wire.commands()).toHaveLength(1);
  expect(table.state.view).toEqual({ ...view, table: hokm.view(hokm.evolve(start, led), seat(0)) });
  table.close();
});

test('a bot that pauses before its move makes one move, whatever happens meanwhile', () => {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  const onRefused = jest.fn();
  void playAsBot(table, { delayMs: 100, onRefused });
  wire.opened();
  wire.say({ ...welcome(hokm.evolve(start, led)), ...ownTurn });
  jest.advanceTimersByTime(50);
  wire.say(event(6, { events: [clockMoved], ...ownTurn }));
  jest.advanceTimersByTime(1_000);
  expect(wire.commands()).toHaveLength(1);
  table.close();
  // Its own end is nothing that a bot is refused.
  expect(onRefused).not.toHaveBeenCalled();
});

test('a bot that is refused does not ask again until something happens', async () => {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  const refused = new Promise<string>((resolve) => {
    void playAsBot(table, { onRefused: ({ frame }) => resolve(frame.code) });
  });
  wire.opened();
  wire.say({ ...welcome(hokm.evolve(start, led)), ...ownTurn });
  const [{ id } = {}] = wire.commands();
  wire.say({ type: 'error', id, code: 'ILLEGAL_MOVE', message: '', retry: false });
  expect(await refused).toBe('ILLEGAL_MOVE');
  await jest.advanceTimersByTimeAsync(0);
  expect(wire.commands()).toHaveLength(1);
  wire.say(event(6, { events: [clockMoved], ...ownTurn }));
  expect(wire.commands()).toHaveLength(2);
  table.close();
});

test('a table that was closed for a reason keeps it when it is closed again', () => {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  wire.opened();
  const error = { type: 'error', code: 'KICKED', message: 'The host has given your seat away.', retry: false };
  wire.say(error);
  wire.lost(4003);
  table.close();
  expect(table.state).toMatchObject({ connection: 'closed', error });
});
