import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { GatheringSocket } from '../../src/edge/gathering-socket.js';
import { Frame } from '../../src/protocol/frame.js';
import { until } from '../support/programs.js';

/** More than the kernel takes of one connection while nobody reads. */
const FLOOD_BYTES = 24 * 1_048_576;

let server: WebSocketServer;
let clients: WebSocket[];

beforeEach(async () => {
  clients = [];
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, autoPong: false });
  await once(server, 'listening');
});

afterEach(() => {
  for (const client of [...clients, ...server.clients]) client.terminate();
  server.close();
});

interface Pair {
  readonly client: WebSocket;
  /** What the client has received. */
  readonly received: string[];
  readonly wire: Socket;
  readonly socket: GatheringSocket;
}

async function connect(): Promise<Pair> {
  const accepted = once(server, 'connection');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  clients.push(client);
  const received: string[] = [];
  client.on('message', (data) => received.push(String(data)));
  const [raw, request] = await accepted;
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
  const socket = new GatheringSocket(raw, request.socket);
  raw.on('ping', (data: Buffer) => socket.pong(data));
  return { client, received, wire: request.socket, socket };
}

const turn = () => new Promise((go) => setImmediate(go));

test('what does not fit into the kernel follows in order, whole, pongs in between', async () => {
  const { client, received, wire, socket } = await connect();
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
  let bytes = 0;
  for (let at = 0; bytes < FLOOD_BYTES || wire.writableLength === 0; at++) {
    // Of all lengths that a header tells apart, and not all of it ASCII.
    const text = `${at}:${'ü🂡x'.repeat((at * 7919) % 30_000)}`;
    send(text);
    bytes += text.length;
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
  const { received, wire, socket } = await connect();
  let writes = 0;
  wire.write = () => ++writes > 0;
  socket.send(new Frame('one'));
  socket.send(new Frame('two'));
  expect(received).toEqual([]);
  await until('both have come', () => received.length === 2);
  expect(received).toEqual(['one', 'two']);
  expect(writes).toBe(0);
});

test('what was sent before a close arrives before it; what is sent after it does not', async () => {
  const { client, received, socket } = await connect();
  socket.send(new Frame('before'));
  socket.close(4001, 'SEAT_REPLACED');
  socket.send(new Frame('after'));
  const [code] = await once(client, 'close');
  expect([code, ...received]).toEqual([4001, 'before']);
});

test('what is sent to a connection that is gone does not reach whoever has got its descriptor', async () => {
  const { socket, wire } = await connect();
  const descriptor = descriptorOf(wire);
  const folder = mkdtempSync(join(tmpdir(), 'hokm-descriptor-'));
  const path = join(folder, 'next');
  const opened: number[] = [];
  try {
    wire.destroy();
    // Whatever is opened gets the lowest descriptor that is free.
    while (opened.at(-1) !== descriptor && opened.length < 100) opened.push(openSync(path, 'a'));
    expect(opened).toContain(descriptor);
    // In this turn the WebSocket does not know yet.
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.send(new Frame('astray'));
    await turn();
    expect(readFileSync(path, 'utf8')).toBe('');
  } finally {
    for (const each of opened) closeSync(each);
    rmSync(folder, { recursive: true });
  }
});

const descriptorOf = (wire: Socket): number | undefined =>
  (wire as unknown as { readonly _handle: { readonly fd: number } | null })._handle?.fd;
