import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { Frame } from '../../src/protocol/frame.js';
import { until } from '../support/programs.js';
import { bytes, frame, HANDSHAKE, opcodes, Raw, rawSocket, requestOf, text } from './raw.js';
import { type Accepted, WsServer } from './ws-server.js';

/** More than the kernel takes of one connection while nobody reads. */
const FLOOD_BYTES = 24 * 1_048_576;

/** What the server's side has seen of a connection. */
class Seen {
  readonly frames: string[] = [];
  ends = 0;

  constructor(private readonly accepted: Accepted) {}

  receive(data: unknown, binary: boolean): void {
    this.frames.push(`${binary} ${data}`);
  }

  heard(): void {
    this.frames.push('heard');
  }

  pinged(data: Buffer): void {
    this.frames.push(`pinged ${data}`);
    this.accepted.socket.pong(data);
  }

  gone(): void {
    this.ends += 1;
  }
}

let server: WsServer;
let seen: Seen[];
let clients: WebSocket[];

beforeEach(async () => {
  clients = [];
  seen = [];
  server = await WsServer.start((accepted) => {
    const one = new Seen(accepted);
    seen.push(one);
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

async function connect(): Promise<Pair> {
  const client = new WebSocket(`ws://127.0.0.1:${server.port}`);
  clients.push(client);
  client.on('error', () => undefined);
  const received: string[] = [];
  client.on('message', (data) => received.push(String(data)));
  await once(client, 'open');
  const [accepted, told] = [server.accepted.at(-1), seen.at(-1)];
  if (!accepted || !told) throw new Error('not accepted');
  return { ...accepted, client, received, seen: told };
}

const turn = () => new Promise((go) => setImmediate(go));

test('what does not fit into the kernel follows in order, whole, pongs in between', async () => {
  const { client, received, tcp, socket } = await connect();
  const sent: string[] = [];
  const send = (said: string) => {
    sent.push(said);
    socket.send(new Frame(said));
  };
  let pongs = 0;
  client.on('pong', (data) => {
    expect(String(data)).toBe('are you there?');
    pongs++;
  });
  client.pause();
  let pings = 0;
  let size = 0;
  for (let at = 0; size < FLOOD_BYTES || tcp.writableLength === 0; at++) {
    // Of all lengths that a header tells apart, and not all of it ASCII.
    const said = `${at}:${'ü🂡x'.repeat((at * 7919) % 30_000)}`;
    send(said);
    size += said.length;
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
  expect(received.every((said, at) => said === sent[at])).toBe(true);
  send('straight again');
  await until('the next has come', () => received.at(-1) === 'straight again');
  expect(client.readyState).toBe(WebSocket.OPEN);
});

test('what is sent in one turn leaves at its end, in one piece', async () => {
  const { client, received, tcp, socket } = await connect();
  let pieces = 0;
  const before = tcp.bytesWritten;
  rawSocket(client).on('data', () => {
    pieces += 1;
  });
  socket.send(new Frame('one'));
  socket.send(new Frame('two'));
  expect(tcp.bytesWritten).toBe(before);
  await until('both have come', () => received.length === 2);
  expect([pieces, ...received]).toEqual([1, 'one', 'two']);
});

test('no more than a bound is gathered in one turn', async () => {
  const { received, tcp, socket } = await connect();
  const said = 'x'.repeat(30_000);
  const before = tcp.bytesWritten;
  for (let count = 0; count < 3; count++) socket.send(new Frame(said));
  // It has left before the end of the turn.
  expect(tcp.bytesWritten - before).toBeGreaterThan(3 * said.length);
  socket.send(new Frame('the rest'));
  await until('all has come', () => received.length === 4);
  expect(received).toEqual([said, said, said, 'the rest']);
});

test('a frame for many is encoded once', async () => {
  const [one, other] = [await connect(), await connect()];
  const shared = new Frame('سلام');
  let encoded = 0;
  const encode = shared.encodeOnce.bind(shared);
  shared.encodeOnce = (how) =>
    encode((said) => {
      encoded += 1;
      return how(said);
    });
  one.socket.send(shared);
  other.socket.send(shared);
  await until('both have it', () => one.received.length + other.received.length === 2);
  expect([encoded, one.received, other.received]).toEqual([1, ['سلام'], ['سلام']]);
});

test('what was sent before a close arrives before it; what is sent after it does not', async () => {
  const { client, received, socket, seen: told } = await connect();
  socket.send(new Frame('before'));
  socket.close(4001, 'SEAT_REPLACED');
  expect(socket.isOpen).toBe(false);
  socket.send(new Frame('after'));
  const [code] = await once(client, 'close');
  expect([code, ...received]).toEqual([4001, 'before']);
  await until('the end is told', () => told.ends > 0);
});

test.each<[string, (pair: Pair) => void]>([
  ['closes', ({ client }) => client.close()],
  ['breaks off', ({ client }) => client.terminate()],
  ['has nothing more to send', ({ client }) => rawSocket(client).end()],
  ['resets', ({ client }) => rawSocket(client).resetAndDestroy()],
  ['is cut off', ({ socket }) => socket.terminate()],
  [
    'is cut off while it is closed',
    ({ socket }) => {
      socket.close(1012);
      socket.terminate();
    },
  ],
  [
    'is cut off with something gathered',
    ({ socket }) => {
      socket.send(new Frame('gathered'));
      socket.terminate();
    },
  ],
  ['loses its socket', ({ tcp }) => tcp.destroy()],
])('the end is told once when it %s', async (_end, act) => {
  const pair = await connect();
  act(pair);
  await until('the end is told', () => pair.seen.ends > 0);
  expect(pair.socket.isOpen).toBe(false);
  expect(pair.tcp.destroyed).toBe(true);
  pair.socket.send(new Frame('too late'));
  pair.socket.ping();
  pair.socket.close(1000);
  pair.socket.terminate();
  await turn();
  expect(pair.seen.ends).toBe(1);
});

test('who does not take part in closing is cut off', async () => {
  const { client, socket, seen: told } = await connect();
  client.pause();
  socket.close(1012);
  await until('the end is told', () => told.ends > 0);
});

test('all kinds of frames are told, pings and pongs between the parts of a message', async () => {
  const client = new Raw(server.port, requestOf(HANDSHAKE));
  await until('it is open', () => client.text.includes('\r\n\r\n'));
  const { TEXT, BINARY, CONTINUED, PING, PONG } = opcodes;
  for (const sent of [
    bytes(TEXT, Buffer.from('whole')),
    frame({ ...text('be'), final: false }),
    frame({ opcode: PING, payload: Buffer.from('?') }),
    frame({ opcode: PONG, payload: Buffer.alloc(0) }),
    frame({ opcode: CONTINUED, payload: Buffer.from('gun') }),
    frame({ opcode: BINARY, payload: Buffer.from('b') }),
  ])
    client.socket.write(sent);
  await until('all are told', () => (seen[0]?.frames.length ?? 0) >= 5);
  expect(seen[0]?.frames).toEqual(['false whole', 'pinged ?', 'heard', 'false begun', 'true b']);
  await until('the ping is answered', () => client.text.endsWith('\x8a\x01?'));
  client.socket.destroy();
});

test('what comes along with the handshake is the start of what follows', async () => {
  const client = new Raw(server.port, Buffer.concat([Buffer.from(requestOf(HANDSHAKE)), frame(text('early'))]));
  await until('it is heard', () => seen[0]?.frames.length === 1);
  client.socket.write(frame(text('late')));
  await until('the next is heard', () => seen[0]?.frames.length === 2);
  expect(seen[0]?.frames).toEqual(['false early', 'false late']);
  client.socket.destroy();
});

test('compression is not negotiated', async () => {
  const { client } = await connect();
  expect(client.extensions).toBe('');
});
