import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseArguments } from '../../src/client/terminal/arguments.js';
import { localCluster } from '../../src/client/terminal/cluster-file.js';
import { SeatFile, type Wish } from '../../src/client/terminal/seat-file.js';
import { createRoom, parseServer } from '../../src/client/terminal/server.js';
import { freePort, temporaryFolder } from '../support/programs.js';
import { makeCertificates } from '../support/tls.js';
import { ROOM } from './terminal-states.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

/** A process number that nobody has. */
const GONE = 2 ** 30;
const seatFile = (wish: Partial<Wish> = {}, pid = process.pid) =>
  new SeatFile(folder.path, ROOM, { host: 'hokm.example', name: undefined, seat: undefined, ...wish }, pid);

test('a seat comes back to the next process, and only its owner can read it', () => {
  const before = seatFile();
  before.keep('token-1', 'client-1', 2);
  const [name = ''] = readdirSync(join(folder.path, 'seats'));
  expect(statSync(join(folder.path, 'seats', name)).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder.path, 'seats')).mode & 0o777).toBe(0o700);
  before.release();
  expect(seatFile().claim()).toMatchObject({ token: 'token-1', client_id: 'client-1', seat: 2 });
});

test('a seat that a living process plays is not taken; that of a killed one is', () => {
  seatFile({}, process.ppid).keep('token-1', 'client-1', 0);
  expect(seatFile().claim()).toBeUndefined();
  seatFile({}, GONE).keep('token-2', 'client-2', 1);
  expect(seatFile().claim()).toMatchObject({ token: 'token-2' });
});

test('two processes never get the same seat', () => {
  seatFile({}, GONE).keep('token-1', 'client-1', 0);
  expect(seatFile({}, process.pid).claim()).toBeDefined();
  expect(seatFile({}, process.ppid).claim()).toBeUndefined();
});

test('the wish decides: name, seat and host', () => {
  const sara = seatFile({ name: 'Sara' }, GONE);
  sara.keep('token-1', 'client-1', 0);
  expect(seatFile({ name: 'Ali' }).claim()).toBeUndefined();
  expect(seatFile({ seat: 1 }).claim()).toBeUndefined();
  expect(seatFile({ host: 'other.example' }).claim()).toBeUndefined();
  expect(seatFile({ name: 'Sara', seat: 0 }).claim()).toMatchObject({ token: 'token-1' });
});

test('forget deletes what would have been given, and broken files are passed over', () => {
  seatFile({}, GONE).keep('token-1', 'client-1', 0);
  writeFileSync(join(folder.path, 'seats', `${ROOM}.left-1.json`), '{');
  seatFile({}).forget();
  expect(seatFile().claim()).toBeUndefined();
});

test('a moved seat is kept as where it is now', () => {
  const seats = seatFile();
  seats.keep('token-1', 'client-1', 0);
  seats.keep('token-1', 'client-1', 3);
  const [name = ''] = readdirSync(join(folder.path, 'seats'));
  expect(JSON.parse(readFileSync(join(folder.path, 'seats', name), 'utf8'))).toMatchObject({ seat: 3 });
});

test('without a running local cluster one line says what to do', async () => {
  const line = 'No local cluster is running: start one with npm start, or name one with --url.';
  await expect(localCluster(folder.path)).rejects.toThrow(line);
  mkdirSync(folder.path, { recursive: true });
  const note = { player_url: `http://127.0.0.1:${await freePort()}` };
  writeFileSync(join(folder.path, 'cluster.json'), JSON.stringify(note));
  await expect(localCluster(folder.path)).rejects.toThrow(line);
});

test('a certificate that is not trusted is told from a server that does not answer', async () => {
  const { certificate, key } = makeCertificates(folder.path);
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const player_url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const line = `${player_url} has a certificate that is not trusted here: name its PEM file in NODE_EXTRA_CA_CERTS`;
  writeFileSync(join(folder.path, 'cluster.json'), JSON.stringify({ player_url, certificate }));
  await expect(localCluster(folder.path)).rejects.toThrow(`${line}=${certificate}.`);
  await expect(createRoom(parseServer(player_url), { options: {} })).rejects.toThrow(`${line}.`);
  server.close();
});

test.each([
  ['http://h:81', 'http://h:81', 'ws://h:81/ws', undefined],
  ['ws://h:81', 'http://h:81', 'ws://h:81/ws', undefined],
  ['wss://h/ws', 'https://h', 'wss://h/ws', undefined],
  ['https://h/?room_code=7kq2-m9xz', 'https://h', 'wss://h/ws', '7KQ2M9XZ'],
])('the address %s', (text, http, ws, room) => {
  expect(parseServer(text)).toEqual({ http, ws, room });
});

test.each([
  [['--url', 'h:80'], '--url must be http(s)://host[:port] or ws(s)://host[:port].'],
  [['--room', '77'], 'A room code has 8 letters and digits, as 7KQ2M9XZ.'],
  [['--room', ROOM, '--target', '3'], '--target, --turn-seconds, --durability and --options are for a new room'],
  [['--spectate'], '--spectate needs a --room to watch.'],
  [['--seat', 'x'], '--seat must be a seat number, 0 to 3.'],
  [['--options', '[1]'], '--options must be a JSON object'],
  [['--name', 'a', '--name', 'b'], '--name is given twice.'],
  [['--nonsense'], 'Unknown argument: nonsense'],
])('%j is refused with one line', async (args, message) => {
  await expect(parseArguments(args)).rejects.toThrow(message);
});

test('options of a new room', async () => {
  const args = [
    '--target',
    '3',
    '--turn-seconds',
    '1.5',
    '--durability',
    'async',
    '--options',
    '{"redeal_right":true}',
  ];
  expect((await parseArguments(args)).newRoom).toEqual({
    options: { redeal_right: true, target_points: 3 },
    turn_ms: 1_500,
    durability: 'async',
  });
});
