/** What a player may also do without its socket: give commands over HTTP, and ask where its seat is. */
import type { Seat } from '../../src/game/game.js';
import type { ErrorFrame } from '../../src/protocol/client-out.js';
import { type CommandId, type RoomCode, roomOfToken } from '../../src/protocol/ids.js';
import type { SocketTap } from '../chaos/tapped-socket.js';
import { gather, type HttpAnswer, type HttpAsk, type HttpAsker, type HttpConnection } from './http.js';
import type { Timeline } from './timeline.js';

export interface WebAccessDeps {
  readonly timeline: Timeline;
  readonly code: RoomCode;
  readonly seat: Seat;
  /** @param known whether the asker knows the room, and is sent where it is */
  readonly ask: (ask: HttpAsk, asker: HttpAsker, known: boolean) => HttpConnection | undefined;
  /** Told of what an instance has promised. */
  readonly overheard: (text: string) => void;
  readonly complain: (text: string) => void;
  readonly count: (name: string) => void;
}

export interface Given {
  readonly id: CommandId;
  /** The frame by which it would go over a socket. */
  readonly text: string;
}

const BACKOFF_MS = 150;
/** Above the time that an instance lets a command wait. */
const TIMEOUT_MS = 10_000;

export class WebAccess {
  constructor(private readonly deps: WebAccessDeps) {}

  /**
   * Gives a command until it is answered, or not wanted any more; `answered` gets the frame that would have come by a
   * socket.
   */
  give(token: string, given: Given, tap: SocketTap, isWanted: () => boolean, answered: (frame: string) => void): void {
    const { timeline, code, overheard, count } = this.deps;
    if (!isWanted()) return;
    const { type: _, ...body } = JSON.parse(given.text) as Record<string, unknown>;
    const again = () => timeline.after(BACKOFF_MS, () => this.give(token, given, tap, isWanted, answered));
    void tap.sent(given.text);
    const ask: HttpAsk = {
      method: 'POST',
      url: `/api/room/commands?room_code=${code}`,
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    };
    this.ask(ask, true, (answer) => {
      count(`POST /api/room/commands: ${answer?.status ?? 'no answer'}`);
      if (answer === undefined) return void again();
      const reply = JSON.parse(answer.body) as { seq: number } | { error: ErrorFrame };
      if ('error' in reply && reply.error.retry) return void again();
      const frame =
        'seq' in reply
          ? JSON.stringify({ type: 'ack', id: given.id, seq: reply.seq })
          : JSON.stringify({ ...reply.error, type: 'error', id: given.id });
      overheard(frame);
      tap.received(frame);
      answered(frame);
    });
  }

  /** Asks where the seat of the token is, as somebody does who only has that. */
  findSeat(token: string): void {
    const { code, seat, complain, count } = this.deps;
    this.ask({ method: 'POST', url: '/api/reconnect', body: JSON.stringify({ token }) }, false, (answer) => {
      count(`POST /api/reconnect: ${answer?.status ?? 'no answer'}`);
      if (answer?.status === 200) {
        const found = JSON.parse(answer.body) as { room_code: string; seat: number };
        if (found.room_code === code && found.seat === seat) return;
        complain(`${code}: seat ${seat} was sent to seat ${found.seat} of ${found.room_code}`);
      } else if (answer) {
        const { error } = JSON.parse(answer.body) as { error: ErrorFrame };
        // An older token does not name its room: a seat that Redis was not told of is found by whoever owns it alone.
        if (!error.retry && roomOfToken(token) === code)
          complain(`${code}: seat ${seat} was not found again: ${error.code}`);
      }
    });
  }

  private ask(ask: HttpAsk, known: boolean, then: (answer: HttpAnswer | undefined) => void): void {
    const over = (answer: HttpAnswer | undefined) => {
      timer.cancel();
      then(answer);
    };
    const timer = this.deps.timeline.after(TIMEOUT_MS, () => {
      connection?.cancel();
      then(undefined);
    });
    const connection = this.deps.ask(ask, gather(over), known);
    if (!connection) over(undefined);
  }
}
