import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WebSocketServer } from 'ws';
import { PlainUpgrade } from '../../src/edge/plain-upgrade.js';
import { until } from '../support/programs.js';
import { HANDSHAKE, Raw, requestOf } from './raw.js';

const plain = (text: string) => PlainUpgrade.of(Buffer.from(text, 'latin1'));
const without = (name: string) => HANDSHAKE.filter((line) => !line.startsWith(name));

test('a plain upgrade is read as it is', () => {
  const upgrade = plain(requestOf([...HANDSHAKE, 'Origin:https://play.example', 'X-Forwarded-For:  10.0.0.7 ']));
  // With white space around its end a line is not plain.
  expect(upgrade).toBeUndefined();
  const read = plain(requestOf([...HANDSHAKE, 'Origin:https://play.example', 'x-forwarded-For: 10.0.0.7, 10.0.0.8']));
  expect(read).toMatchObject({ method: 'GET', url: '/ws?room_code=7KQ2M9XZ' });
  expect(read?.headers).toMatchObject({ origin: 'https://play.example', 'x-forwarded-for': '10.0.0.7, 10.0.0.8' });
  expect(read?.rawHeaders.slice(-2)).toEqual(['x-forwarded-For', '10.0.0.7, 10.0.0.8']);
});

test('the answer is that of the example in RFC 6455, 1.3', () => {
  expect(plain(requestOf(HANDSHAKE))?.answer).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
});

test('the other spellings of a handshake are as plain', () => {
  const spelled = [...without('Connection'), 'connection: keep-alive, upgrade', 'UPGRADE: WebSocket'].filter(
    (line) => line !== 'Upgrade: websocket',
  );
  expect(plain(requestOf(spelled))).toBeDefined();
});

test.each([
  ['a part of it', requestOf(HANDSHAKE).slice(0, -1)],
  ['more than it', `${requestOf(HANDSHAKE)}x`],
  ['another method', requestOf(HANDSHAKE, 'POST /ws HTTP/1.1')],
  ['an older version', requestOf(HANDSHAKE, 'GET /ws HTTP/1.0')],
  ['an address with a space', requestOf(HANDSHAKE, 'GET /ws x HTTP/1.1')],
  ['an absolute address', requestOf(HANDSHAKE, 'GET http://play.example/ws HTTP/1.1')],
  ['lines that end with a line feed alone', requestOf(HANDSHAKE).replaceAll('\r\n', '\n')],
  ['one line that does', requestOf(HANDSHAKE).replace('websocket\r\n', 'websocket\n')],
  ['a folded line', requestOf([...HANDSHAKE, 'X-Note: a', ' b'])],
  ['a name with a space', requestOf([...HANDSHAKE, 'X-Note : a'])],
  ['a line without a name', requestOf([...HANDSHAKE, ': a'])],
  ['a value that is not ASCII', requestOf([...HANDSHAKE, 'X-Note: \u00e9'])],
  ['a control character', requestOf([...HANDSHAKE, 'X-Note: a\u0000b'])],
  ['a header twice', requestOf([...HANDSHAKE, 'Origin: https://a.example', 'origin: https://b.example'])],
  ['a name that every object has', requestOf([...HANDSHAKE, 'constructor: a'])],
  ['no host', requestOf(without('Host'))],
  ['no wish to upgrade', requestOf(without('Connection'))],
  ['another wish', requestOf([...without('Connection'), 'Connection: upgraded'])],
  ['another protocol', requestOf([...without('Upgrade'), 'Upgrade: h2c'])],
  ['another version of the protocol', requestOf([...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 8'])],
  ['no key', requestOf(without('Sec-WebSocket-Key'))],
  ['a short key', requestOf([...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: c2hvcnQ='])],
  ['subprotocols', requestOf([...HANDSHAKE, 'Sec-WebSocket-Protocol: cards'])],
  ['a body', requestOf([...HANDSHAKE, 'Content-Length: 0'])],
  ['a body in chunks', requestOf([...HANDSHAKE, 'Transfer-Encoding: chunked'])],
  ['something expected', requestOf([...HANDSHAKE, 'Expect: 100-continue'])],
  ['very much', requestOf([...HANDSHAKE, `X-Note: ${'a'.repeat(4_096)}`])],
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
    { weight: 8, arbitrary: fc.constantFrom(...HANDSHAKE) },
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
      const text = requestOf(whole ? [...HANDSHAKE, ...more] : more, `GET /${rest} HTTP/1.1`);
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
