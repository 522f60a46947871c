/** Seats kept by a device, and a table that uses them. */
import { afterEach, expect, test } from '@jest/globals';
import { wakeWith } from '../../src/client/browser.js';
import { SeatsInStorage } from '../../src/client/seat-store.js';
import type { SocketLike } from '../../src/client/socket.js';
import { Table } from '../../src/client/table.js';
import type { RoomCode } from '../../src/protocol/ids.js';

const ROOM = '7KQ2M9XZ' as RoomCode;
const OTHER = '00000000' as RoomCode;

function storage(): { getItem(key: string): string | null; setItem(key: string, value: string): void } {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}

/** A socket that the test holds the other end of. */
class TestSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  tell(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

const welcome = (more: object) => ({
  type: 'welcome',
  v: 1,
  room: ROOM,
  seat: 0,
  last_command: 0,
  resumed: false,
  now: 0,
  epoch: 1,
  seq: 1,
  digest: '0',
  deadline: null,
  presence: { seats: [true], spectators: 0 },
  view: { room: ROOM, game: 'hokm', status: 'lobby', seat: 0, seats: [null] },
  ...more,
});

const tables: Table[] = [];
afterEach(() => {
  for (const table of tables.splice(0)) table.close();
});

function join(store: SeatsInStorage, options: object = {}): { table: Table; sockets: TestSocket[] } {
  const sockets: TestSocket[] = [];
  const openSocket = () => {
    const socket = new TestSocket();
    sockets.push(socket);
    return socket;
  };
  const table = new Table({ url: 'ws://host/ws', room: ROOM, store, openSocket, ...options });
  tables.push(table);
  return { table, sockets };
}

test('keeps seats newest first, one for a room, and the device has one id', () => {
  const device = storage();
  const seats = new SeatsInStorage(device);
  seats.keep({ room: ROOM, token: 'a' });
  seats.keep({ room: OTHER, token: 'b' });
  seats.keep({ room: ROOM, token: 'c' });
  const again = new SeatsInStorage(device);
  expect(again.clientId).toBe(seats.clientId);
  expect([again.latest(), again.find(OTHER)]).toEqual([
    { room: ROOM, token: 'c' },
    { room: OTHER, token: 'b' },
  ]);
  again.forget(ROOM);
  expect([seats.find(ROOM), seats.latest()?.token]).toEqual([undefined, 'b']);
});

test('storage that refuses, or holds nonsense, is no error', () => {
  const refuses = () => {
    throw new Error('denied');
  };
  const seats = new SeatsInStorage({ getItem: refuses, setItem: refuses });
  seats.keep({ room: ROOM, token: 'a' });
  expect(seats.find(ROOM)).toBeUndefined();
  expect(seats.clientId).toMatch(/^[0-9a-z]{16}$/);
  for (const nonsense of ['{', '7', '[null, {"room": 1}]']) {
    expect(new SeatsInStorage({ getItem: () => nonsense, setItem: () => undefined }).latest()).toBeUndefined();
  }
});

test('a table keeps the token it is given, and the next one takes the seat with it', () => {
  const seats = new SeatsInStorage(storage());
  const { sockets } = join(seats);
  sockets[0]?.onopen?.();
  expect(sockets[0]?.sent[0]).toMatchObject({ type: 'hello', client_id: seats.clientId });
  expect(sockets[0]?.sent[0]).not.toHaveProperty('token');
  sockets[0]?.tell(welcome({ token: 'secret' }));
  const back = join(seats);
  back.sockets[0]?.onopen?.();
  expect(back.sockets[0]?.sent[0]).toMatchObject({ token: 'secret' });
  const watching = join(seats, { spectate: true });
  watching.sockets[0]?.onopen?.();
  expect(watching.sockets[0]?.sent[0]).not.toHaveProperty('token');
});

test.each([
  ['KICKED', 4003, undefined],
  ['WRONG_TOKEN', 4401, undefined],
  ['SEAT_REPLACED', 4001, 'secret'],
  ['SOCKET_REPLACED', 4002, 'secret'],
])(
  'closed by %s: nothing is tried again, and the token is kept only where it is worth something',
  (reason, code, token) => {
    const seats = new SeatsInStorage(storage());
    seats.keep({ room: ROOM, token: 'secret' });
    const { table, sockets } = join(seats);
    sockets[0]?.onopen?.();
    sockets[0]?.onclose?.({ code, reason });
    expect([table.state.connection, table.state.error?.code, sockets.length]).toEqual(['closed', reason, 1]);
    expect(seats.find(ROOM)?.token).toBe(token);
  },
);

test('a leave whose answer was lost is told as one, when the seat is found given up', () => {
  const seats = new SeatsInStorage(storage());
  seats.keep({ room: ROOM, token: 'secret' });
  const { table, sockets } = join(seats);
  sockets[0]?.onopen?.();
  sockets[0]?.tell(welcome({}));
  table.command({ type: 'leave' }).catch(() => undefined);
  sockets[0]?.onclose?.({ code: 1006, reason: '' });
  table.wake();
  sockets[1]?.onopen?.();
  sockets[1]?.onclose?.({ code: 4401, reason: 'WRONG_TOKEN' });
  expect([table.state.connection, table.state.error?.code]).toEqual(['closed', 'SEAT_LEFT']);
  expect(seats.find(ROOM)).toBeUndefined();
});

test('phrases are heard, and a device that wakes up asks at once', () => {
  const { table, sockets } = join(new SeatsInStorage(storage()));
  const device = new EventTarget();
  const end = wakeWith(device, table);
  const heard: unknown[] = [];
  const deafen = table.hear((said) => heard.push('phrase' in said ? said.phrase : said.text));
  device.dispatchEvent(new Event('online'));
  // Not yet welcomed: the attempt that may hang is given up for a new one.
  expect([sockets.length, sockets[0]?.closed]).toEqual([2, true]);
  sockets[1]?.onopen?.();
  sockets[1]?.tell(welcome({}));
  sockets[1]?.tell({ type: 'said', seat: 1, phrase: 'hello' });
  deafen();
  sockets[1]?.tell({ type: 'said', seat: 1, phrase: 'bye' });
  expect(heard).toEqual(['hello']);
  device.dispatchEvent(new Event('visibilitychange'));
  expect(sockets[1]?.sent.at(-1)).toEqual({ type: 'ping' });
  end();
  device.dispatchEvent(new Event('online'));
  expect(sockets[1]?.sent.filter(({ type }) => type === 'ping')).toHaveLength(1);
});
