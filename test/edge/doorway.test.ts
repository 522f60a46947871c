import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Wire } from '../../src/edge/wire.js';
import { ManualClock } from '../support/manual-clock.js';
import { until } from '../support/programs.js';
import { LightServer } from './light-server.js';
import { bytes, HANDSHAKE, Raw, requestOf } from './raw.js';

const GET = 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello ';
const UPGRADE = requestOf(HANDSHAKE);
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\n';
/** Longer than a connection may be silent before it is left to Node's HTTP, ms. */
const SILENCE_MS = 600;

let clock: ManualClock;
let http: Server;
let server: LightServer;
let other: LightServer | undefined;

function listener() {
  const heardTexts: string[] = [];
  let gone = false;
  return {
    heardTexts,
    isGone: () => gone,
    receive: (data: unknown) => void heardTexts.push(String(data)),
    heard: () => undefined,
    pinged: () => undefined,
    gone: () => {
      gone = true;
    },
  };
}

beforeEach(async () => {
  clock = new ManualClock();
  http = createServer(
    { headersTimeout: 1_000, requestTimeout: 1_000, connectionsCheckingInterval: 100 },
    (asked, answer) => {
      let body = '';
      asked.on('data', (chunk) => {
        body += chunk;
      });
      asked.on('end', () => answer.end(`${asked.method} ${asked.url} "${body}"`));
    },
  );
  server = await LightServer.start(listener, http, clock);
});

afterEach(() => {
  server.close();
  other?.close();
  other = undefined;
});

/** Whatever the kernel makes of it: what is written in between is a chunk of its own, nearly always. */
const turn = () => new Promise((go) => setImmediate(go));
const said = (client: Raw, what: string) => until(`it says ${what}`, () => client.text.includes(what) || undefined);

test.each([
  ['in one piece', [GET], 'GET /page ""'],
  ['in two', [GET.slice(0, 9), GET.slice(9)], 'GET /page ""'],
  ['byte by byte', [...GET], 'GET /page ""'],
  ['with a body that comes later', [POST, 'world'], 'POST /page "hello world"'],
])('a request %s is answered by Node', async (_, [first = '', ...rest], answer) => {
  const client = new Raw(server.port, first);
  client.socket.setNoDelay(true);
  for (const piece of rest) {
    await turn();
    client.socket.write(piece);
  }
  await said(client, answer);
  client.socket.write(GET);
  await until('the next is answered', () => client.text.split('HTTP/1.1 200 OK').length === 3 || undefined);
  client.socket.destroy();
});

test('requests that come together are answered in turn', async () => {
  const client = new Raw(server.port, GET + GET + GET);
  await until('all are answered', () => client.text.split('GET /page ""').length === 4 || undefined);
  client.socket.destroy();
});

test.each<[string, readonly string[], boolean]>([
  ['in one piece', [UPGRADE], true],
  ['in two', [UPGRADE.slice(0, 30), UPGRADE.slice(30)], false],
  ['after another request', [GET, UPGRADE], false],
])('an upgrade %s is one', async (_, pieces, plain) => {
  const client = new Raw(server.port, pieces[0] ?? '');
  client.socket.setNoDelay(true);
  for (const piece of pieces.slice(1)) {
    if (pieces[0] === GET) await said(client, 'GET /page');
    else await until('it has come', async () => (await connections()) === 1);
    client.socket.write(piece);
  }
  await said(client, SWITCHED);
  expect(server.accepted.map((one) => one.plain)).toEqual([plain]);
  client.socket.destroy();
});

test('where nothing can be read ahead Node has all connections, and the library all frames', async () => {
  const told = listener();
  const without = createServer();
  other = await LightServer.start(() => told, without);
  without.prependListener('connection', (wire: Wire) =>
    Object.assign(wire._handle ?? {}, { useUserBuffer: undefined }),
  );
  const client = new Raw(other.port, UPGRADE);
  await said(client, SWITCHED);
  client.socket.write(bytes(1, Buffer.from('hello')));
  await until('it is heard', () => told.heardTexts.length > 0);
  expect([other.accepted[0]?.plain, ...told.heardTexts]).toEqual([false, 'hello']);
  client.socket.destroy();
  await until('its end is told', () => told.isGone());
});

test('who says nothing for a while is heard all the same, and cut off by Node when it says too little', async () => {
  const late = new Raw(server.port, '');
  const later = new Raw(server.port, '');
  await until('both are there', async () => (await connections()) === 2);
  await clock.advance(SILENCE_MS);
  late.socket.write(UPGRADE);
  await said(late, SWITCHED);
  expect(server.accepted.map((one) => one.plain)).toEqual([false]);
  expect(await later.ended()).toContain('408 Request Timeout');
  const half = new Raw(server.port, UPGRADE.slice(0, -2));
  expect(await half.ended()).toContain('408 Request Timeout');
});

test('who goes without a word leaves nothing behind', async () => {
  for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
    const client = connect(server.port, '127.0.0.1');
    await once(client, 'connect');
    client.on('error', () => undefined);
    client.resume()[leave]();
    await once(client, 'close');
  }
  await until('nobody is left', async () => (await connections()) === 0);
});

test('who has asked and has nothing more to send still gets the answer', async () => {
  const client = new Raw(server.port, '');
  client.socket.end(GET);
  expect(await client.ended()).toContain('GET /page ""');
});

test('a closing server ends what is silent or asks', async () => {
  const silent = new Raw(server.port, '');
  const asking = new Raw(server.port, GET.slice(0, 9));
  await until('both are there', async () => (await connections()) === 2);
  await clock.advance(SILENCE_MS);
  server.close();
  await Promise.all([silent.ended(), asking.ended()]);
});

const connections = (): Promise<number> =>
  new Promise((resolve, reject) => http.getConnections((error, count) => (error ? reject(error) : resolve(count))));
