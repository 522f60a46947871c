/**
 * Whether every room can be found by those who would take it over: one that names an owner is in the index of an instance
 * that lives, or will be within the time that orphans are promised.
 */
import { Registry } from '../../src/cluster/registry.js';
import { RoomIndex } from '../../src/cluster/room-index.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import { until } from '../support/programs.js';
import type { ClusterUnderTest } from './cluster-under-test.js';

const LEASE_MS = 5_000;
const FOUND_MS = LEASE_MS + 2_000;

/** The rooms that nobody would find, with why; waits until there are none, for as long as is promised. */
export async function unfound(cluster: ClusterUnderTest, rooms: readonly RoomCode[]): Promise<readonly string[]> {
  let missing: readonly string[] = [];
  const none = async () => {
    missing = await unfoundNow(cluster, rooms);
    return missing.length === 0;
  };
  await until('every room is in the index of its owner', none, FOUND_MS).catch(() => undefined);
  return missing;
}

async function unfoundNow(cluster: ClusterUnderTest, rooms: readonly RoomCode[]): Promise<readonly string[]> {
  const { instances } = await new Registry(cluster.redis, LEASE_MS).list();
  const index = new RoomIndex(cluster.redis);
  const indexed = new Map(
    await Promise.all(instances.map(async ({ id }) => [id, new Set(await index.rooms(id))] as const)),
  );
  return [...(await cluster.metas(rooms))].flatMap(([room, { owner }]) => {
    if (owner === null) return [];
    const own = indexed.get(owner);
    if (!own) return [`${room}: its owner ${owner} does not live`];
    return own.has(room) ? [] : [`${room}: its owner ${owner} lives, and has it in no index`];
  });
}
