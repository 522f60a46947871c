import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WebSocketServer } from 'ws';
import { PlainUpgrade } from '../../src/edge/plain-upgrade.js';
import { until } from '../support/programs.js';
import { Raw } from './raw.js';

const USUAL = [
  'Host: play.example:8443',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const request = (lines: readonly string[], first = 'GET /ws?room_code=7KQ2M9XZ HTTP/1.1'): string =>
  [first, ...lines, '', ''].join('\r\n');
const plain = (text: string) => PlainUpgrade.of(Buffer.from(text, 'latin1'));
const without = (name: string) => USUAL.filter((line) => !line.startsWith(name));

test('a plain upgrade is read as it is', () => {
  const upgrade = plain(request([...USUAL, 'Origin:https://play.example', 'X-Forwarded-For:  10.0.0.7 ']));
  // With white space around its end a line is not plain.
  expect(upgrade).toBeUndefined();
  const read = plain(request([...USUAL, 'Origin:https://play.example', 'x-forwarded-For: 10.0.0.7, 10.0.0.8']));
  expect(read).toMatchObject({ method: 'GET', url: '/ws?room_code=7KQ2M9XZ' });
  expect(read?.headers).toMatchObject({ origin: 'https://play.example', 'x-forwarded-for': '10.0.0.7, 10.0.0.8' });
  expect(read?.rawHeaders.slice(-2)).toEqual(['x-forwarded-For', '10.0.0.7, 10.0.0.8']);
});

test('the answer is that of the example in RFC 6455, 1.3', () => {
  expect(plain(request(USUAL))?.answer).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
});

test('the other spellings of a handshake are as plain', () => {
  const spelled = [...without('Connection'), 'connection: keep-alive, upgrade', 'UPGRADE: WebSocket'].filter(
    (line) => line !== 'Upgrade: websocket',
  );
  expect(plain(request(spelled))).toBeDefined();
});

test.each([
  ['a part of it', request(USUAL).slice(0, -1)],
  ['more than it', `${request(USUAL)}x`],
  ['another method', request(USUAL, 'POST /ws HTTP/1.1')],
  ['an older version', request(USUAL, 'GET /ws HTTP/1.0')],
  ['an address with a space', request(USUAL, 'GET /ws x HTTP/1.1')],
  ['an absolute address', request(USUAL, 'GET http://play.example/ws HTTP/1.1')],
  ['lines that end with a line feed alone', request(USUAL).replaceAll('\r\n', '\n')],
  ['one line that does', request(USUAL).replace('websocket\r\n', 'websocket\n')],
  ['a folded line', request([...USUAL, 'X-Note: a', ' b'])],
  ['a name with a space', request([...USUAL, 'X-Note : a'])],
  ['a line without a name', request([...USUAL, ': a'])],
  ['a value that is not ASCII', request([...USUAL, 'X-Note: \u00e9'])],
  ['a control character', request([...USUAL, 'X-Note: a\u0000b'])],
  ['a header twice', request([...USUAL, 'Origin: https://a.example', 'origin: https://b.example'])],
  ['a name that every object has', request([...USUAL, 'constructor: a'])],
  ['no host', request(without('Host'))],
  ['no wish to upgrade', request(without('Connection'))],
  ['another wish', request([...without('Connection'), 'Connection: upgraded'])],
  ['another protocol', request([...without('Upgrade'), 'Upgrade: h2c'])],
  ['another version of the protocol', request([...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 8'])],
  ['no key', request(without('Sec-WebSocket-Key'))],
  ['a short key', request([...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: c2hvcnQ='])],
  ['subprotocols', request([...USUAL, 'Sec-WebSocket-Protocol: cards'])],
  ['a body', request([...USUAL, 'Content-Length: 0'])],
  ['a body in chunks', request([...USUAL, 'Transfer-Encoding: chunked'])],
  ['something expected', request([...USUAL, 'Expect: 100-continue'])],
  ['very much', request([...USUAL, `X-Note: ${'a'.repeat(4_096)}`])],
])('%s is not plain', (_, text) => {
  expect(plain(text)).toBeUndefined();
});

/** What Node's HTTP and the library make of a request. */
const http = createServer();
const library = new WebSocketServer({ server: http, perMessageDeflate: false });
let latest: IncomingMessage | undefined;

beforeAll(async () => {
  library.on('connection', (_, asked) => {
    latest = asked;
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
});

afterAll(() => {
  for (const client of library.clients) client.terminate();
  http.close();
  http.closeAllConnections();
});

const lines = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...USUAL) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.stringMatching(/^[0-9A-Za-z-]{1,8}$/), fc.stringMatching(/^[ -~]{0,12}$/))
        .map(([name, value]) => `${name}: ${value}`),
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
  ),
  { maxLength: 4 },
);

test('whatever is plain is the same to Node and the library', async () => {
  let plains = 0;
  await fc.assert(
    fc.asyncProperty(lines, fc.stringMatching(/^[!-~]{0,20}$/), fc.boolean(), async (more, rest, whole) => {
      const text = request(whole ? [...USUAL, ...more] : more, `GET /${rest} HTTP/1.1`);
      const read = plain(text);
      if (!read) return;
      plains += 1;
      const client = new Raw((http.address() as AddressInfo).port, Buffer.from(text, 'latin1'));
      await until('it is answered', () => client.text.includes('\r\n\r\n') || undefined);
      expect(client.text).toBe(read.answer);
      client.socket.destroy();
      const { method, url, headers, rawHeaders } = latest as IncomingMessage;
      expect({ method, url, headers: { ...headers }, rawHeaders }).toEqual({ ...read });
    }),
    { numRuns: 2_000 },
  );
  expect(plains).toBeGreaterThan(50);
});
