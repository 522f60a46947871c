/** Tables full of bots for tests, with what they did and saw. */

import { playAsBot } from '../../src/client/bot.js';
import { joinTable, openNodeSocket } from '../../src/client/node.js';
import type { OpenSocket } from '../../src/client/socket.js';
import type { Table } from '../../src/client/table.js';
import type { Ack, ErrorFrame, EventFrame } from '../../src/protocol/client-out.js';
import type { RedisConnection } from '../../src/redis/client.js';
import type { Entry } from '../../src/room/state.js';
import type { TestCluster, TestInstance } from './cluster.js';
import { KEYS } from './keys.js';

export interface BotTable {
  readonly room: string;
  readonly tables: readonly Table[];
  readonly acks: Ack[];
  readonly errors: ErrorFrame[];
  /** By seat, every event frame that came. */
  readonly frames: readonly EventFrame[][];
  /** Resolves with the four final states of the room. */
  readonly finished: Promise<(string | undefined)[]>;
}

/** Sockets that go to one of `live()`, a different one at every attempt: what a proxy without pins would do. */
export function throughAny(live: () => readonly TestInstance[]): OpenSocket {
  let turn = 0;
  return (url) => {
    const instances = live();
    const { url: base = url } = instances[turn++ % instances.length] ?? {};
    return openNodeSocket(`${base}${new URL(url).search}`);
  };
}

/** Four bots at a room; they play as soon as all sit. `delayMs`: pause before a move. */
export function seatBots(room: string, openSocket: OpenSocket, delayMs = 5): BotTable {
  const acks: Ack[] = [];
  const errors: ErrorFrame[] = [];
  const frames: EventFrame[][] = [[], [], [], []];
  const tables = [0, 1, 2, 3].map((at) =>
    joinTable({
      url: 'ws://any/ws',
      room,
      name: `Bot ${at}`,
      openSocket,
      onFrame: (frame) => {
        if (frame.type === 'ack') acks.push(frame);
        else if (frame.type === 'error') errors.push(frame);
        else if (frame.type === 'event') frames[at]?.push(frame);
      },
    }),
  );
  const finished = Promise.all(tables.map(async (table) => (await playAsBot(table, { delayMs }))?.status));
  return { room, tables, acks, errors, frames, finished };
}

/** Rooms of four bots each. */
export async function playRooms(
  cluster: TestCluster,
  count: number,
  openSocket: OpenSocket,
  options: Record<string, unknown> = {},
  delayMs = 5,
): Promise<BotTable[]> {
  const rooms = await Promise.all(Array.from({ length: count }, () => cluster.createRoom(options)));
  return rooms.map((room) => seatBots(room, openSocket, delayMs));
}

export function leaveAll(tables: readonly BotTable[]): void {
  for (const { tables: seats } of tables) for (const seat of seats) seat.close();
}

/** The room's log in Redis. */
export async function storedLog(redis: RedisConnection, room: string): Promise<{ seq: number; entry: Entry }[]> {
  const rows = await redis.xrange(KEYS.roomLog(room), '-', '+');
  return rows.map(([id, fields]) => ({
    seq: Number.parseInt(id, 10),
    entry: JSON.parse(fields[1] ?? '') as Entry,
  }));
}

/** What is wrong between the acknowledgements and the log: nothing, if no move was lost or doubled. */
export async function lostOrDoubled(redis: RedisConnection, table: BotTable): Promise<string[]> {
  const log = await storedLog(redis, table.room);
  const wrong: string[] = [];
  const taken = new Map<string, number>();
  for (const { seq, entry } of log) {
    if (!entry.by) continue;
    const name = `${entry.by.seat} ${entry.by.id}`;
    if (taken.has(name)) wrong.push(`${name} is at ${taken.get(name)} and at ${seq}`);
    taken.set(name, seq);
  }
  for (const { id, seq } of table.acks) {
    const entry = log.find((row) => row.seq === seq)?.entry;
    if (entry?.by?.id !== id) wrong.push(`${id} was acknowledged at ${seq}, where ${entry?.by?.id ?? 'nothing'} is`);
  }
  for (const [at, { seq }] of log.entries()) if (seq !== at + 1) wrong.push(`entry ${at + 1} has seq ${seq}`);
  return wrong;
}
