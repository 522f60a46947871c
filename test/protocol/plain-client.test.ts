/**
 * A client written from src/protocol/README.md alone, with nothing but a WebSocket: if this breaks, so do the clients
 * that other people wrote.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RawData, WebSocket } from 'ws';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { until } from '../support/programs.js';

interface Message {
  readonly type: string;
  readonly [field: string]: unknown;
}

interface Cursor {
  readonly epoch: unknown;
  readonly seq: number;
  readonly digest: unknown;
}

class PlainClient {
  readonly log: number[] = [];
  readonly events: Message[] = [];
  readonly errors: Message[] = [];
  seat: unknown;
  token: unknown;
  cursor: Cursor | undefined;
  resumed: unknown;
  status: unknown;
  private socket: WebSocket | undefined;
  private counter = 0;
  /** Sent and not answered: sent again after the next welcome. */
  private waiting: { readonly id: string; readonly command: unknown } | undefined;
  private legal: readonly unknown[] = [];

  constructor(
    private readonly url: string,
    private readonly deviceId: string,
  ) {}

  connect(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.on('open', () => {
      const back = this.token === undefined ? {} : { token: this.token, resume: this.cursor };
      this.send({ type: 'hello', v: 1, client_id: this.deviceId, name: 'Plain', ...back });
    });
    // A plug that is pulled in the middle of the handshake is an error to the library.
    socket.on('error', () => undefined);
    socket.on('message', (data: RawData) => this.receive(JSON.parse(String(data)) as Message));
  }

  /** Pulls the plug. */
  async drop(): Promise<void> {
    const { socket } = this;
    socket?.terminate();
    await until('the plug is out', () => socket?.readyState === WebSocket.CLOSED);
  }

  command(command: unknown): void {
    this.counter += 1;
    this.waiting = { id: `${this.counter}-plain`, command };
    this.send({ type: 'command', ...this.waiting });
  }

  /** Plays the first legal command when it is its turn and everything before is answered. */
  private play(): void {
    const [first] = this.legal;
    if (first !== undefined && this.waiting === undefined) this.command(first);
  }

  private send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private receive(message: Message): void {
    switch (message.type) {
      case 'welcome':
        this.seat = message.seat;
        this.token = message.token ?? this.token;
        this.resumed = message.resumed;
        this.counter = Math.max(this.counter, message.last_command as number);
        if (message.resumed === false) {
          this.status = (message.view as Message).status;
          this.moveTo(message);
        }
        this.legal = (message.legal as unknown[] | undefined) ?? [];
        if (this.waiting) this.send({ type: 'command', ...this.waiting });
        break;
      case 'event':
        this.moveTo(message);
        this.log.push(message.seq as number);
        this.events.push(...(message.events as Message[]));
        if (this.events.some((event) => event.type === 'match_started')) this.status = 'playing';
        if (this.events.some((event) => event.type === 'match_ended')) this.status = 'finished';
        this.legal = (message.legal as unknown[] | undefined) ?? [];
        break;
      case 'ack':
        this.waiting = undefined;
        break;
      case 'error':
        this.errors.push(message);
        this.waiting = undefined;
        break;
    }
    this.play();
  }

  private moveTo(message: Message): void {
    this.cursor = { epoch: message.epoch, seq: message.seq as number, digest: message.digest };
  }
}

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster(2);
});
afterAll(() => cluster.stop());

test('four plain clients play a whole match; one loses its connection again and again, and misses nothing', async () => {
  const response = await fetch(`http://127.0.0.1:${cluster.instances[0]?.port}/api/rooms`, {
    method: 'POST',
    body: JSON.stringify({ options: { target_points: 2 } }),
  });
  expect(response.status).toBe(201);
  const { room_code, ws_url } = (await response.json()) as { room_code: string; ws_url: string };
  const elsewhere = `${cluster.instances[1]?.url}?room_code=${room_code.toLowerCase()}`;

  const clients = [0, 1, 2, 3].map((at) => new PlainClient(at % 2 ? elsewhere : ws_url, `plain-client-${at}`));
  for (const client of clients) {
    client.connect();
    await until('a seat', () => client.seat !== undefined);
  }
  expect(clients.map(({ seat }) => seat)).toEqual([0, 1, 2, 3]);
  const [host, , , restless] = clients;
  host?.command({ type: 'start' });

  for (let drops = 0; drops < 5; drops++) {
    const seen = restless?.log.length ?? 0;
    await until('the match goes on', () => (restless?.log.length ?? 0) > seen || restless?.status === 'finished');
    await restless?.drop();
    restless?.connect();
  }
  await until('the match is over for all', () => clients.every(({ status }) => status === 'finished'));

  expect(restless?.resumed).toBe(true);
  expect(clients.flatMap(({ errors }) => errors)).toEqual([]);
  for (const { log, cursor } of clients) {
    expect(log).toEqual(log.map((_, at) => (log[0] ?? 0) + at));
    expect(cursor).toEqual(host?.cursor);
  }
  const ended = clients.map(({ events }) => events.find((event) => event.type === 'match_ended'));
  expect(new Set(ended.map((event) => JSON.stringify(event))).size).toBe(1);
});
