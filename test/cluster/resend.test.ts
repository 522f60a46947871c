// Holds I3 of src/README.md.
/** A client without any restraint: everything three times, on one socket after the other, across a crash of the owner. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { RedisConnection } from '../../src/redis/client.js';
import { runs, startCluster, type TestCluster } from '../support/cluster.js';
import { addressOf } from '../support/host.js';
import { KEYS } from '../support/keys.js';
import { storedLog } from '../support/players.js';
import { end, until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

let cluster: TestCluster;
let redis: RedisConnection;
beforeAll(async () => {
  cluster = await startCluster(2);
  redis = await connectToRedis(cluster.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly seq?: number;
  readonly view?: { status: string };
  readonly token?: string;
  readonly seat?: number;
  readonly legal?: { type: string }[];
  readonly events?: { type: string }[];
  readonly code?: string;
}

/** Speaks the wire by hand. */
class Insister {
  readonly acks = new Map<string, Set<number>>();
  readonly refused: Frame[] = [];
  seat = -1;
  over = false;
  private socket: WebSocket | undefined;
  private token: string | undefined;
  private counter = 0;
  private sent: string[] = [];
  /** Of the newest state seen: a socket that is given up may still bring older frames. */
  private seq = 0;
  private legal: { type: string }[] = [];
  private unanswered: string | undefined;

  constructor(private readonly room: string) {
    this.open();
  }

  /** A new socket for the same seat, while the old one may still be there. */
  open(): void {
    const instances = cluster.instances.filter(runs);
    const { url = `ws://${addressOf(1)}/ws` } = instances[this.counter % instances.length] ?? {};
    const socket = new WebSocket(`${url}?room_code=${this.room}`);
    this.socket = socket;
    socket.on('open', () => {
      const token = this.token === undefined ? {} : { token: this.token };
      socket.send(JSON.stringify({ type: 'hello', v: 1, client_id: `insister-of-${this.room}`, ...token }));
    });
    socket.on('message', (data) => this.take(JSON.parse(String(data)) as Frame));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (socket === this.socket && !this.over) this.open();
    });
  }

  give(command: { type: string }): void {
    this.counter += 1;
    this.unanswered = JSON.stringify({ type: 'command', id: `${this.counter}-x`, command });
    this.sent.push(this.unanswered);
    this.thrice(this.unanswered);
    if (this.counter % 4 === 0) this.open();
  }

  close(): void {
    this.over = true;
    this.socket?.terminate();
  }

  private thrice(frame: string): void {
    for (let time = 0; time < 3; time++) if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(frame);
  }

  private take(frame: Frame): void {
    if (frame.type === 'welcome') {
      this.token = frame.token ?? this.token;
      this.seat = frame.seat ?? -1;
      for (const old of this.sent.slice(-3)) this.thrice(old);
    }
    if (frame.type === 'ack') {
      const seqs = this.acks.get(frame.id ?? '') ?? new Set();
      this.acks.set(frame.id ?? '', seqs.add(frame.seq ?? 0));
    }
    if (frame.type === 'error' && frame.code !== 'SOCKET_REPLACED') this.refused.push(frame);
    if ((frame.type === 'ack' || frame.type === 'error') && this.unanswered?.includes(`"${frame.id}"`)) {
      this.unanswered = undefined;
    }
    if (frame.view?.status === 'finished' || frame.events?.some(({ type }) => type === 'match_ended')) this.over = true;
    if ((frame.type === 'welcome' || frame.type === 'event') && (frame.seq ?? 0) >= this.seq) {
      this.seq = frame.seq ?? 0;
      this.legal = frame.legal ?? [];
    }
    const [move] = this.legal;
    if (move && this.unanswered === undefined) this.give(move);
  }
}

test('every command takes effect exactly once', async () => {
  const room = await cluster.createRoom({ options: { target_points: 7 } });
  const players: Insister[] = [];
  for (const at of [0, 1, 2, 3]) {
    const player = new Insister(room);
    players.push(player);
    await until('the player sits', () => player.seat === at);
  }
  players[0]?.give({ type: 'start' });
  const seq = async () => Number(await redis.hget(KEYS.roomMeta(room), 'seq'));
  await until('the match is on its way', async () => (await seq()) > 30);
  const owner = await redis.hget(KEYS.roomMeta(room), 'owner');
  const killed = cluster.instances.find(({ id }) => id === owner);
  if (!killed) throw new Error('no owner');
  await end(killed.process);
  expect(players.some((player) => player.over)).toBe(false);
  await until('the match is over', () => players.every((player) => player.over), 20_000);

  const log = await storedLog(redis, room);
  for (const player of players) {
    const mine = log.filter(({ entry }) => entry.by?.seat === player.seat);
    const ids = mine.map(({ entry }) => entry.by?.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [id, seqs] of player.acks) {
      expect([...seqs]).toEqual(mine.filter(({ entry }) => entry.by?.id === id).map((row) => row.seq));
    }
    expect(player.acks.size).toBeGreaterThan(5);
    expect(player.refused).toEqual([]);
    player.close();
  }
});

test('a plain WebSocket client that knows nothing of moves survives a drain with one reconnect', async () => {
  while (cluster.instances.filter(runs).length < 2) await cluster.add();
  const room = await cluster.createRoom();
  const closes: number[] = [];
  const connectTo = async (url: string, token?: string): Promise<{ socket: WebSocket; welcome: Frame }> => {
    const socket = new WebSocket(`${url}?room_code=${room}`);
    socket.on('close', (code) => closes.push(code));
    const hello = { type: 'hello', v: 1, client_id: 'plain-client', ...(token === undefined ? {} : { token }) };
    socket.on('open', () => socket.send(JSON.stringify(hello)));
    const welcome = await new Promise<Frame>((resolve) => {
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as Frame;
        if (frame.type === 'welcome') resolve(frame);
      });
    });
    return { socket, welcome };
  };
  const [first] = cluster.instances.filter(runs);
  if (!first) throw new Error('no instance');
  const { welcome } = await connectTo(first.url);
  expect(await redis.hget(KEYS.roomMeta(room), 'owner')).toBe(first.id);
  const drained = end(first.process, 'SIGTERM');
  await until('the socket is closed', () => closes.length === 1);
  expect(closes).toEqual([1012]);
  const [second] = cluster.instances.filter((instance) => runs(instance) && instance !== first);
  const again = await connectTo(second?.url ?? '', welcome.token);
  expect(again.welcome).toMatchObject({ seat: welcome.seat });
  expect(again.welcome.seq).toBeGreaterThanOrEqual(welcome.seq ?? 0);
  await drained;
  expect(closes).toEqual([1012]);
  again.socket.terminate();
});
