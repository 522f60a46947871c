/** Takes a seat (or a spectator's place) and keeps what is needed to take it back. */
import type { Seat } from '../../game/game.js';
import type { ClientOut } from '../../protocol/client-out.js';
import type { RoomCode } from '../../protocol/ids.js';
import { randomHex } from '../../runtime/random.js';
import { joinTable } from '../node.js';
import type { Table, TableState } from '../table.js';
import type { KeptSeat, SeatFile } from './seat-file.js';
import { type Server, unreachable } from './server.js';
import { UsageError } from './usage-error.js';

export interface Place {
  readonly server: Server;
  readonly room: RoomCode;
  readonly name: string | undefined;
  readonly seat: number | undefined;
  readonly token: string | undefined;
  readonly spectate: boolean;
  /** Absent for spectators. */
  readonly seats: SeatFile | undefined;
  /** Sees every frame before the table does. */
  readonly onFrame: (frame: ClientOut, before: TableState) => void;
  readonly tell: (line: string) => void;
}

/** A server that does not say anything within this is none, ms. */
const ANSWER_MS = 15_000;

/** After these nobody gets the seat back with its token. */
const LOST_SEAT = new Set(['SEAT_LEFT', 'KICKED', 'WRONG_TOKEN', 'ROOM_CLOSED', 'ROOM_UNAVAILABLE', 'ROOM_FAILED']);

/** A table that has been answered: with a welcome, or by being closed. @throws UsageError when nobody answers. */
export async function sitDown(place: Place): Promise<Table> {
  const kept = place.token === undefined ? place.seats?.claim() : undefined;
  const table = await open(place, kept);
  if (!kept || table.state.error?.code !== 'WRONG_TOKEN') return table;
  place.tell('Your seat was given away while you were gone; taking another one.');
  return open(place, undefined);
}

function open(place: Place, kept: KeptSeat | undefined): Promise<Table> {
  const { server, room, name, spectate, seats } = place;
  const token = place.token ?? kept?.token;
  const clientId = kept?.client_id ?? randomHex(8);
  const table: Table = joinTable({
    url: server.ws,
    room,
    clientId,
    onFrame: (frame) => place.onFrame(frame, table.state),
    ...(name === undefined ? {} : { name }),
    ...(place.seat === undefined ? {} : { seat: place.seat as Seat }),
    ...(token === undefined ? {} : { token }),
    ...(spectate ? { spectate } : {}),
  });
  table.subscribe((state) => {
    const { connection, token: own, seat } = state;
    if (connection !== 'closed' && own !== null && seat !== null) seats?.keep(own, clientId, seat);
    if (connection === 'closed' && LOST_SEAT.has(state.error?.code ?? '')) seats?.drop();
  });
  return answered(table, server);
}

function answered(table: Table, server: Server): Promise<Table> {
  return new Promise((resolve, reject) => {
    // A cluster whose Redis is away does answer: the table is frozen, and worth waiting for.
    const timer = setTimeout(() => {
      if (table.state.connection !== 'connecting') return;
      unsubscribe();
      table.close();
      void unreachable(server).then((why = 'does not answer') => reject(new UsageError(`${server.http} ${why}.`)));
    }, ANSWER_MS);
    const look = ({ view, connection }: TableState) => {
      if (!view && connection !== 'closed') return;
      clearTimeout(timer);
      unsubscribe();
      resolve(table);
    };
    const unsubscribe = table.subscribe(look);
    look(table.state);
  });
}
