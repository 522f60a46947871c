/** A player of a simulated cluster who uses the client library: it keeps the protocol, this one only chooses the cards. */
import { CommandRefused, Table, type TableState } from '../../src/client/table.js';
import type { Seat } from '../../src/game/game.js';
import type { ClientOut, Cursor } from '../../src/protocol/client-out.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import type { ClientHistory } from '../chaos/history.js';
import type { Seeded } from '../chaos/seeded.js';
import { TappedSocket } from '../chaos/tapped-socket.js';
import type { ShownFrame, Sitter } from './sitter.js';
import type { Timeline } from './timeline.js';
import type { WebAccess } from './web-access.js';
import type { ClientSocket } from './wire.js';

export interface LibraryPlayerDeps {
  readonly timeline: Timeline;
  readonly random: Seeded;
  readonly code: RoomCode;
  readonly seat: Seat;
  readonly history: ClientHistory;
  readonly clientId: string;
  /** Longest time for a thought, ms. */
  readonly thinkMs: number;
  /** Share of moves after which the player's network is gone. */
  readonly mischief: number;
  readonly dial: () => ClientSocket;
  readonly web: WebAccess;
  /** The highest entry that anybody at the room was told of in an ack. */
  readonly acked: { highest: number };
  readonly complain: (text: string) => void;
}

type Command = { readonly type: string };

/** Its wall clock has nothing to do with the cluster's. */
const DEVICE_CLOCK = 1_000_000_000_000;
/** Refusals of what came too late: meanwhile the turn was over, or another player was made host. */
const TOO_LATE: ReadonlySet<string> = new Set([
  'TURN_OVER',
  'NOT_YOUR_TURN',
  'ILLEGAL_MOVE',
  'NOT_HOST',
  'MATCH_RUNNING',
  'NO_MATCH',
]);

export class LibraryPlayer implements Sitter {
  readonly shown: ShownFrame[] = [];
  private readonly table: Table;
  private readonly sockets = new Set<ClientSocket>();
  private thinking = false;
  private resting = false;
  /** What the room had acknowledged to anybody when the last connection opened. */
  private floor = 0;

  constructor(private readonly deps: LibraryPlayerDeps) {
    const { timeline, random, code, seat, clientId } = deps;
    this.table = new Table({
      url: 'ws://simulated/ws',
      room: code,
      name: `Player ${seat}`,
      seat,
      clientId,
      device: {
        now: () => DEVICE_CLOCK + Math.floor(timeline.now),
        after: (delayMs, callback) => timeline.after(delayMs, callback),
        random: (below) => random.between(0, below - 1),
      },
      openSocket: () => this.open(),
      onFrame: (frame) => this.hear(frame),
    });
    this.table.subscribe((state) => this.look(state));
  }

  get seat(): Seat {
    return this.deps.seat;
  }

  get cursor(): Cursor | null {
    return this.table.state.cursor;
  }

  get calm(): boolean {
    const { connection, pending } = this.table.state;
    return connection === 'open' && pending === 0 && this.sockets.size === 1;
  }

  rest(): void {
    this.resting = true;
  }

  noteView(): void {
    const { view, cursor } = this.table.state;
    if (view && cursor) this.deps.history.noteView(cursor.seq, view, 'folded');
  }

  drop(): void {
    const { token } = this.table.state;
    if (token !== null && this.deps.random.next() < 0.5) this.deps.web.findSeat(token);
    for (const socket of [...this.sockets]) socket.broken();
  }

  private open(): TappedSocket {
    const { dial, history, acked } = this.deps;
    const tap = history.tap();
    const inner = dial();
    this.sockets.add(inner);
    inner.whenOver = () => this.sockets.delete(inner);
    return new TappedSocket(inner, {
      ...tap,
      opened: () => {
        this.floor = acked.highest;
        tap.opened();
      },
      received: (text) => {
        tap.received(text);
        const { type, seq } = JSON.parse(text) as { type: string; seq?: number };
        if (type === 'event' || type === 'welcome' || type === 'snapshot') {
          this.shown.push({ type, seq: seq ?? 0, text });
        }
      },
    });
  }

  private hear(frame: ClientOut): void {
    const { acked, complain, seat } = this.deps;
    if (frame.type === 'ack') acked.highest = Math.max(acked.highest, frame.seq);
    if (frame.type === 'welcome' && frame.seq < this.floor) {
      complain(`seat ${seat} was welcomed at ${frame.seq}, after ${this.floor} had been acknowledged`);
    }
  }

  /** Moves after a while, as it is then. */
  private look(state: TableState): void {
    if (state.connection === 'closed') {
      return this.deps.complain(`seat ${this.seat} was thrown out with ${state.error?.code ?? 'no error'}`);
    }
    if (this.thinking || this.resting || !mayAct(state)) return;
    this.thinking = true;
    const { timeline, random, thinkMs } = this.deps;
    timeline.after(random.next() * thinkMs, () => {
      const { state: now } = this.table;
      if (this.resting || !mayAct(now)) {
        this.thinking = false;
        return;
      }
      void this.act(now).finally(() => {
        this.thinking = false;
        this.look(this.table.state);
      });
    });
  }

  private async act({ view, legal }: TableState): Promise<void> {
    const { random, mischief } = this.deps;
    const moves = legal as readonly Command[];
    const move = view?.status === 'playing' ? moves[random.between(0, moves.length - 1)] : { type: 'start' };
    const done = this.table.command(move ?? { type: 'start' });
    if (random.next() < mischief / 4) this.drop();
    await done.catch((error: unknown) => {
      if (!(error instanceof CommandRefused) || !TOO_LATE.has(error.frame.code)) {
        this.deps.complain(`seat ${this.seat} was refused a move: ${String(error)}`);
      }
    });
  }
}

function mayAct({ view, legal, connection }: TableState): boolean {
  if (connection !== 'open' || !view) return false;
  if (view.status === 'playing') return legal.length > 0;
  return view.status !== 'closed' && view.host === view.seat && view.seats.every((seat) => seat !== null);
}
