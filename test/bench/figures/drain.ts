/** How fast an instance is emptied while its rooms are played through HAProxy. */
import { Load } from '../load.js';
import * as servers from '../servers.js';
import { Door } from './door.js';

export interface DrainFigure {
  readonly rooms: number;
  /** Rooms with four sockets that moved a second. */
  readonly perSecond: number;
}

/** A few moves a second in every room, as people play. */
const MOVES_PER_ROOM_SECOND = 1;
const PACE_MS = 60_000;

export async function measureDrain(rooms: number): Promise<DrainFigure> {
  const door = await Door.open(1);
  const load = new Load();
  try {
    await servers.openRooms(load, 'drain', door.port, rooms, { game: 'hokm' });
    await door.add();
    const perSecond = rooms * MOVES_PER_ROOM_SECOND;
    const played = load.order({ do: 'pace', set: 'drain', ms: PACE_MS, perSecond });
    played.catch(() => undefined);
    const startedAt = performance.now();
    await door.instances[0]?.process.stop('SIGTERM');
    return { rooms, perSecond: (rooms * 1_000) / (performance.now() - startedAt) };
  } finally {
    await load.stop();
    await door.close();
  }
}
