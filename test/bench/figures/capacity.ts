/** What many rooms with four sockets each cost a server that nobody plays on: to open, to hold in memory, to keep alive. */
import { installPeers } from '../peers.js';
import * as servers from '../servers.js';
import { pause, type Stand } from '../stand.js';

export interface CapacityFigure {
  readonly name: CapacityName;
  readonly rooms: number;
  /** kB of resident memory a room. */
  readonly memory: number;
  /** µs of processor time a connection, from its first byte to its seat: of the second half. */
  readonly join: number;
  /** The same of the first half, while the server's compiler is at work. */
  readonly firstJoins: number;
  /** Part of a core. */
  readonly idle: number;
}

/** How each opens its tables; matches are not started, so that a join is all that is measured. */
const NAMES = ['hokm', 'raw', 'colyseus'] as const;
export type CapacityName = (typeof NAMES)[number];
export const CAPACITY_NAMES: readonly CapacityName[] = NAMES;

const SEATS = 4;
const SETTLE_MS = 3_000;
/** More than the time between two pings, which is 25 s for all. */
const IDLE_MS = 52_000;

export async function measureCapacity(stand: Stand, name: CapacityName, rooms: number): Promise<CapacityFigure> {
  if (name === 'colyseus') await installPeers();
  const server =
    name === 'hokm'
      ? await servers.startInstance(stand.redisUrl)
      : name === 'raw'
        ? await servers.startRawInMemory()
        : await servers.startColyseus();
  const set = `capacity-${name}-${rooms}`;
  try {
    stand.tell(`${name}: ${rooms} rooms with four sockets each`);
    const base = `http://127.0.0.1:${server.port}`;
    const codes =
      name === 'hokm' ? await servers.createRooms(base, rooms, { game: 'hokm' }) : servers.tableNames(set, rooms);
    const open = async (some: readonly string[]): Promise<number> => {
      const before = server.process.cpuUs();
      await servers.openTables(stand.load, set, server.port, some, name === 'hokm' ? 'lobby' : name);
      return (server.process.cpuUs() - before) / (some.length * SEATS);
    };
    await pause(SETTLE_MS);
    const before = server.process.memory();
    const firstJoins = await open(codes.slice(0, rooms / 2));
    const join = await open(codes.slice(rooms / 2));
    await pause(SETTLE_MS);
    const resting = server.process.cpuUs();
    await pause(IDLE_MS);
    const idle = (server.process.cpuUs() - resting) / (IDLE_MS * 1_000);
    return {
      name,
      rooms,
      memory: (server.process.memory() - before) / rooms / 1_000,
      join,
      firstJoins,
      idle,
    };
  } finally {
    await stand.load.order({ do: 'close', set });
    await server.process.stop();
  }
}
