import type { Arena } from './fault.js';

/** A lease, and the time to act on one that looks expired, ms. */
export const LEASE_AND_MORE_MS = 7_000;

/** Does something during which nobody may take a live room over. */
export async function untaken({ cluster, load, complain }: Arena, during: () => Promise<unknown>): Promise<void> {
  const before = await cluster.metas(load.rooms.keys());
  await during();
  await cluster.redisAnswers();
  const after = await cluster.metas(load.rooms.keys());
  const taken = [...before].filter(([room, { owner, epoch }]) => {
    const now = after.get(room);
    return now?.owner !== owner || now?.epoch !== epoch;
  });
  if (taken.length > 0)
    complain(`${taken.length} live rooms were taken over: ${taken.map(([room]) => room).slice(0, 5)}`);
}
