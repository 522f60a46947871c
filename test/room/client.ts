/** A client as the library is one: keeps a view by folding events, a cursor, a token. */

import { foldEvent } from '../../src/client/fold.js';
import type { Seat } from '../../src/game/game.js';
import type { ClientOut, Cursor, EventFrame, RoomView } from '../../src/protocol/client-out.js';
import type { CommandId, Seq } from '../../src/protocol/ids.js';
import { cursorOf, type GivenCommand, hashOf, TestConnection } from './rooms.js';
import type { Shown } from './secrets.js';

class Socket extends TestConnection {
  constructor(
    clientId: string,
    private readonly hear: (frame: ClientOut, text: string) => void,
  ) {
    super(clientId);
  }

  protected override heard(frame: ClientOut): void {
    this.hear(frame, this.texts.at(-1) ?? '');
  }
}

interface Given {
  readonly id: CommandId;
  readonly command: GivenCommand;
  readonly turn: Seq | undefined;
}

/** Does what the client library does: keeps a view by folding events, and a cursor. */
export class Client {
  socket: Socket | undefined;
  token: string | undefined;
  view: RoomView | undefined;
  cursor: Cursor | undefined;
  seat: Seat | null = null;
  readonly shown: Shown[] = [];
  /** Its turn as it was told. */
  turn: Seq | undefined;
  /** Given, and still on their way. */
  readonly late: Given[] = [];
  readonly sent: Given[] = [];

  constructor(private readonly name: string) {}

  get connected(): boolean {
    return this.socket !== undefined && this.socket.closed === undefined;
  }

  get holder(): string {
    return hashOf(this.token ?? `none of ${this.name}`);
  }

  connect(): Socket {
    this.socket = new Socket(`client-of-${this.name}`, (frame, text) => this.hear(frame, text));
    return this.socket;
  }

  nextId(): CommandId {
    return `${this.sent.length + 1}-${this.name}` as CommandId;
  }

  private hear(frame: ClientOut, text: string): void {
    if (frame.type === 'welcome' || frame.type === 'snapshot' || frame.type === 'event') this.turn = frame.turn;
    switch (frame.type) {
      case 'welcome':
        this.token = frame.token ?? this.token;
        this.seat = frame.seat;
        if (frame.view) this.jump(frame, frame.view);
        else if (!frame.resumed || !this.cursor || this.cursor.seq > frame.seq) throw new Error('resumed from nowhere');
        break;
      case 'snapshot':
        this.seat = frame.view.seat;
        this.jump(frame, frame.view);
        break;
      case 'event':
        this.follow(frame);
        break;
      default:
        break;
    }
    this.shown.push({ viewer: this.seat ?? 'spectator', frame, text });
  }

  private jump(frame: Cursor, view: RoomView): void {
    this.cursor = cursorOf(frame);
    this.view = view;
  }

  private follow(frame: EventFrame): void {
    const { view, cursor } = this;
    if (!view || frame.seq !== (cursor?.seq ?? 0) + 1) throw new Error(`${frame.seq} after ${cursor?.seq}`);
    this.cursor = cursorOf(frame);
    this.view = frame.events.reduce(foldEvent, view);
  }
}
