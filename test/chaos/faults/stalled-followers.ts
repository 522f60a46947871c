/**
 * Spectators follow every room by an event stream over HTTP and never read; then rooms move. Each harms itself alone: no
 * instance ends, and players notice no more than the move.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { InstanceId } from '../../../src/protocol/ids.js';
import { until } from '../../support/programs.js';
import { requestMove } from '../move-request.js';
import { smallSocketBuffers } from '../network.js';
import type { Arena, Fault } from './fault.js';
import { instancesByRooms } from './victim.js';

const FOLLOWERS_EACH = 2;
/** A room's history is then longer than all buffers on the way. */
const HISTORY_ENTRIES = 450;
const HISTORY_MS = 90_000;
/** Instances write a comment into quiet streams every 15 s. */
const COMMENT_AND_MORE_MS = 17_000;
const MOVED_MS = 30_000;

export const stalledFollowers: Fault = {
  name: 'stalled-followers',
  redis: 'own',
  boundMs: 250,
  needs: 'namespace',
  async run(arena) {
    const { cluster, load, strike, pause, complain } = arena;
    const codes = [...load.rooms.keys()];
    const long = () =>
      [...load.rooms.values()].every(({ players }) => (players[0]?.cursor?.seq ?? 0) > HISTORY_ENTRIES);
    await until('all rooms have a history', long, HISTORY_MS);
    const restore = smallSocketBuffers();
    const followers: Socket[] = [];
    try {
      for (const code of codes) {
        for (let each = 0; each < FOLLOWERS_EACH; each++) followers.push(await follow(cluster.base, code));
      }
      const before = cluster.facts().instances.map(({ pid }) => pid);
      await strike({ affected: codes, cuts: false, inject: () => undefined });
      await moveHalf(arena);
      await pause(COMMENT_AND_MORE_MS);
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

/** Asks for all that has happened and for what will, and reads none of it. */
async function follow(base: string, code: string): Promise<Socket> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.pause();
  await once(socket, 'connect');
  const head = ['GET', `/api/room/events?room_code=${code}&after=0`, 'HTTP/1.1'].join(' ');
  socket.write(`${head}\r\nHost: ${hostname}\r\nAccept: text/event-stream\r\n\r\n`);
  return socket;
}

/** The rooms of the instance with most go to the one with fewest; both live on. */
async function moveHalf({ cluster, load, strike, complain }: Arena): Promise<void> {
  const instances = await instancesByRooms(cluster, load);
  const [source, target] = [instances[0], instances.at(-1)];
  if (!source || !target || source === target) throw new Error('it takes two instances');
  const { rooms } = source;
  const to = target.id as InstanceId;
  const inject = () => {
    for (const room of rooms) void requestMove(cluster.redis, source.id as InstanceId, { room, to });
  };
  await strike({ affected: rooms, cuts: false, inject });
  const moved = async () => [...(await cluster.metas(rooms)).values()].every(({ owner }) => owner === to);
  await until('the rooms have moved', moved, MOVED_MS).catch((error: Error) => complain(error.message));
}
