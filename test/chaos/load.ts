/** The rooms under load: each with four scripted clients that never stop playing. */
import type { Seat } from '../../src/game/game.js';
import { parseRoomCode, type RoomCode } from '../../src/protocol/ids.js';
import type { Durability } from '../../src/room/state.js';
import { until } from '../support/programs.js';
import { type Acknowledged, type ClientHistory, RoomHistory } from './history.js';
import { Player } from './player.js';
import { untilFound } from './until-found.js';

export interface LoadOptions {
  /** `http://host:port` of the players' door. */
  readonly base: string;
  readonly rooms: number;
  readonly seatDelayMs: number;
  /** Every second room waits for copies (`replicated`), the others do not. */
  readonly mixed?: boolean;
  readonly onAck: (ack: Acknowledged) => void;
}

export interface PlayedRoom {
  readonly code: RoomCode;
  readonly history: RoomHistory;
  readonly players: Player[];
  readonly durability: Durability;
}

/** What another program needs to play it, and where that is written down. */
export interface LentSeat {
  readonly room: RoomCode;
  readonly seat: Seat;
  readonly token: string;
  readonly history: ClientHistory;
}

export const SEATS = [0, 1, 2, 3] as Seat[];
const PARALLEL = 8;
/** As long as a match can be: 13 points, 13 tricks a hand. The host starts another one when it is over. */
const OPTIONS = { options: { target_points: 13, play_all_tricks: true } };
const FULL_MS = 30_000;
const REST_MS = 30_000;
const CREATE_MS = 10_000;

export class Load {
  /** Those whose players are there. */
  readonly rooms = new Map<RoomCode, PlayedRoom>();
  /** All that there have been. */
  readonly opened: RoomCode[] = [];
  private readonly lastAck = new Map<RoomCode, number>();

  constructor(private readonly options: LoadOptions) {}

  /** Creates the rooms and fills them; resolves when a move has been acknowledged in each. */
  start(): Promise<void> {
    return this.add(this.options.rooms);
  }

  /** So many rooms more. */
  async add(rooms: number): Promise<void> {
    let left = rooms;
    const workers = Array.from({ length: Math.min(PARALLEL, rooms) }, async () => {
      while (left > 0) {
        left -= 1;
        const durability = this.options.mixed && left % 2 === 0 ? 'replicated' : 'primary';
        this.open(await this.create(durability), durability);
      }
    });
    await Promise.all(workers);
    const waiting = () => [...this.rooms.keys()].filter((code) => !this.lastAck.has(code));
    await until('a move in every room', () => waiting().length === 0, FULL_MS).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.describe(waiting())}`);
    });
  }

  /** The players of so many rooms, the oldest first, finish what is under way and, after a last look, go home. */
  async leave(rooms: number, last: (room: PlayedRoom) => Promise<void>): Promise<void> {
    const going = [...this.rooms.values()].slice(0, rooms);
    await this.settle(going);
    for (const room of going) {
      await last(room);
      this.rooms.delete(room.code);
      for (const player of room.players) player.close();
    }
  }

  get url(): string {
    return `${this.options.base.replace(/^http/, 'ws')}/ws`;
  }

  get seatDelayMs(): number {
    return this.options.seatDelayMs;
  }

  /** Another program plays this seat from now on. */
  lend(room: RoomCode, seat: Seat): LentSeat {
    const { players, history } = this.room(room);
    const player = players[seat];
    const client = history.clients[seat];
    const token = player?.state.token;
    if (!player || !client || !token) throw new Error(`nobody sits at ${room}, seat ${seat}`);
    player.close();
    return { room, seat, token, history: client };
  }

  /** It is played here again. */
  takeBack(lent: LentSeat): void {
    const { url, seatDelayMs } = this;
    this.room(lent.room).players[lent.seat] = new Player({ url, seatDelayMs, ...lent });
  }

  /** What the clients of rooms that stand still have to say, of the first few. */
  describe(codes: readonly RoomCode[]): string {
    const few = codes.slice(0, 3).map((code) => {
      const { history, players } = this.rooms.get(code) ?? { history: undefined, players: [] };
      const seats = players.map(({ state, cursor }, seat) => {
        const { connection, error, pending, view, legal } = state;
        const lines = history?.clients[seat]?.lines.map(({ code: closed, errors, welcome }) =>
          JSON.stringify({ closed, errors, welcome: welcome && [welcome.seq, welcome.resumed] }),
        );
        const commands = [...(history?.clients[seat]?.commands.values() ?? [])].slice(-2);
        const what = {
          connection,
          error: error?.code,
          pending,
          status: view?.status,
          seq: cursor?.seq,
          legal: legal.length,
        };
        return `    seat ${seat}: ${JSON.stringify(what)} sockets ${lines?.join(' ')} last commands ${JSON.stringify(commands)}`;
      });
      return [
        `  room ${code}, seats as seat 0 sees them: ${JSON.stringify(players[0]?.state.view?.seats)}`,
        ...seats,
      ].join('\n');
    });
    return [`${codes.length} rooms:`, ...few].join('\n');
  }

  /** Whether every room has had a move acknowledged in the last `ms`. */
  playing(ms: number): boolean {
    const since = performance.now() - ms;
    return [...this.rooms.keys()].every((code) => (this.lastAck.get(code) ?? 0) > since);
  }

  /** Rooms without an acknowledged move in the last `ms`. */
  silent(ms: number): RoomCode[] {
    const since = performance.now() - ms;
    return [...this.rooms.keys()].filter((code) => (this.lastAck.get(code) ?? 0) <= since);
  }

  /** What befell sockets since then (monotonic ms): begun, closed with which codes, told of which errors. */
  befell(since: number): string {
    const counts = new Map<string, number>();
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
    for (const { history } of this.rooms.values()) {
      for (const { startedAt, closedAt, code, errors } of history.clients.flatMap(({ lines }) => lines)) {
        if (startedAt >= since) {
          count('begun');
          for (const error of errors) count(error);
        }
        if (closedAt !== undefined && closedAt >= since) count(`closed ${code}`);
      }
    }
    return [...counts].map(([what, times]) => `${times} ${what}`).join(', ') || 'nothing';
  }

  /** Every client notes the view it has. */
  noteViews(): void {
    for (const { players } of this.rooms.values()) for (const player of players) player.noteView();
  }

  /** No new moves: resolves when nothing is under way any more and the four of each room are at the same point. */
  rest(): Promise<void> {
    return this.settle([...this.rooms.values()]);
  }

  private async settle(rooms: readonly PlayedRoom[]): Promise<void> {
    for (const { players } of rooms) for (const player of players) player.rest();
    const agreed = () => rooms.every(({ players }) => settled(players));
    await until('the clients of every room agree', agreed, REST_MS).catch(() => undefined);
    for (const { players } of rooms) for (const player of players) player.noteView();
  }

  close(): void {
    for (const { players } of this.rooms.values()) for (const player of players) player.close();
  }

  private room(code: RoomCode): PlayedRoom {
    const room = this.rooms.get(code);
    if (!room) throw new Error(`${code} is not played`);
    return room;
  }

  private async create(durability: Durability): Promise<RoomCode> {
    return untilFound(
      'a room is created',
      async () => {
        const request = { method: 'POST', body: JSON.stringify({ ...OPTIONS, durability }) };
        const answer = await fetch(`${this.options.base}/api/rooms`, request).catch(() => undefined);
        const body = answer?.ok ? ((await answer.json()) as { room_code?: string }) : undefined;
        return parseRoomCode(body?.room_code ?? '');
      },
      CREATE_MS,
    );
  }

  private open(code: RoomCode, durability: Durability): void {
    const { url, seatDelayMs } = this;
    const history = new RoomHistory(code, (ack) => {
      this.lastAck.set(code, ack.at);
      this.options.onAck(ack);
    });
    const players = SEATS.map(
      (seat) => new Player({ url, room: code, seat, seatDelayMs, history: history.client(seat) }),
    );
    this.opened.push(code);
    this.rooms.set(code, { code, history, players, durability });
  }
}

function settled(players: readonly Player[]): boolean {
  const first = players[0]?.cursor;
  return players.every(({ cursor, state }) => {
    return state.pending === 0 && state.connection === 'open' && cursor?.seq === first?.seq;
  });
}
