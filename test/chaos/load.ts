/** The rooms under load: each with four scripted clients that never stop playing. */
import type { WebSocket } from 'ws';
import type { Seat } from '../../src/game/game.js';
import type { Cursor } from '../../src/protocol/client-out.js';
import { parseRoomCode, type RoomCode } from '../../src/protocol/ids.js';
import type { Durability } from '../../src/room/state.js';
import { until } from '../support/programs.js';
import type { Fetch } from '../support/tls.js';
import { requestCommand } from './command-request.js';
import { Follower } from './follower.js';
import { type Acknowledged, type ClientHistory, RoomHistory } from './history.js';
import { Player } from './player.js';
import { RestlessTable } from './restless-table.js';
import { Seeded } from './seeded.js';
import { untilFound } from './until-found.js';

export interface LoadOptions {
  /** `http://host:port` of the players' door. */
  readonly base: string;
  readonly rooms: number;
  readonly seatDelayMs: number;
  /** How rooms are created; not given: by `fetch` itself. */
  readonly fetch?: Fetch;
  /** How players dial; not given: as `ws` does by itself. */
  readonly dial?: (url: string) => WebSocket;
  /** Every second room waits for copies (`replicated`), the others do not. */
  readonly mixed?: boolean;
  /** Makes every third room a lively one; without it none is. */
  readonly random?: Seeded;
  readonly onAck: (ack: Acknowledged) => void;
}

export interface PlayedRoom {
  readonly code: RoomCode;
  readonly history: RoomHistory;
  /** Those who are there now; at a table where nobody comes and goes, in the order of their seats. */
  readonly players: Player[];
  /** What those players send and receive; in the same order. */
  readonly clients: ClientHistory[];
  /** Where those who have left were in the end. */
  readonly former: Map<ClientHistory, Cursor | null>;
  readonly durability: Durability;
  /** Puts a newcomer in that place, who would like that seat; whoever was there has lost it. */
  readonly replace: (place: number, wished: Seat | undefined) => void;
  /** Players come and go, change seats and give some commands by HTTP; a spectator follows by HTTP. */
  readonly lively:
    | { readonly table: RestlessTable; readonly follower: Follower; readonly over: AbortController }
    | undefined;
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
const LONG_MATCHES = { target_points: 13, play_all_tricks: true };
/** At lively tables seats are changed between matches. */
const SHORT_MATCHES = { target_points: 1 };
const LIVELY_EVERY = 3;
/** Of so many moves at a lively table one goes by HTTP. */
const REQUEST_EVERY = 4;
const START_DELAY_MS = 1_000;
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
        const lively = this.options.random !== undefined && left % LIVELY_EVERY === 1;
        this.open(await this.create(durability, lively), durability, lively);
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
      closeRoom(room);
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
    const { players, clients, lively } = this.room(room);
    if (lively) throw new Error(`at ${room} players change their seats`);
    const player = players[seat];
    const client = clients[seat];
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
      const { clients, players } = this.rooms.get(code) ?? { clients: [], players: [] };
      const seats = players.map(({ state, cursor }, seat) => {
        const { connection, error, pending, view, legal } = state;
        const lines = clients[seat]?.lines.map(({ code: closed, errors, welcome }) =>
          JSON.stringify({ closed, errors, welcome: welcome && [welcome.seq, welcome.resumed] }),
        );
        const commands = [...(clients[seat]?.commands.values() ?? [])].slice(-2);
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
    await Promise.all(rooms.map(({ lively }) => lively?.table.rest()));
    for (const { players } of rooms) for (const player of players) player.rest();
    const agreed = () => rooms.every(({ players }) => settled(players));
    await until('the clients of every room agree', agreed, REST_MS).catch(() => undefined);
    for (const { players } of rooms) for (const player of players) player.noteView();
  }

  close(): void {
    for (const room of this.rooms.values()) closeRoom(room);
  }

  /** Rooms in which everybody stays in the seat that they took. */
  get calm(): PlayedRoom[] {
    return [...this.rooms.values()].filter(({ lively }) => !lively);
  }

  private room(code: RoomCode): PlayedRoom {
    const room = this.rooms.get(code);
    if (!room) throw new Error(`${code} is not played`);
    return room;
  }

  private async create(durability: Durability, lively: boolean): Promise<RoomCode> {
    return untilFound(
      'a room is created',
      async () => {
        const options = lively ? SHORT_MATCHES : LONG_MATCHES;
        const request = { method: 'POST', body: JSON.stringify({ options, durability }) };
        const post = this.options.fetch ?? fetch;
        const answer = await post(`${this.options.base}/api/rooms`, request).catch(() => undefined);
        const body = answer?.ok ? ((await answer.json()) as { room_code?: string }) : undefined;
        return parseRoomCode(body?.room_code ?? '');
      },
      CREATE_MS,
    );
  }

  private open(code: RoomCode, durability: Durability, lively: boolean): void {
    const history = new RoomHistory(code, (ack) => {
      this.lastAck.set(code, ack.at);
      this.options.onAck(ack);
    });
    const { random } = this.options;
    const players: Player[] = [];
    const clients: ClientHistory[] = [];
    const former: PlayedRoom['former'] = new Map();
    const sit = (place: number, seat: Seat | undefined) => {
      const client = history.client(seat ?? null);
      clients[place] = client;
      players[place] = this.player(code, seat, client, room.lively, place);
    };
    const replace = (place: number, wished: Seat | undefined) => {
      const [client, player] = [clients[place], players[place]];
      if (client && player) {
        client.left = true;
        former.set(client, player.cursor);
        player.close();
      }
      sit(place, wished);
      // Nothing new is begun any more, by newcomers neither.
      if (room.lively?.table.isResting) players[place]?.rest();
    };
    const room: PlayedRoom = {
      code,
      history,
      players,
      clients,
      former,
      durability,
      replace,
      lively:
        lively && random
          ? {
              table: new RestlessTable({ players, replace }, new Seeded(random.between(0, 2 ** 32 - 1))),
              follower: new Follower(this.options.base, code),
              over: new AbortController(),
            }
          : undefined,
    };
    for (const [place, seat] of SEATS.entries()) sit(place, seat);
    this.opened.push(code);
    this.rooms.set(code, room);
  }

  private player(
    room: RoomCode,
    seat: Seat | undefined,
    history: ClientHistory,
    lively: PlayedRoom['lively'],
    place: number,
  ): Player {
    const { url, seatDelayMs } = this;
    const plain = { url, room, seat, seatDelayMs, history, dial: this.options.dial };
    if (!lively) return new Player(plain);
    const { table, over } = lively;
    const door = { base: this.options.base, room, history, over: over.signal };
    let moves = place;
    return new Player({
      ...plain,
      startDelayMs: START_DELAY_MS,
      onGone: (code) => table.gone(place, code),
      otherWay: (token, move, turn) => {
        moves += 1;
        return moves % REQUEST_EVERY === 0 ? requestCommand(door, token, move, turn) : undefined;
      },
    });
  }
}

function closeRoom({ players, lively }: PlayedRoom): void {
  lively?.table.close();
  lively?.follower.stop();
  lively?.over.abort();
  for (const player of players) player.close();
}

function settled(players: readonly Player[]): boolean {
  const first = players[0]?.cursor;
  return players.every(({ cursor, state }) => {
    return state.pending === 0 && state.connection === 'open' && cursor?.seq === first?.seq;
  });
}
