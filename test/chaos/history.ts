/** Writes down everything that the clients of one room send and receive. */
import { createHash } from 'node:crypto';
import type { Seat } from '../../src/game/game.js';
import type { ClientFrame } from '../../src/protocol/client-in.js';
import type { Ack, ClientOut, Cursor, ErrorFrame, EventFrame, RoomView } from '../../src/protocol/client-out.js';
import type { CommandId, RoomCode, Seq } from '../../src/protocol/ids.js';
import { fingerprint } from './canonical.js';
import type {
  AckRecord,
  ClientEvidence,
  CommandRecord,
  ConnectionRecord,
  FrameRecord,
  PromisedSeat,
  ViewRecord,
} from './evidence.js';
import type { SocketTap } from './tapped-socket.js';

/** One socket, with the times (monotonic ms) of what happened to it; undefined: not yet, or never. */
export interface Line extends ConnectionRecord {
  readonly startedAt: number;
  openedAt: number | undefined;
  welcomedAt: number | undefined;
  closedAt: number | undefined;
  code: number | undefined;
  /** Codes of the error frames that came by it. */
  readonly errors: string[];
  /** When the server said that the room moves; the client then opens another socket. */
  movingAt: number | undefined;
  /** Of the last event or ack. */
  lastFrameAt: number | undefined;
  resume: Cursor | null;
  welcome: ConnectionRecord['welcome'];
  readonly frames: FrameRecord[];
}

export interface Command extends CommandRecord {
  /** When it was first sent, and when the move had been due; monotonic ms. */
  readonly sentAt: number;
  readonly due: number;
  times: number;
  readonly acks: AckRecord[];
  refused: string | null;
  turn: Seq | null;
}

/** A command as it goes over either way: in a frame, or in the body of a request. */
export interface SentCommand {
  readonly id: string;
  readonly command: { readonly type: string };
  readonly for?: number | undefined;
}

/** The answer to a move, as the stopwatch needs it. */
export interface Acknowledged {
  readonly room: RoomCode;
  readonly client: ClientHistory;
  readonly command: Command;
  readonly at: number;
  readonly line: Line;
}

export class RoomHistory {
  readonly clients: ClientHistory[] = [];
  private order = 0;
  /** Most frames are the same for all four: each is kept once. */
  private readonly frames: FrameRecord[][] = [];

  constructor(
    readonly code: RoomCode,
    readonly onAck: (ack: Acknowledged) => void = () => undefined,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** @param seat that it is about to take; null where it takes any */
  client(seat: Seat | null): ClientHistory {
    const client = new ClientHistory(this, seat);
    this.clients.push(client);
    return client;
  }

  nextOrder(): number {
    this.order += 1;
    return this.order;
  }

  intern({ seq, digest, epoch, events }: EventFrame): FrameRecord {
    this.frames[seq] ??= [];
    const known = this.frames[seq];
    const text = JSON.stringify(events);
    const same = known.find((frame) => frame.events === text && frame.digest === digest && frame.epoch === epoch);
    if (same) return same;
    const fresh = { seq, digest, epoch, events: text };
    known.push(fresh);
    return fresh;
  }
}

/** As much as a client needs to have written down what it does. */
export type Notes = Pick<ClientHistory, 'due' | 'tap' | 'noteView'>;

export class ClientHistory {
  readonly lines: Line[] = [];
  readonly commands = new Map<CommandId, Command>();
  /** It gives its seat up, or the host takes it away. */
  left = false;
  private readonly holders = new Set<string>();
  private readonly promisedSeats: PromisedSeat[] = [];
  private readonly strayAcks: { readonly id: CommandId; readonly seq: Seq }[] = [];
  /** Made a fingerprint of only when they are asked for: while a fault is on there is no time to lose here. */
  private readonly views: { readonly seq: Seq; readonly view: RoomView; readonly source: ViewRecord['source'] }[] = [];
  /** When the move that is sent next is (or was) due, monotonic ms. */
  due = 0;

  constructor(
    private readonly room: RoomHistory,
    readonly seat: Seat | null,
  ) {}

  /** Follows a new socket. */
  tap(): SocketTap {
    const { room } = this;
    const line = newLine(room.now());
    this.lines.push(line);
    return {
      opened: () => {
        line.openedAt = room.now();
      },
      closed: (code) => {
        line.closedAt = room.now();
        line.code = code;
      },
      sent: (text) => this.sent(line, JSON.parse(text) as ClientFrame),
      received: (text) => this.received(line, JSON.parse(text) as ClientOut),
    };
  }

  /** Notes the view that the client has put together. */
  noteView(seq: Seq, view: RoomView, source: ViewRecord['source']): void {
    this.views.push({ seq, view, source });
  }

  evidence(end: Cursor | null): ClientEvidence {
    const { seat, lines, promisedSeats, strayAcks, left } = this;
    const views = this.views.map(({ seq, view, source }) => {
      return { seq, fingerprint: fingerprint(view), source, seat: view.seat };
    });
    const commands = [...this.commands.values()];
    const holders = [...this.holders];
    return { seat, holders, promisedSeats, strayAcks, left, connections: lines, commands, views, end };
  }

  /** A request with a command goes out, for the first time or again; tell the notes what came back. */
  sentByRequest(command: SentCommand): RequestNotes {
    const line = newLine(this.room.now());
    this.noteSent(command);
    return {
      acked: (seq) => this.acked(line, { type: 'ack', id: command.id as CommandId, seq }),
      refused: (code) => this.refused({ id: command.id, code, retry: false }),
    };
  }

  private sent(line: Line, frame: ClientFrame): void {
    if (frame.type === 'hello') {
      line.resume = (frame.resume as Cursor | undefined) ?? null;
      if (frame.token !== undefined) this.holders.add(hashOf(frame.token));
    }
    if (frame.type === 'command') this.noteSent(frame);
  }

  private noteSent({ id: name, command, for: given }: SentCommand): void {
    const order = this.room.nextOrder();
    const id = name as CommandId;
    const turn = (given ?? null) as Seq | null;
    const known = this.commands.get(id);
    if (known) {
      known.times += 1;
      if (known.turn !== turn) known.turn = null;
      return;
    }
    const { due } = this;
    const sentAt = this.room.now();
    this.commands.set(id, { id, command, order, sentAt, due, times: 1, acks: [], refused: null, turn });
  }

  private received(line: Line, frame: ClientOut): void {
    switch (frame.type) {
      case 'welcome': {
        const { epoch, seq, digest, resumed, seat, view } = frame;
        line.welcomedAt = this.room.now();
        line.welcome = { epoch, seq, digest, resumed, seat };
        if (frame.token !== undefined) {
          const holder = hashOf(frame.token);
          this.holders.add(holder);
          this.promisedSeats.push({ holder, seq });
        }
        if (view) this.noteView(seq, view, 'welcome');
        break;
      }
      case 'snapshot':
        this.noteView(frame.seq, frame.view, 'snapshot');
        break;
      case 'event':
        line.lastFrameAt = this.room.now();
        line.frames.push(this.room.intern(frame));
        break;
      case 'ack':
        this.acked(line, frame);
        break;
      case 'notice':
        if (frame.kind === 'moving') line.movingAt = this.room.now();
        break;
      case 'error':
        line.errors.push(frame.code);
        this.refused(frame);
        break;
    }
  }

  private acked(line: Line, { id, seq }: Ack): void {
    const order = this.room.nextOrder();
    line.lastFrameAt = this.room.now();
    const command = this.commands.get(id);
    if (!command) return void this.strayAcks.push({ id, seq });
    command.acks.push({ seq, order, at: this.room.now() });
    if (command.acks.length > 1) return;
    this.room.onAck({ room: this.room.code, client: this, command, at: this.room.now(), line });
  }

  /**
   * What may be tried again was not decided. That the seat is lost is said of the seat: an earlier attempt without an
   * answer may have been done while it was held.
   */
  private refused({ id, code, retry }: Pick<ErrorFrame, 'id' | 'code' | 'retry'>): void {
    const command = this.commands.get(id as CommandId);
    if (!command || retry || (code === 'NOT_SEATED' && command.times > 1)) return;
    command.refused = code;
  }
}

/** What became of a request. */
export interface RequestNotes {
  acked(seq: Seq): void;
  /** For good. */
  refused(code: string): void;
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

const newLine = (startedAt: number): Line => ({
  startedAt,
  openedAt: undefined,
  welcomedAt: undefined,
  closedAt: undefined,
  code: undefined,
  errors: [],
  movingAt: undefined,
  lastFrameAt: undefined,
  resume: null,
  welcome: null,
  frames: [],
});
