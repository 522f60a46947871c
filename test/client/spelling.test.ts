/** However people write a code, what goes over the wire is what HAProxy and the instances read as one and the same room. */
import { expect, test } from '@jest/globals';
import { Table } from '../../src/client/table.js';
import { parseArguments } from '../../src/client/terminal/arguments.js';
import { parseServer } from '../../src/client/terminal/server.js';
import { Wire } from './wire.js';

const LINK = 'https://example.org/?room_code=7kq2-m9xz).';

test.each(['7kq2–m9xz', '\u200f7KQ2 M9XZ.', '۷KQ۲M۹XZ', LINK])('a table dials the code itself, given %j', (room) => {
  const wire = new Wire();
  const dialled: string[] = [];
  const openSocket = (url: string) => {
    dialled.push(url);
    return wire.open();
  };
  new Table({ url: 'ws://host/ws', room, openSocket }).close();
  expect(dialled).toEqual(['ws://host/ws?room_code=7KQ2M9XZ']);
});

test('a table that is given no code says so, and dials nothing', () => {
  const wire = new Wire();
  const table = new Table({ url: 'ws://host/ws', room: 'thursday night', openSocket: wire.open });
  expect([table.state.connection, table.state.error?.code, wire.dials]).toEqual(['closed', 'BAD_ROOM_CODE', 0]);
});

test.each(['7KQ2—M9XZ', '(7kq2m9xz)', LINK])('in a terminal --room %j is understood', async (room) => {
  expect(await parseArguments(['--room', room])).toMatchObject({ room: '7KQ2M9XZ' });
});

test('in a terminal a link with signs about it names server and room', () => {
  expect(parseServer(LINK)).toEqual({ http: 'https://example.org', ws: 'wss://example.org/ws', room: '7KQ2M9XZ' });
});

test('in a terminal a link whose code cannot be read is told, not taken for a new room', () => {
  expect(() => parseServer('https://example.org/?room_code=7KQ2M9X')).toThrow(/room_code/);
});
