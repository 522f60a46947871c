/**
 * What must hold of a simulated cluster a lease and 2 s after everything is whole again: every room that names an owner is in
 * the index that survivors read, its owner is there, and every connection leads to the primary.
 */
import { KEYS } from '../support/keys.js';
import type { PlayedRoom, World } from './world.js';

/** The lease, and 2 s. */
export const FOUND_MS = 7_000;

export function notFoundAgain(world: World): string[] {
  return [...world.rooms.flatMap((room) => lostRoom(world, room)), ...deafConnections(world)];
}

function lostRoom({ server }: World, { head: { code } }: PlayedRoom): string[] {
  const [owner] = server.peek('HMGET', KEYS.roomMeta(code), 'owner') as [string | null];
  if (!owner) return [];
  const found: string[] = [];
  if (server.peek('EXISTS', KEYS.instance(owner)) !== 1) {
    found.push(`${code}: names ${owner} as its owner, which is not registered`);
  }
  const indexed = server.peek('SMEMBERS', KEYS.roomsOf(owner)) as string[];
  if (!indexed.includes(code)) found.push(`${code}: is not in the index of its owner ${owner}`);
  return found;
}

function deafConnections({ members }: World): string[] {
  return members.flatMap(({ process, instance }) =>
    instance.ready
      ? instance.connections.flatMap((connection, place) =>
          connection.leads ? [] : [`connection ${place} of ${process.name} does not lead to the primary`],
        )
      : [],
  );
}
