/** What many rooms with four sockets each cost a server that nobody plays on: to open, to hold in memory, to keep alive. */
import { installPeers } from '../peers.js';
import * as servers from '../servers.js';
import { pause, type Stand } from '../stand.js';

export interface CapacityFigure {
  readonly name: CapacityName;
  readonly rooms: number;
  /** kB of resident memory a room. */
  readonly memory: number;
  /** µs of processor time a connection, from its first byte to its seat. */
  readonly join: number;
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
    const open =
      name === 'hokm'
        ? await servers
            .createRooms(`http://127.0.0.1:${server.port}`, rooms, { game: 'hokm' })
            .then((codes) => () => servers.seat(stand.load, set, server.port, codes))
        : () => servers.openTables(stand.load, set, server.port, rooms, name);
    await pause(SETTLE_MS);
    const before = { cpu: server.process.cpuUs(), memory: server.process.memory() };
    await open();
    const joined = server.process.cpuUs() - before.cpu;
    await pause(SETTLE_MS);
    const resting = server.process.cpuUs();
    await pause(IDLE_MS);
    const idle = (server.process.cpuUs() - resting) / (IDLE_MS * 1_000);
    return {
      name,
      rooms,
      memory: (server.process.memory() - before.memory) / rooms / 1_000,
      join: joined / (rooms * SEATS),
      idle,
    };
  } finally {
    await stand.load.order({ do: 'close', set });
    await server.process.stop();
  }
}
