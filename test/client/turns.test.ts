// Holds I12 of src/README.md.
/** The client library says which turn a move is for, to servers that know what that is. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { CommandRefused, Table } from '../../src/client/table.js';
import { Desk } from '../../src/client/terminal/desk.js';
import { plain } from '../../src/client/terminal/paint.js';
import { Story } from '../../src/client/terminal/story.js';
import type { Seq } from '../../src/protocol/ids.js';
import { playing, seat } from '../game/positions.js';
import { ownTurn, start, Wire, welcome } from './wire.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const PLAY = { type: 'play', card: 'AS' };
const KNOWING = { accepts: ['for'], ...ownTurn, turn: 5 };

function welcomed(frame: object): { wire: Wire; table: Table } {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: '7KQ2M9XZ', openSocket: wire.open });
  wire.opened();
  wire.say({ ...welcome(start), ...frame });
  return { wire, table };
}

function comeBack(wire: Wire, frame: object): void {
  wire.lost();
  jest.advanceTimersByTime(1);
  wire.opened();
  wire.say({ ...welcome(start), ...frame });
}

test('a move is for the turn in which it was given, also when it is sent again in a later one', () => {
  const { wire, table } = welcomed(KNOWING);
  expect(table.state.turn).toBe(5);
  table.command(PLAY).catch(() => undefined);
  comeBack(wire, { ...KNOWING, turn: 9 });
  expect(table.state.turn).toBe(9);
  expect(wire.commands()).toMatchObject([{ for: 5 }, { for: 5 }]);
  table.close();
});

test('a move can be for the turn that was shown when it was chosen', () => {
  const { wire, table } = welcomed(KNOWING);
  table.command(PLAY, 3 as Seq).catch(() => undefined);
  expect(wire.commands()).toMatchObject([{ for: 3 }]);
  table.close();
});

test('a command of the room is for no turn', () => {
  const { wire, table } = welcomed(KNOWING);
  table.command({ type: 'claim_forfeit' }).catch(() => undefined);
  expect(wire.commands()[0]).not.toHaveProperty('for');
  table.close();
});

test('a server that does not know of turns is told none, also of a move that was meant for one', () => {
  const { wire, table } = welcomed(KNOWING);
  table.command(PLAY).catch(() => undefined);
  comeBack(wire, ownTurn);
  expect(table.state.turn).toBeNull();
  table.command(PLAY).catch(() => undefined);
  expect(wire.commands()).toEqual([
    { type: 'command', id: expect.anything(), command: PLAY, for: 5 },
    { type: 'command', id: expect.anything(), command: PLAY },
    { type: 'command', id: expect.anything(), command: PLAY },
  ]);
  table.close();
});

test('a command that was refused is never sent again', async () => {
  const { wire, table } = welcomed(KNOWING);
  const answer = table.command(PLAY).catch((error: unknown) => error);
  const [{ id } = {}] = wire.commands();
  wire.say({ type: 'error', id, code: 'NOT_YOUR_TURN', message: '', retry: false });
  expect(await answer).toBeInstanceOf(CommandRefused);
  comeBack(wire, KNOWING);
  comeBack(wire, KNOWING);
  expect(wire.commands()).toHaveLength(1);
  table.close();
});

test('an event without a turn ends the turn', () => {
  const { wire, table } = welcomed(KNOWING);
  wire.say({ type: 'event', seq: 6, digest: 'd6', epoch: 1, at: 0, deadline: null, events: [] });
  expect(table.state.turn).toBeNull();
  table.close();
});

test('in a terminal a line that was begun in one turn plays no card in the next', () => {
  const { view } = welcome(playing(['AS KS', '2S 2H', '3S 3H', '4S 4H'], 'H', {}, seat(0)));
  const { wire, table } = welcomed({ ...KNOWING, view });
  const nothing = () => undefined;
  const desk = new Desk(table, new Story(plain), plain, nothing, nothing);
  desk.begins();
  comeBack(wire, { ...KNOWING, view, turn: 9 });
  desk.take('as');
  expect(wire.commands()).toMatchObject([{ for: 5 }]);
  wire.say({ type: 'error', id: wire.commands()[0]?.id, code: 'TURN_OVER', message: '', retry: false });
  desk.begins();
  desk.take('as');
  expect(wire.commands()).toMatchObject([{ for: 5 }, { for: 9 }]);
  table.close();
});
