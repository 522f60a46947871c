/** Reads from Redis what HAProxy should look like: the registry's instances, and the rooms that each of them claims. */
import type { InstanceRecord, Registry } from '../src/cluster/registry.js';
import { RoomIndex } from '../src/cluster/room-index.js';
import { type InstanceId, parseRoomCode, type RoomCode } from '../src/protocol/ids.js';
import type { RedisConnection } from '../src/redis/client.js';
import { isWildcard, parseHost } from '../src/runtime/address.js';
import type { Reading, Target } from './belief.js';

/** The largest weight a server of HAProxy can have. */
const MAX_WEIGHT = 256;
/** Names go into commands on the admin socket: nothing that could end one and begin another. */
const NAME = /^[\w.-]{1,64}$/;

/**
 * One look at Redis; it throws when any part of it fails.
 * @param at when the reading begins, monotonic ms.
 * @param withRooms false leaves the rooms out, which is cheap.
 */
export async function observe(
  redis: RedisConnection,
  registry: Registry,
  at: number,
  withRooms: boolean,
): Promise<Reading> {
  const { instances } = await registry.list();
  // In their one spelling, from instances of older versions too.
  const usable = instances.flatMap((instance) => {
    const host = parseHost(instance.host);
    return NAME.test(instance.id) && host !== undefined && !isWildcard(host) ? [{ ...instance, host }] : [];
  });
  const idsOf = (...status: InstanceRecord['status'][]) =>
    new Set(usable.filter((instance) => status.includes(instance.status)).map(({ id }) => id));
  const names = new Set(usable.map(({ id }) => id));
  return {
    at,
    unusable: instances.filter((instance) => !names.has(instance.id) && takesPlayers(instance)).map(({ id }) => id),
    targets: usable.flatMap(toTarget),
    waiting: idsOf('starting'),
    stopped: idsOf('stopped'),
    claims: withRooms ? await readClaims(redis, usable) : undefined,
  };
}

const takesPlayers = ({ status }: InstanceRecord) => status === 'ready' || status === 'draining';

function toTarget(instance: InstanceRecord): Target[] {
  if (!takesPlayers(instance)) return [];
  const { id, number, host, port, weight, status } = instance;
  const bounded = Math.min(MAX_WEIGHT, Math.max(1, weight));
  return [{ name: id, number, host, port, weight: bounded, state: status === 'ready' ? 'ready' : 'drain' }];
}

async function readClaims(
  redis: RedisConnection,
  instances: readonly InstanceRecord[],
): Promise<Map<RoomCode, number>> {
  const numbers = new Map(instances.map(({ id, number }) => [id, number]));
  const index = new RoomIndex(redis);
  const sets = await Promise.all(instances.map(({ id }) => index.rooms(id)));
  const claimants = new Map<RoomCode, InstanceId[]>();
  for (const [at, { id }] of instances.entries()) {
    for (const member of sets[at] ?? []) {
      const room = parseRoomCode(member);
      if (room !== undefined) claimants.set(room, [...(claimants.get(room) ?? []), id]);
    }
  }
  const claims = new Map<RoomCode, number>();
  await Promise.all(
    [...claimants].map(async ([room, ids]) => {
      const owner = ids.length === 1 ? ids[0] : await ownerOf(redis, room);
      const number = numbers.get(owner as InstanceId);
      if (number !== undefined) claims.set(room, number);
    }),
  );
  return claims;
}

/** The index is written before the claim, so two instances can name the same room for a moment: its meta decides. */
async function ownerOf(redis: RedisConnection, room: RoomCode): Promise<string | undefined> {
  return (await redis.hget(redis.keyspace.roomMeta(room), 'owner')) ?? undefined;
}
