/**
 * The primary says nothing any more, for good, and no connection is closed: its process stands still, or its host is gone.
 * Every connection has to follow to the next primary: what comes through inboxes and subscriptions works as before.
 */
import type { InstanceId } from '../../../src/protocol/ids.js';
import { until } from '../../support/programs.js';
import { requestMove } from '../move-request.js';
import { insideNamespace } from '../namespace.js';
import { silence } from '../network.js';
import type { Arena, Fault } from './fault.js';
import { signal } from './signal.js';
import { instancesByRooms, type Victim } from './victim.js';

/** A message in an inbox is acted upon within this. */
const MOVED_MS = 5_000;

export const redisSilent: Fault = {
  name: 'redis-silent',
  redis: 'sentinel',
  boundMs: 6_000,
  async run(arena) {
    const { cluster, load, sentinel, random, strike, tell } = arena;
    if (!sentinel) throw new Error('there is no Sentinel');
    const old = await sentinel.primary();
    const hostGone = insideNamespace && random.between(0, 1) === 1;
    tell(hostGone ? 'the host of the primary is gone' : 'the primary stands still');
    let wake: () => void = () => sentinel.signal(old, 'SIGCONT');
    const inject = () => {
      if (hostGone) wake = silence([old]);
      else sentinel.signal(old, 'SIGSTOP');
    };
    const [source, target] = await instancesByRooms(cluster, load);
    if (!source || !target) throw new Error('it takes two instances');
    try {
      await strike({ affected: load.rooms.keys(), cuts: false, inject });
      await cluster.redisAnswers();
      await movesByInbox(arena, source, target);
      await drains(arena, source);
    } finally {
      wake();
    }
    await sentinel.copied();
    return [source.pid];
  },
};

async function movesByInbox({ cluster, complain }: Arena, source: Victim, target: Victim): Promise<void> {
  const [room] = source.rooms;
  if (room === undefined) return;
  await requestMove(cluster.redis, source.id as InstanceId, { room, to: target.id as InstanceId });
  const moved = async () => (await cluster.store.meta(room))?.owner === target.id;
  await until('a room moves when its owner is asked by its inbox', moved, MOVED_MS).catch((error: Error) =>
    complain(error.message),
  );
}

/** Told to stop, it hands its rooms over, which takes messages in both directions; a room that is put down was not. */
async function drains({ cluster, load, strike, complain }: Arena, { id, pid }: Victim): Promise<void> {
  const owned = [...(await cluster.metas(load.rooms.keys())).values()].filter(({ owner }) => owner === id);
  const rooms = owned.map(({ head }) => head.code);
  const since = performance.now();
  await strike({ affected: rooms, cuts: false, inject: () => signal(pid, 'SIGTERM') });
  await cluster.whole([pid]);
  const putDown = rooms.filter((room) => {
    const lines = load.rooms.get(room)?.history.clients.flatMap((client) => client.lines) ?? [];
    return !lines.some(({ movingAt = 0 }) => movingAt >= since);
  });
  if (putDown.length > 0) complain(`${putDown.length} of ${rooms.length} rooms were not moved by the drain`);
}
