/** What Node's HTTP and the `ws` library make of a request for an upgrade at an instance's port. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRoom, startCluster, type TestCluster, type TestInstance } from '../support/cluster.js';
import { temporaryFolder, until } from '../support/programs.js';
import { Player } from './player.js';
import { bytes, frame, HANDSHAKE, Raw, requestOf, text } from './raw.js';

let cluster: TestCluster;
let instance: TestInstance;
let room: string;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
/** Where Node warns, of listeners that pile up for one. */
let warnings: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  warnings = join(folder.path, 'warnings');
  cluster = await startCluster(1, { NODE_OPTIONS: `--redirect-warnings=${warnings}` });
  const [only] = cluster.instances;
  if (!only) throw new Error('no instance');
  instance = only;
  room = await createRoom(`http://127.0.0.1:${instance.port}`);
});
afterAll(async () => {
  await cluster.stop();
  await folder.remove();
});

const TIMES = 500;
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\n';
const GET = requestOf(['Host: localhost'], 'GET /livez HTTP/1.1');
const H2C = ['Host: localhost', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'];
const without = (name: string) => HANDSHAKE.filter((line) => !line.startsWith(name));
const toRoom = (lines: readonly string[]) => requestOf(lines, `GET /ws?room_code=${room} HTTP/1.1`);
const turn = () => new Promise((go) => setImmediate(go));
const said = (client: Raw, what: string | RegExp) =>
  until(`it says ${what}, not ${client.text}`, () => client.text.search(what) >= 0);
const answers = ({ text: all }: Raw) => all.split('HTTP/1.1 200 OK').length - 1;

test.each<[string, (request: string) => string[]]>([
  ['in one piece', (request) => [request]],
  ['in two', (request) => [request.slice(0, 30), request.slice(30)]],
  ['byte by byte', (request) => [...request]],
])('a handshake %s opens a WebSocket', async (_, cut) => {
  const client = new Raw(instance.port, '');
  client.socket.setNoDelay(true);
  for (const piece of cut(toRoom(HANDSHAKE))) {
    client.socket.write(piece);
    await turn();
  }
  await said(client, SWITCHED);
  client.socket.destroy();
});

test.each<[string, string[]]>([
  ['of other spelling', [...without('Connection'), 'connection: keep-alive, upgrade']],
  ['with subprotocols', [...HANDSHAKE, 'Sec-WebSocket-Protocol: cards']],
  ['that offers compression', [...HANDSHAKE, 'Sec-WebSocket-Extensions: permessage-deflate']],
])('a handshake %s opens a WebSocket, and nothing is compressed', async (_, lines) => {
  const client = new Raw(instance.port, toRoom(lines));
  await said(client, '\r\n\r\n');
  expect(client.text).toContain(SWITCHED);
  expect(client.text).not.toContain('Extensions');
  client.socket.destroy();
});

test.each<[string, string[], RegExp]>([
  ['without a key', without('Sec-WebSocket-Key'), /^HTTP\/1\.1 400 /],
  ['of another version', [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 7'], /^HTTP\/1\.1 400 /],
  // Not a list of tokens in which one is "upgrade" (RFC 9110, 7.6.1): a plain request for something that is not there.
  ['with "foo upgrade" as its connection', [...without('Connection'), 'Connection: foo upgrade'], /^HTTP\/1\.1 404 /],
  ['with "upgraded" as its connection', [...without('Connection'), 'Connection: upgraded'], /^HTTP\/1\.1 404 /],
])('a handshake %s opens none', async (_, lines, answer) => {
  const client = new Raw(instance.port, toRoom(lines));
  await said(client, '\r\n\r\n');
  expect(client.text).toMatch(answer);
  client.socket.destroy();
});

test('frames that come along with the handshake, or before its answer, are heard', async () => {
  const hello = text(JSON.stringify({ type: 'hello', v: 1, client_id: 'an-early-client', spectate: true }));
  const client = new Raw(instance.port, Buffer.concat([Buffer.from(toRoom(HANDSHAKE)), frame(hello)]));
  client.socket.write(frame(text('{"type":"ping"}')));
  await said(client, /"type":"welcome"/);
  await said(client, /"type":"pong"/);
  expect(client.text.startsWith(SWITCHED)).toBe(true);
  client.socket.destroy();
});

test('a broken frame that comes along is answered after the handshake', async () => {
  const unmasked = Buffer.from([0x81, 0x02, 0x7b, 0x7d]);
  const client = new Raw(instance.port, Buffer.concat([Buffer.from(toRoom(HANDSHAKE)), unmasked]));
  const answered = await client.ended();
  expect(answered).toMatch(/^HTTP\/1\.1 101 /);
  // A close frame, 1002.
  expect(answered.split('\r\n\r\n')[1]).toContain('\x88\x02\x03\xea');
});

test.each<[string, string, RegExp]>([
  ['h2c', requestOf(H2C, 'GET / HTTP/1.1'), /^HTTP\/1\.1 200 OK\r\n[\s\S]*<html/],
  ['h2c at a call', requestOf(H2C, 'GET /api/rooms HTTP/1.1'), /^HTTP\/1\.1 200 OK\r\n[\s\S]*{"rooms":/],
  ['h2c for nothing', requestOf(H2C, 'GET /nothing HTTP/1.1'), /^HTTP\/1\.1 404 [\s\S]*NOT_FOUND/],
  ['h2c by HTTP/1.0', requestOf(H2C, 'GET /livez HTTP/1.0'), /^HTTP\/1\.1 200 OK\r\n/],
  [
    'TLS',
    requestOf(['Host: a', 'Connection: upgrade', 'Upgrade: TLS/1.0'], 'GET /livez HTTP/1.1'),
    /^HTTP\/1\.1 200 OK/,
  ],
  ['a WebSocket elsewhere', requestOf(HANDSHAKE, 'GET /livez HTTP/1.1'), /^HTTP\/1\.1 200 OK\r\n/],
])('an offer of %s is ignored: the request is answered plainly', async (_, request, answer) => {
  const client = new Raw(instance.port, request);
  await said(client, answer);
  client.socket.destroy();
});

test('a body comes along with an offer that is ignored, and later', async () => {
  const body = JSON.stringify({ turn_ms: 5_000 });
  const head = requestOf([...H2C, `Content-Length: ${body.length}`], 'POST /api/rooms HTTP/1.1');
  for (const first of [0, 4, body.length]) {
    const client = new Raw(instance.port, head + body.slice(0, first));
    client.socket.setNoDelay(true);
    await turn();
    client.socket.write(body.slice(first));
    await said(client, /^HTTP\/1\.1 201 [\s\S]*"room_code"/);
    client.socket.write(GET);
    await until('the next is answered', () => answers(client) === 1);
    client.socket.destroy();
  }
});

test('a connection on which offers are ignored is one like any other, five hundred times over', async () => {
  const client = new Raw(instance.port, '');
  let asked = 0;
  const ask = () => {
    if (answers(client) < asked || asked === TIMES) return;
    asked += 1;
    client.socket.write(requestOf(H2C, 'GET /livez HTTP/1.1'));
  };
  client.socket.on('data', ask);
  ask();
  await until('all are answered', () => answers(client) === TIMES);
  client.socket.write(toRoom(HANDSHAKE));
  await said(client, SWITCHED);
  const hello = { type: 'hello', v: 1, client_id: 'a-patient-client', spectate: true };
  client.socket.write(bytes(1, Buffer.from(JSON.stringify(hello))));
  await said(client, /"type":"welcome"/);
  client.socket.destroy();
});

test('who has offered h2c and has nothing more to send still gets the answer', async () => {
  const client = new Raw(instance.port, '');
  client.socket.end(requestOf(H2C, 'GET /livez HTTP/1.1'));
  expect(await client.ended()).toContain('HTTP/1.1 200 OK');
});

test('an upgrade that is asked for before the answer to another request ends the connection, and that alone', async () => {
  const follow = requestOf(
    ['Host: localhost', 'Accept: text/event-stream'],
    `GET /api/room/events?room_code=${room} HTTP/1.1`,
  );
  for (const upgrade of [toRoom(HANDSHAKE), requestOf(H2C, 'GET /livez HTTP/1.1')]) {
    const client = new Raw(instance.port, follow);
    await said(client, 'text/event-stream');
    client.socket.write(upgrade);
    expect(await client.ended()).not.toContain('101');
  }
  const client = new Raw(instance.port, GET);
  await until('the first is answered', () => answers(client) === 1);
  client.socket.write(toRoom(HANDSHAKE));
  await said(client, SWITCHED);
  client.socket.destroy();
  await (await Player.join(instance.url, room, { spectate: true })).drop();
});

test('who says nothing, or never ends a handshake, is let go after 5 s', async () => {
  const silent = new Raw(instance.port, '');
  const half = new Raw(instance.port, toRoom(HANDSHAKE).slice(0, -2));
  for (const client of [silent, half]) {
    expect(await client.ended()).toContain('408 Request Timeout');
    expect(client.endedAfter).toBeLessThan(8_000);
  }
});

test('the instance is still the same process, and Node has not warned of anything', () => {
  expect(existsSync(warnings)).toBe(false);
  expect([instance.process.exitCode, instance.process.signalCode]).toEqual([null, null]);
});
