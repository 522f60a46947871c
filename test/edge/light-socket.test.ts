import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import { Doorway } from '../../src/edge/doorway.js';
import { LIBRARY_OPTIONS, LightSocket, type Listener } from '../../src/edge/light-socket.js';
import { PlainUpgrade } from '../../src/edge/plain-upgrade.js';
import { Frame } from '../../src/protocol/frame.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { until } from '../support/programs.js';
import { type Accepted, LightServer, NOT_PLAIN } from './light-server.js';
import { frame, HANDSHAKE, opcodes, Raw, rawSocket, requestOf, text } from './raw.js';

/** More than the kernel takes of one connection while nobody reads. */
const FLOOD_BYTES = 24 * 1_048_576;

/** What the server's side has seen of a connection. */
class Seen implements Listener {
  readonly frames: string[] = [];
  over = false;
  pong: ((data: Buffer) => void) | undefined;

  receive(data: unknown, binary: boolean): void {
    this.frames.push(`${binary} ${data}`);
  }

  heard(): void {
    this.frames.push('heard');
  }

  pinged(data: Buffer): void {
    this.frames.push(`pinged ${data}`);
    this.pong?.(data);
  }

  gone(): void {
    expect(this.over).toBe(false);
    this.over = true;
  }
}

let server: LightServer;
let seen: Map<Accepted, Seen>;
let clients: WebSocket[];

beforeEach(async () => {
  clients = [];
  seen = new Map();
  server = await LightServer.start((accepted) => {
    const one = new Seen();
    one.pong = (data) => accepted.socket.pong(data);
    seen.set(accepted, one);
    return one;
  });
});

afterEach(() => {
  for (const client of clients) client.terminate();
  server.close();
});

interface Pair extends Accepted {
  readonly client: WebSocket;
  readonly seen: Seen;
  /** What the client has received. */
  readonly received: string[];
}

async function connect(headers: Readonly<Record<string, string>>): Promise<Pair> {
  const before = server.accepted.length;
  const protocol = headers['Sec-WebSocket-Protocol'];
  const client = new WebSocket(`ws://127.0.0.1:${server.port}`, protocol ? [protocol] : []);
  clients.push(client);
  client.on('error', () => undefined);
  const received: string[] = [];
  client.on('message', (data) => received.push(String(data)));
  await once(client, 'open');
  const accepted = server.accepted[before] as Accepted;
  expect(accepted.plain).toBe(protocol === undefined);
  return { ...accepted, client, received, seen: seen.get(accepted) as Seen };
}

const { TEXT, BINARY, CONTINUED, CLOSE, PING, PONG } = opcodes;
const turn = () => new Promise((go) => setImmediate(go));

describe.each([
  ['whose handshake was plain', {}],
  ['that the library has answered', NOT_PLAIN],
])('a connection %s', (_, headers) => {
  test('what does not fit into the kernel follows in order, whole, pongs in between', async () => {
    const { client, received, wire, socket } = await connect(headers);
    const sent: string[] = [];
    const send = (text: string) => {
      sent.push(text);
      socket.send(new Frame(text));
    };
    let pongs = 0;
    client.on('pong', (data) => {
      expect(String(data)).toBe('are you there?');
      pongs++;
    });
    client.pause();
    let pings = 0;
    let size = 0;
    for (let at = 0; size < FLOOD_BYTES || wire.writableLength === 0; at++) {
      // Of all lengths that a header tells apart, and not all of it ASCII.
      const text = `${at}:${'ü🂡x'.repeat((at * 7919) % 30_000)}`;
      send(text);
      size += text.length;
      if (at % 10 === 0) {
        client.ping('are you there?');
        pings++;
      }
      await turn();
    }
    client.resume();
    send('last');
    await until('all has come', () => received.length >= sent.length && pongs >= pings);
    expect(received.length).toBe(sent.length);
    expect(received.every((text, at) => text === sent[at])).toBe(true);
    send('straight again');
    await until('the next has come', () => received.at(-1) === 'straight again');
    expect(client.readyState).toBe(WebSocket.OPEN);
  });

  test('what the kernel takes at once does not go through the stream', async () => {
    const { received, wire, socket } = await connect(headers);
    let writes = 0;
    wire.write = () => ++writes > 0;
    socket.send(new Frame('one'));
    socket.send(new Frame('two'));
    expect(received).toEqual([]);
    await until('both have come', () => received.length === 2);
    expect(received).toEqual(['one', 'two']);
    expect(writes).toBe(0);
  });

  test('plain frames pass by the stream of their wire', async () => {
    const { client, wire, seen: told } = await connect(headers);
    let streamed = 0;
    const push = wire.push.bind(wire);
    wire.push = (chunk: Buffer | null) => {
      streamed += chunk?.length ?? 0;
      return push(chunk);
    };
    client.send('plain');
    await until('it is seen', () => told.frames.length > 0 || undefined);
    expect([streamed, ...told.frames]).toEqual([0, 'false plain']);
    client.send('سلام');
    client.send('plain again');
    await until('all is seen', () => told.frames.length === 3 || undefined);
    expect(told.frames.slice(1)).toEqual(['false سلام', 'false plain again']);
    expect(streamed).toBeGreaterThan(0);
  });

  test('what was sent before a close arrives before it; what is sent after it does not', async () => {
    const { client, received, socket, seen: told } = await connect(headers);
    socket.send(new Frame('before'));
    socket.close(4001, 'SEAT_REPLACED');
    expect(socket.isOpen).toBe(false);
    socket.send(new Frame('after'));
    const [code] = await once(client, 'close');
    expect([code, ...received]).toEqual([4001, 'before']);
    await until('the end is told', () => told.over || undefined);
  });

  test.each<[string, (pair: Pair) => void]>([
    ['closes', ({ client }) => client.close()],
    ['breaks off', ({ client }) => client.terminate()],
    ['has nothing more to send', ({ client }) => rawSocket(client).end()],
    ['is cut off', ({ socket }) => socket.terminate()],
    [
      'is cut off while it is closed',
      ({ socket }) => {
        socket.close(1012);
        socket.terminate();
      },
    ],
    ['loses its wire', ({ wire }) => wire.destroy()],
  ])('the end is told once when it %s', async (_end, act) => {
    const pair = await connect(headers);
    act(pair);
    await until('the end is told', () => pair.seen.over || undefined);
    expect(pair.socket.isOpen).toBe(false);
    expect(pair.wire.destroyed).toBe(true);
    pair.socket.send(new Frame('too late'));
    pair.socket.close(1000);
    pair.socket.terminate();
    await turn();
  });

  test('who does not take part in closing is cut off', async () => {
    const { client, socket, seen: told } = await connect(headers);
    client.pause();
    socket.close(1012);
    await until('the end is told', () => told.over || undefined);
  });

  test('what is sent to a connection that is gone does not reach whoever has got its descriptor', async () => {
    const { socket, wire } = await connect(headers);
    const descriptor = wire._handle?.fd;
    const folder = mkdtempSync(join(tmpdir(), 'hokm-descriptor-'));
    const path = join(folder, 'next');
    const opened: number[] = [];
    try {
      wire.destroy();
      // Whatever is opened gets the lowest descriptor that is free.
      while (opened.at(-1) !== descriptor && opened.length < 100) opened.push(openSync(path, 'a'));
      expect(opened).toContain(descriptor);
      // In this turn the socket does not know yet.
      expect(socket.isOpen).toBe(true);
      socket.send(new Frame('astray'));
      await turn();
      expect(readFileSync(path, 'utf8')).toBe('');
    } finally {
      for (const each of opened) closeSync(each);
      rmSync(folder, { recursive: true });
    }
  });
});

const sentFrame = fc.oneof(
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
const streams = fc.array(
  fc.tuple(sentFrame, fc.option(fc.integer({ min: -1, max: 20 }), { freq: 4, nil: undefined })),
  {
    maxLength: 14,
  },
);

/** The same, with nothing of ours in it. */
async function libraryAlone(): Promise<{ port: number; latest: () => Seen | undefined; close: () => void }> {
  const alone = new WebSocketServer({ port: 0, host: '127.0.0.1', ...LIBRARY_OPTIONS });
  let latest: Seen | undefined;
  alone.on('connection', (socket) => {
    const one = new Seen();
    latest = one;
    socket.on('message', (data, binary) => one.receive(data, binary));
    socket.on('ping', (data) => {
      one.pinged(data);
      socket.pong(data);
    });
    socket.on('pong', () => one.heard());
    socket.on('error', () => undefined);
    socket.on('close', () => one.gone());
  });
  await once(alone, 'listening');
  const close = () => {
    for (const client of alone.clients) client.terminate();
    alone.close();
  };
  return { port: (alone.address() as AddressInfo).port, latest: () => latest, close };
}

/** What a server sees of these chunks, and all that it answers. */
async function outcome(
  port: number,
  headers: readonly string[],
  chunks: readonly Buffer[],
  latest: () => Seen | undefined,
) {
  const client = new Raw(port, requestOf([...HANDSHAKE, ...headers]));
  await until('it is open', () => client.text.includes('\r\n\r\n') || undefined);
  const told = latest();
  client.socket.setNoDelay(true);
  for (const chunk of chunks) {
    client.socket.write(chunk);
    // Whatever the kernel makes of it: a chunk of its own, nearly always.
    await turn();
  }
  client.socket.write(frame({ opcode: CLOSE, payload: Buffer.from([0x0f, 0xa0]) }));
  const answered = await client.ended();
  await until('the end is told', () => told?.over);
  return { frames: told?.frames, answered };
}

test('what a connection is, whichever way it came, is what the library alone makes of it', async () => {
  const alone = await libraryAlone();
  const latest = () => [...seen.values()].at(-1);
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
      expect(await outcome(server.port, [], chunks, latest)).toEqual(
        await outcome(alone.port, [], chunks, alone.latest),
      );
      const unusual = ['Sec-WebSocket-Protocol: cards'];
      expect(await outcome(server.port, unusual, chunks, latest)).toEqual(
        await outcome(alone.port, unusual, chunks, alone.latest),
      );
    }),
    { numRuns: 60 },
  );
  expect(server.accepted.filter(({ plain }) => plain).length).toBe(server.accepted.length / 2);
  alone.close();
});

test('what comes along with the handshake is the start of what follows', async () => {
  const alone = await libraryAlone();
  const begin = frame({ ...text('begin'), final: false });
  for (const [port, latest] of [
    [server.port, () => [...seen.values()].at(-1)],
    [alone.port, alone.latest],
  ] as const) {
    const client = new Raw(port, Buffer.concat([Buffer.from(requestOf(HANDSHAKE)), begin]));
    await until('it is open', () => client.text.includes('\r\n\r\n') || undefined);
    const told = latest();
    client.socket.write(frame(text('amid another')));
    await until('it is closed', () => told?.over);
    expect(told?.frames).toEqual([]);
    client.socket.destroy();
  }
  alone.close();
});

describe('while it is still being decided where a connection belongs', () => {
  const http = createServer();
  let told: Seen;
  let decide: (() => void) | undefined;
  new Doorway(http, new SystemClock(), (request, wire) => {
    decide = () => {
      const socket = new LightSocket(wire);
      if (request instanceof PlainUpgrade) socket.answer(request.answer);
      socket.listener = told;
    };
  });

  async function undecided(): Promise<Raw> {
    decide = undefined;
    told = new Seen();
    const client = new Raw((http.address() as AddressInfo).port, requestOf(HANDSHAKE));
    await until('it is asked', () => decide !== undefined);
    return client;
  }

  beforeAll(async () => {
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
  });

  afterAll(() => void http.close());

  test('nothing that comes is lost', async () => {
    const client = await undecided();
    client.socket.write(frame(text('early')));
    await turn();
    await turn();
    decide?.();
    client.socket.write(frame(text('late')));
    await until('both are seen', () => told.frames.length === 2);
    expect(told.frames).toEqual(['false early', 'false late']);
    client.socket.destroy();
  });

  test('a broken frame is answered after the handshake', async () => {
    const client = await undecided();
    client.socket.write(Buffer.from('not masked'));
    await turn();
    await turn();
    decide?.();
    const answered = await client.ended();
    expect(answered).toMatch(/^HTTP\/1\.1 101 /);
    expect(answered.split('\r\n\r\n')[1]).toContain('\x88');
  });
});
