/** A bare player for tests of the wire: keeps what it was sent, repairs nothing, and does what it is told. */
import { type RawData, WebSocket } from 'ws';
import type { Seat } from '../../src/game/game.js';
import type { Ack, ClientOut, Cursor, ErrorFrame } from '../../src/protocol/client-out.js';
import { until } from '../support/programs.js';

type FrameOf<Type extends ClientOut['type']> = Extract<ClientOut, { type: Type }>;
type Headers = Record<string, string | string[]>;

export interface HelloFields {
  readonly v?: number;
  readonly name?: string;
  readonly client_id?: string;
  readonly token?: string;
  readonly proposed_token?: string;
  readonly seat?: number;
  readonly spectate?: boolean;
  readonly resume?: unknown;
}

let clients = 0;

/** What `look` finds sooner or later. */
async function found<T>(what: string, look: () => T | undefined): Promise<T> {
  const value = await until(what, look);
  if (value === undefined) throw new Error(what);
  return value;
}

export class Player {
  readonly frames: ClientOut[] = [];
  readonly clientId: string;
  closed: { readonly code: number; readonly reason: string } | undefined;
  seat: Seat | null = null;
  token = '';
  cursor: Cursor | undefined;
  legal: readonly unknown[] = [];
  /** Cards held, by what was dealt and played. */
  hand: readonly string[] = [];
  /** Gives the first legal command whenever there is one. */
  playsAlong = false;
  private read = 0;
  private counter = 0;

  constructor(
    readonly socket: WebSocket,
    clientId = `test-client-${++clients}`,
  ) {
    this.clientId = clientId;
    socket.on('message', (data: RawData) => this.take(JSON.parse(String(data)) as ClientOut));
    socket.on('close', (code: number, reason: Buffer) => {
      this.closed = { code, reason: String(reason) };
    });
  }

  /** Opens the socket; rejects when the handshake is refused. `url` ends in `/ws`. */
  static async open(url: string, room: string, headers: Headers = {}): Promise<Player> {
    const socket = new WebSocket(`${url}?room_code=${room}`, { headers });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new Player(socket);
  }

  /** Opens the socket and waits for welcome. */
  static async join(url: string, room: string, hello: HelloFields = {}, headers: Headers = {}): Promise<Player> {
    const player = await Player.open(url, room, headers);
    player.hello(hello);
    await player.next('welcome');
    return player;
  }

  hello(fields: HelloFields = {}): void {
    this.send({ type: 'hello', v: 1, client_id: this.clientId, ...fields });
  }

  /** Sends a frame, or text as it is. */
  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The next frame of the type that was not waited for yet; frames before it are skipped. */
  next<Type extends ClientOut['type']>(
    type: Type,
    where: (frame: FrameOf<Type>) => boolean = () => true,
  ): Promise<FrameOf<Type>> {
    return found(`${type} for seat ${this.seat}, closed: ${JSON.stringify(this.closed)}`, () => {
      for (let at = this.read; at < this.frames.length; at++) {
        const frame = this.frames[at];
        if (frame?.type !== type || !where(frame as FrameOf<Type>)) continue;
        this.read = at + 1;
        return frame as FrameOf<Type>;
      }
      return undefined;
    });
  }

  /** Gives a command and waits for its answer. */
  async ask(command: object, id = this.nextId()): Promise<Ack | ErrorFrame> {
    const before = this.frames.length;
    this.send({ type: 'command', id, command });
    return found(`the answer to ${JSON.stringify(command)}`, () =>
      this.frames.slice(before).find((frame) => (frame.type === 'ack' || frame.type === 'error') && frame.id === id),
    ) as Promise<Ack | ErrorFrame>;
  }

  nextId(): string {
    this.counter += 1;
    return `${this.counter}-test`;
  }

  end(): Promise<{ readonly code: number; readonly reason: string }> {
    return found('the connection ends', () => this.closed);
  }

  /** Breaks the connection without a word. */
  async drop(): Promise<void> {
    this.socket.terminate();
    await this.end();
  }

  private take(frame: ClientOut): void {
    this.frames.push(frame);
    if (frame.type === 'welcome') {
      this.seat = frame.seat;
      this.token = frame.token ?? this.token;
      this.counter = Math.max(this.counter, frame.last_command);
    }
    if (frame.type === 'snapshot') this.seat = frame.view.seat;
    if (frame.type === 'welcome' || frame.type === 'snapshot' || frame.type === 'event') {
      this.cursor = { epoch: frame.epoch, seq: frame.seq, digest: frame.digest };
      this.legal = frame.legal ?? [];
    }
    if (frame.type !== 'event') return;
    const [first] = this.legal;
    if (this.playsAlong && first !== undefined) this.send({ type: 'command', id: this.nextId(), command: first });
    for (const event of frame.events as readonly { type: string; seat?: number; card?: string; hand?: string[] }[]) {
      if (event.type === 'rest_dealt') this.hand = event.hand ?? [];
      if (event.type === 'card_played' && event.seat === this.seat) {
        this.hand = this.hand.filter((card) => card !== event.card);
      }
    }
  }
}

/** Four players at a new table, seat by seat; player `at` comes through `urls[at % urls.length]`. */
export async function seatFour(urls: readonly string[], room: string): Promise<Player[]> {
  const players: Player[] = [];
  for (const at of [0, 1, 2, 3]) {
    players.push(await Player.join(urls[at % urls.length] ?? '', room, { name: `Player ${at}` }));
  }
  return players;
}

/** Whoever may act, once all players have seen the same; undefined when the match is over. */
export async function onTurn(players: readonly Player[]): Promise<Player | undefined> {
  return found('somebody is on turn', () => {
    const seqs = new Set(players.map((player) => player.cursor?.seq));
    if (seqs.size > 1) return undefined;
    const over = players[0]?.frames.findLast(({ type }) => type === 'event');
    if (over?.type === 'event' && over.events.some(({ type }) => type === 'match_ended')) return { over: true };
    const acting = players.find((player) => player.legal.length > 0);
    return acting && { acting };
  }).then((seen) => ('acting' in seen ? seen.acting : undefined));
}

/** Plays the match to its end. */
export async function playOut(players: readonly Player[]): Promise<void> {
  const player = await onTurn(players);
  for (const each of players) each.playsAlong = true;
  await player?.ask(player.legal[0] as object);
  for (const each of players) {
    await each.next('event', ({ events }) => events.some(({ type }) => type === 'match_ended'));
    each.playsAlong = false;
  }
}

/** The seat on turn gives the first legal command; false when the match is over. */
export async function playOn(players: readonly Player[]): Promise<boolean> {
  const player = await onTurn(players);
  if (player === undefined) return false;
  await player.ask(player.legal[0] as object);
  return true;
}
