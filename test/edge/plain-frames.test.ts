import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import { plainText, takePlainFrames } from '../../src/edge/plain-frames.js';
import { until } from '../support/programs.js';
import { bytes, Raw, rawSocket } from './raw.js';

const MASK = [0x5a, 0, 0xff, 0x31];

interface Sent {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly final?: boolean;
}

const frame = ({ opcode, payload, final }: Sent): Buffer => bytes(opcode, payload, final, MASK);

const [TEXT, BINARY, CONTINUED, CLOSE, PING, PONG] = [1, 2, 0, 8, 9, 10] as const;
const text = (said: string): Sent => ({ opcode: TEXT, payload: Buffer.from(said) });

test.each([
  ['nothing', ''],
  ['the longest with its length in one byte', 'a'.repeat(125)],
  ['one byte more', 'a'.repeat(126)],
  ['two more', 'a'.repeat(127)],
  ['the longest that is taken', 'a'.repeat(1_024)],
  ['all of ASCII', String.fromCharCode(...Array(128).keys())],
])('a frame of %s is plain', (_, said) => {
  expect(plainText(frame(text(said)))).toBe(said);
});

const whole = frame(text('a command'));
const unmasked = Buffer.from([0x81, 2, 0x68, 0x69]);
/** Says that its length is in eight bytes, and is as long as the seven bits would say. */
const eightBytes = Buffer.concat([Buffer.from([0x81, 0xff]), Buffer.alloc(4 + 127)]);
test.each([
  ['no byte', Buffer.alloc(0)],
  ['a part of a frame', whole.subarray(0, -1)],
  ['its first byte', whole.subarray(0, 1)],
  ['a length without its second byte', frame(text('a'.repeat(300))).subarray(0, 3)],
  ['a frame and the start of the next', Buffer.concat([whole, whole.subarray(0, 1)])],
  ['two frames', Buffer.concat([whole, whole])],
  ['a text that is not ASCII', frame(text('سلام'))],
  ['a text that is too long', frame(text('a'.repeat(1_025)))],
  ['the start of a text in parts', frame({ ...text('a'), final: false })],
  ['bytes', frame({ opcode: BINARY, payload: Buffer.from('a') })],
  ['a ping', frame({ opcode: PING, payload: Buffer.alloc(0) })],
  ['a frame with an extension', Buffer.concat([Buffer.from([0xc1]), whole.subarray(1)])],
  ['a frame without a mask', unmasked],
  ['a length in eight bytes', eightBytes],
])('%s is not', (_, chunk) => {
  expect(plainText(chunk)).toBeUndefined();
});

/** What a connection's server has seen, by the library alone and with plain frames taken ahead of it. */
class Seen {
  readonly frames: string[] = [];
  socket: WebSocket | undefined;
  closed: number | undefined;

  receive(data: unknown, binary: boolean): void {
    this.frames.push(`${binary} ${data}`);
  }

  heard(): void {
    this.frames.push('heard');
  }
}

let servers: WebSocketServer[];
let latest: Seen;

beforeAll(async () => {
  servers = [false, true].map((ahead) => {
    const options = { port: 0, host: '127.0.0.1', maxPayload: 4_096, maxFragments: 16, perMessageDeflate: false };
    const server = new WebSocketServer(options);
    server.on('connection', (socket, request) => {
      const seen = new Seen();
      seen.socket = socket;
      latest = seen;
      if (ahead) takePlainFrames(request.socket, seen);
      socket.on('message', (data, binary) => seen.receive(data, binary));
      socket.on('ping', () => seen.heard());
      socket.on('pong', () => seen.heard());
      socket.on('error', () => undefined);
      socket.on('close', (code) => {
        seen.closed = code;
      });
    });
    return server;
  });
  await Promise.all(servers.map((server) => once(server, 'listening')));
});

afterAll(() => {
  for (const server of servers) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

const portOf = (server: WebSocketServer | undefined): number =>
  (server?.address() as AddressInfo | undefined)?.port ?? 0;

async function outcome(server: WebSocketServer, chunks: readonly Buffer[]): Promise<unknown> {
  const client = new WebSocket(`ws://127.0.0.1:${portOf(server)}`);
  client.on('error', () => undefined);
  await once(client, 'open');
  const wire: Socket = rawSocket(client);
  wire.setNoDelay(true);
  const seen = latest;
  for (const chunk of chunks) {
    wire.write(chunk);
    // Whatever the kernel makes of it: a chunk of its own, nearly always.
    await new Promise((go) => setImmediate(go));
  }
  wire.write(frame({ opcode: CLOSE, payload: Buffer.from([0x0f, 0xa0]) }));
  const closed = await until('the server sees the connection closed', () => seen.closed);
  client.terminate();
  return { closed, frames: seen.frames };
}

const sent = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 200 }).map(text) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 50 }).map(text) },
  { weight: 2, arbitrary: fc.constant({ opcode: PONG, payload: Buffer.alloc(0) }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map((data) => ({ opcode: PONG, payload: Buffer.from(data) })) },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map((data) => ({ opcode: PING, payload: Buffer.from(data) })) },
  { weight: 1, arbitrary: fc.constant({ opcode: BINARY, payload: Buffer.from([1, 2, 250]) }) },
  { weight: 1, arbitrary: fc.constant({ opcode: TEXT, payload: Buffer.from([0xc3, 0x28]) }) },
  { weight: 1, arbitrary: fc.constantFrom({ ...text('begin'), final: false }, { ...text('end'), opcode: CONTINUED }) },
);

/** Frames, cut in two where a number says so, and glued to the next where it is negative. */
const streams = fc.array(fc.tuple(sent, fc.option(fc.integer({ min: -1, max: 20 }), { freq: 4, nil: undefined })), {
  maxLength: 14,
});

test('what a server sees of a connection is what the library alone sees', async () => {
  await fc.assert(
    fc.asyncProperty(streams, async (frames) => {
      const chunks: Buffer[] = [];
      let glued: Buffer = Buffer.alloc(0);
      for (const [each, cut] of frames) {
        const chunk = Buffer.concat([glued, frame(each)]);
        glued = Buffer.alloc(0);
        if (cut === undefined) chunks.push(chunk);
        else if (cut < 0) glued = chunk;
        else chunks.push(...[chunk.subarray(0, cut), chunk.subarray(cut)].filter(({ length }) => length > 0));
      }
      chunks.push(...[glued].filter(({ length }) => length > 0));
      const [alone, ahead] = servers;
      if (!alone || !ahead) throw new Error('two servers');
      expect(await outcome(ahead, chunks)).toEqual(await outcome(alone, chunks));
    }),
    { numRuns: 60 },
  );
});

const HANDSHAKE =
  'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

test.each([
  ['alone', 0],
  ['ahead of the library', 1],
])('what comes along with the handshake is the start of what follows: %s', async (_, which) => {
  const begin = frame({ ...text('begin'), final: false });
  const client = new Raw(portOf(servers[which]), Buffer.concat([Buffer.from(HANDSHAKE), begin]));
  await until('it is open', () => client.text.includes('\r\n\r\n') || undefined);
  const seen = latest;
  client.socket.write(frame(text('amid another')));
  await until('it is closed', () => seen.closed);
  expect(seen.frames).toEqual([]);
  client.socket.destroy();
});

test('plain frames pass by the stream of their wire', async () => {
  const client = new WebSocket(`ws://127.0.0.1:${portOf(servers[1])}`);
  await once(client, 'open');
  const seen = latest;
  let streamed = 0;
  rawSocket(seen.socket as WebSocket).on('data', ({ length }: Buffer) => {
    streamed += length;
  });
  client.send('plain');
  await until('it is seen', () => seen.frames.length > 0 || undefined);
  expect(streamed).toBe(0);
  client.terminate();
});
