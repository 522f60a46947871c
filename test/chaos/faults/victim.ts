/** Whom a fault hits: the instance that owns most rooms. */
import type { RoomCode } from '../../../src/protocol/ids.js';
import type { ClusterUnderTest } from '../cluster-under-test.js';
import type { Load } from '../load.js';

export interface Victim {
  readonly id: string;
  readonly pid: number;
  readonly port: number;
  readonly rooms: readonly RoomCode[];
}

/** All instances with the rooms they own, most rooms first. */
export async function instancesByRooms(cluster: ClusterUnderTest, load: Load): Promise<Victim[]> {
  const metas = [...(await cluster.metas(load.rooms.keys())).values()];
  return cluster
    .facts()
    .instances.map(({ id, pid, port }) => ({
      id,
      pid,
      port,
      rooms: metas.filter(({ owner }) => owner === id).map(({ head }) => head.code),
    }))
    .sort((a, b) => b.rooms.length - a.rooms.length);
}

export async function busiest(cluster: ClusterUnderTest, load: Load): Promise<Victim> {
  const victim = (await instancesByRooms(cluster, load))[0];
  if (!victim) throw new Error('no instance runs');
  return victim;
}
