/** One scripted client: plays its seat by the rule bot, each move a fixed time after its turn was seen. */
import type { WebSocket } from 'ws';
import type { OpenSocket } from '../../src/client/socket.js';
import { CommandRefused, Table, type TableState } from '../../src/client/table.js';
import type { Seat } from '../../src/game/game.js';
import { findClientGame } from '../../src/game/views.js';
import type { Cursor } from '../../src/protocol/client-out.js';
import type { RoomCode, Seq } from '../../src/protocol/ids.js';
import { Device } from './device.js';
import type { Notes } from './history.js';
import { ResendingSocket, Resends, type Way } from './resending-socket.js';
import { TappedSocket } from './tapped-socket.js';

export interface PlayerOptions {
  /** `ws://host/ws` */
  readonly url: string;
  readonly room: RoomCode;
  /** Not given: whichever is free. */
  readonly seat: Seat | undefined;
  /** From the moment the client sees its turn to its move, ms. */
  readonly seatDelayMs: number;
  readonly history: Notes;
  /** Of the seat, where it has been played before. */
  readonly token?: string;
  readonly openSocket?: OpenSocket;
  /** How its device dials; not given: as `ws` does by itself. */
  readonly dial?: ((url: string) => WebSocket) | undefined;
  /** From the moment at which a match can begin until the host begins it, ms; not given: as with every move. */
  readonly startDelayMs?: number;
  /** Gives a move by another way than the socket; undefined: by the socket after all. */
  readonly otherWay?: OtherWay;
  /** The seat is lost, with the code of the error. */
  readonly onGone?: (code: string) => void;
}

type Move = { readonly type: string; readonly [field: string]: unknown };

/** @param turn as the client was told with its legal moves */
export type OtherWay = (token: string, move: Move, turn: Seq | null) => Promise<void> | undefined;

export class Player {
  private readonly table: Table;
  private readonly device: Device;
  /** The position that was last acted upon, and its table as the client has it: the same object, the same position. */
  private position = '';
  private looked: unknown;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private resting = false;
  private resends: Resends | undefined;

  constructor(private readonly options: PlayerOptions) {
    this.device = new Device(options.dial);
    const { url, room, seat, token, history, openSocket = this.device.open } = options;
    this.table = new Table({
      url,
      room,
      ...(seat === undefined ? {} : { seat }),
      name: `Player ${seat ?? 'who came late'}`,
      ...(token === undefined ? {} : { token }),
      openSocket: (address) =>
        new ResendingSocket(new TappedSocket(openSocket(address), history.tap()), () => this.resends),
    });
    this.table.subscribe((state) => this.look(state));
    const unsubscribe = this.table.subscribe(({ connection, error }) => {
      if (connection !== 'closed' || error === null) return;
      unsubscribe();
      clearTimeout(this.timer);
      options.onGone?.(error.code);
    });
  }

  get state(): TableState {
    return this.table.state;
  }

  /** Where it sits; null until it is welcomed. */
  get seat(): Seat | null {
    return this.table.state.seat;
  }

  get cursor(): Cursor | null {
    return this.table.state.cursor;
  }

  /** Gives a command of the room, by the socket; resolves when it is answered, with whether it is done. */
  command(command: Move): Promise<boolean> {
    this.options.history.due = performance.now();
    return this.table.command(command).then(
      () => true,
      () => false,
    );
  }

  /** Plays no new move; what was sent is still waited for. */
  rest(): void {
    this.resting = true;
    clearTimeout(this.timer);
  }

  close(): void {
    this.rest();
    this.table.close();
    this.device.close();
  }

  loseNetwork(): void {
    this.device.loseNetwork();
  }

  /** The device says so, as browsers do. */
  findNetwork(): void {
    this.device.findNetwork();
    this.table.wake();
  }

  /** The next move goes out so often. */
  resend(times: number, way: Way): Resends {
    this.resends = new Resends(times, way);
    return this.resends;
  }

  /** Notes the view as the client has it now. */
  noteView(): void {
    const { view, cursor } = this.table.state;
    if (view && cursor) this.options.history.noteView(cursor.seq, view, 'folded');
  }

  private look(state: TableState): void {
    const { view } = state;
    if (this.resting || !view || state.connection === 'closed') return;
    const waits = view.status === 'playing' ? state.legal.length > 0 : this.mayStart(state);
    if (!waits || (this.looked === view.table && view.status === 'playing')) return;
    this.looked = view.table;
    const position = positionOf(state);
    if (position === this.position) return;
    this.position = position;
    // `due` is when a player with this reaction time moves: the turn event is here now, in this client.
    const { seatDelayMs, startDelayMs = seatDelayMs } = this.options;
    const delayMs = view.status === 'playing' ? seatDelayMs : startDelayMs;
    const due = performance.now() + delayMs;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.act(position, due), delayMs);
  }

  /** The same position is acted upon once more. */
  private lookAgain(): void {
    this.position = '';
    this.looked = undefined;
    this.look(this.table.state);
  }

  /** Hands the move to the client library, connected or not: as a person would press the card. */
  private act(position: string, due: number): void {
    const { view } = this.table.state;
    if (!view || this.resting || positionOf(this.table.state) !== position) return;
    const starts = view.status !== 'playing';
    // Somebody has left meanwhile: it is begun when there is another.
    if (starts && !this.mayStart(this.table.state)) return this.lookAgain();
    const move: Move = starts ? { type: 'start' } : (findClientGame(view.game)?.bot(view.table) as Move);
    const { history, otherWay } = this.options;
    const { token, turn } = this.table.state;
    history.due = due;
    if (!starts && token !== null && otherWay?.(token, move, turn)) return;
    this.table.command(move).catch((error: unknown) => {
      if (error instanceof CommandRefused && (error.frame.retry || starts)) this.lookAgain();
    });
  }

  private mayStart({ view }: TableState): boolean {
    if (!view || view.host !== view.seat || !view.seats.every((seat) => seat)) return false;
    return view.status === 'lobby' || view.status === 'finished';
  }
}

/** Equal as long as the game itself stands still, whatever happens to the room (frozen, clocks moved, players back). */
function positionOf({ view }: TableState): string {
  return `${view?.match} ${view?.status} ${JSON.stringify(view?.table)}`;
}
