/**
 * Spectators follow rooms by event streams over HTTP and read little or nothing; then the rooms move. Each harms itself alone:
 * no instance ends, and players at other tables notice nothing.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { InstanceId, RoomCode } from '../../../src/protocol/ids.js';
import { until } from '../../support/programs.js';
import { storeLongRoom } from '../long-room.js';
import { requestMove } from '../move-request.js';
import { smallSocketBuffers } from '../network.js';
import type { Arena, Fault } from './fault.js';

const ROOMS = 4;
const FOLLOWERS_EACH = 3;
/** More than all buffers on the way hold; who misses more than 2,048 entries is shown a view instead. */
const HISTORY_ENTRIES = 2_000;
/** HAProxy cuts off who reads nothing at all after a while, and leaves who reads a little. */
const SIP_MS = 750;
/** More than the head of the answer. */
const SERVED_BYTES = 4_096;
const OPENED_MS = 10_000;
const MOVED_MS = 10_000;
/** Instances write a comment into quiet streams every 15 s. */
const COMMENT_AND_MORE_MS = 17_000;

export const stalledFollowers: Fault = {
  name: 'stalled-followers',
  redis: 'own',
  boundMs: 0,
  needs: 'namespace',
  async run(arena) {
    const { cluster, load, strike, pause, complain } = arena;
    const restore = smallSocketBuffers();
    const followers: Socket[] = [];
    try {
      const rooms: RoomCode[] = [];
      for (let room = 0; room < ROOMS; room++) rooms.push(await storeLongRoom(cluster, HISTORY_ENTRIES));
      for (const room of rooms) {
        for (let each = 0; each < FOLLOWERS_EACH; each++) followers.push(await follow(cluster.base, room, each > 0));
      }
      const owned = async () => [...(await cluster.metas(rooms)).values()].every(({ owner }) => owner !== null);
      await until('the followed rooms are open', owned, OPENED_MS);
      const reading = followers.filter((_, at) => at % FOLLOWERS_EACH > 0);
      await until('followers are served', () => reading.every(({ bytesRead }) => bytesRead > SERVED_BYTES), OPENED_MS);
      const before = cluster.facts().instances.map(({ pid }) => pid);
      const progress = strike({ affected: load.rooms.keys(), cuts: false, inject: () => undefined });
      await moveAll(arena, rooms);
      await pause(COMMENT_AND_MORE_MS);
      await progress;
      const now = cluster.facts().instances.map(({ pid }) => pid);
      const ended = before.filter((pid) => !now.includes(pid));
      if (ended.length > 0) complain(`${ended.length} instances have ended`);
    } finally {
      restore();
      for (const follower of followers) follower.destroy();
    }
    return [];
  },
};

/** Asks for all that has happened and for what will, and reads none of it, or a `little` from time to time. */
async function follow(base: string, code: RoomCode, little: boolean): Promise<Socket> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.pause();
  if (little) {
    const sips = setInterval(() => socket.resume(), SIP_MS);
    socket.on('data', () => socket.pause());
    socket.on('close', () => clearInterval(sips));
  }
  await once(socket, 'connect');
  const head = ['GET', `/api/room/events?room_code=${code}&after=0`, 'HTTP/1.1'].join(' ');
  socket.write(`${head}\r\nHost: ${hostname}\r\nAccept: text/event-stream\r\n\r\n`);
  return socket;
}

/** Each room goes to another instance; all instances live on. */
async function moveAll({ cluster, complain }: Arena, rooms: readonly RoomCode[]): Promise<void> {
  const ids = cluster.facts().instances.map(({ id }) => id as InstanceId);
  const wanted = new Map<RoomCode, InstanceId>();
  for (const [room, { owner }] of await cluster.metas(rooms)) {
    const to = ids.find((id) => id !== owner);
    if (owner === null || to === undefined) continue;
    wanted.set(room, to);
    await requestMove(cluster.redis, owner, { room, to });
  }
  const moved = async () => [...(await cluster.metas(rooms))].every(([room, { owner }]) => owner === wanted.get(room));
  await until('the followed rooms have moved', moved, MOVED_MS).catch((error: Error) => complain(error.message));
}
