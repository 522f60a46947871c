/**
 * The ceiling of the stack: `ws` alone, one JSON message in, one to each of four seats out. With REDIS_URL each move is
 * stored by one awaited Lua call before anybody hears of it, without fence, history, rules or views. Nothing of this
 * project is in it: Redis is asked through the library as it comes, with its own pipelining.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { type WebSocket, WebSocketServer } from 'ws';

const COMMIT = `
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[2], seq .. '-0', 'e', ARGV[1])
return seq`;

interface Table {
  readonly code: string;
  readonly seats: (WebSocket | undefined)[];
  seq: number;
}

type Commit = (table: Table, entry: string) => Promise<number>;

function redisCommit(url: string): Commit {
  const redis = new Redis(url, { enableAutoPipelining: true });
  redis.defineCommand('commitMove', { lua: COMMIT, numberOfKeys: 2 });
  const { commitMove } = redis as unknown as { commitMove(...args: string[]): Promise<number> };
  return ({ code }, entry) => commitMove.call(redis, `raw:{${code}}:meta`, `raw:{${code}}:log`, entry);
}

const { REDIS_URL } = process.env;
const commit: Commit | undefined = REDIS_URL ? redisCommit(REDIS_URL) : undefined;
const tables = new Map<string, Table>();

async function move(table: Table, seat: number, data: Buffer): Promise<void> {
  const { card } = JSON.parse(data.toString()) as { card: string };
  const events = [{ type: 'card_played', seat, card }];
  const at = Date.now();
  const seq = commit ? await commit(table, JSON.stringify({ at, events })) : table.seq + 1;
  table.seq = seq;
  for (const [you, socket] of table.seats.entries()) {
    socket?.send(JSON.stringify({ type: 'event', seq, at, you, events }));
  }
}

const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false, clientTracking: false });
server.on('connection', (socket, request) => {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
  const [code, seat] = [query.get('table') ?? '', Number(query.get('seat'))];
  const table = tables.get(code) ?? { code, seats: [], seq: 0 };
  tables.set(code, table);
  table.seats[seat] = socket;
  socket.on('message', (data: Buffer) => void move(table, seat, data));
});
http.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  process.send?.({ port: (http.address() as AddressInfo).port });
});
process.on('disconnect', () => process.exit());
