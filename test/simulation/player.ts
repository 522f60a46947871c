/**
 * A player of a simulated cluster: keeps the protocol, plays any legal card, and now and then does what clients do when
 * networks are bad: sends twice, sends again what was acknowledged long ago, goes away and comes back.
 */
import { foldEvent } from '../../src/client/fold.js';
import type { SocketLike } from '../../src/client/socket.js';
import type { Seat } from '../../src/game/game.js';
import type { ClientOut, Cursor, EventFrame, RoomView, Welcome } from '../../src/protocol/client-out.js';
import type { CommandId } from '../../src/protocol/ids.js';
import type { Timer } from '../../src/runtime/clock.js';
import type { ClientHistory } from '../chaos/history.js';
import type { Seeded } from '../chaos/seeded.js';
import { TappedSocket } from '../chaos/tapped-socket.js';
import type { ShownFrame, Sitter } from './sitter.js';
import type { Timeline } from './timeline.js';
import type { Given, WebAccess } from './web-access.js';

const SILENCE_MS = 4_000;
const BACKOFF_MS = 200;
/** Rooms know the last 256 commands of a seat. */
const REMEMBERED = 200;
/** These end a seat for good: nothing that a fault of the cluster may do to a player. */
const THROWN_OUT = { from: 4_000, to: 4_999 };
/** Out of these: a newer socket of the same client has taken the place. */
const REPLACED = new Set([4_001, 4_002]);

type Command = { readonly type: string };
export interface PlayerDeps {
  readonly timeline: Timeline;
  readonly random: Seeded;
  readonly seat: Seat;
  readonly history: ClientHistory;
  readonly clientId: string;
  readonly token: string;
  /** Longest time for a thought, ms. */
  readonly thinkMs: number;
  /** For a connection to open, and for the first answer on it, ms. */
  readonly connectMs: number;
  readonly welcomeMs: number;
  /** Share of commands that are sent twice, of old ones sent again, of moves after which the player goes away. */
  readonly mischief: number;
  readonly followsMoves: boolean;
  readonly dial: () => SocketLike;
  readonly web: WebAccess;
  /** Share of commands that are given over HTTP. */
  readonly overHttp: number;
  /** The highest entry that anybody at the room was told of in an ack. */
  readonly acked: { highest: number };
  readonly complain: (text: string) => void;
}

export class Player implements Sitter {
  readonly shown: ShownFrame[] = [];
  cursor: Cursor | null = null;
  private view: RoomView | null = null;
  private legal: readonly Command[] = [];
  private token: string | undefined;
  private counter = 0;
  private pending: Given | undefined;
  private readonly acknowledged: Given[] = [];
  private socket: SocketLike | undefined;
  private next: SocketLike | undefined;
  private welcomed = false;
  private resting = false;
  private heardAt = 0;
  private thought: Timer | undefined;
  /** What the room had acknowledged to anybody when the last hello went out. */
  private floor = 0;

  constructor(private readonly deps: PlayerDeps) {
    this.connect();
    this.watch();
  }

  get seat(): Seat {
    return this.deps.seat;
  }

  /** Whether nothing is under way. */
  get calm(): boolean {
    return this.welcomed && this.pending === undefined && this.next === undefined;
  }

  rest(): void {
    this.resting = true;
    this.thought?.cancel();
  }

  noteView(): void {
    if (this.view && this.cursor) this.deps.history.noteView(this.cursor.seq, this.view, 'folded');
  }

  /** The connection breaks, as when a train goes into a tunnel. */
  drop(): void {
    this.leave(this.socket);
    this.leave(this.next);
    this.socket = undefined;
    this.next = undefined;
    this.welcomed = false;
    const { timeline, random, web } = this.deps;
    if (this.token !== undefined && random.next() < 0.5) web.findSeat(this.token);
    timeline.after(random.next() * BACKOFF_MS, () => this.connect());
  }

  private connect(): void {
    if (this.next) return;
    const { dial, history, timeline } = this.deps;
    const socket = new TappedSocket(dial(), history.tap());
    this.next = socket;
    timeline.after(this.deps.connectMs, () => {
      if (socket === this.next) this.lost(socket);
    });
    socket.onopen = () => {
      const old = this.socket;
      this.socket = socket;
      this.next = undefined;
      this.welcomed = false;
      this.heardAt = timeline.now;
      this.leave(old);
      this.hello();
      const openedAt = timeline.now;
      timeline.after(this.deps.welcomeMs, () => {
        if (socket === this.socket && this.heardAt === openedAt) this.lost(socket);
      });
    };
    socket.onmessage = ({ data }) => this.receive(String(data));
    socket.onclose = ({ code }) => {
      if (code >= THROWN_OUT.from && code <= THROWN_OUT.to && !REPLACED.has(code)) {
        this.deps.complain(`seat ${this.seat} was thrown out with ${code}`);
      }
      this.lost(socket);
    };
  }

  private lost(socket: SocketLike): void {
    this.leave(socket);
    if (socket === this.next) this.next = undefined;
    else if (socket === this.socket) this.socket = undefined;
    else return;
    if (this.socket || this.next) return;
    this.welcomed = false;
    this.deps.timeline.after(this.deps.random.next() * BACKOFF_MS, () => {
      if (!this.socket) this.connect();
    });
  }

  private leave(socket: SocketLike | undefined): void {
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private hello(): void {
    const { seat, clientId, token, followsMoves, acked } = this.deps;
    const { cursor } = this;
    this.floor = acked.highest;
    this.write({
      type: 'hello',
      v: 1,
      client_id: clientId,
      name: `Player ${seat}`,
      ...(followsMoves ? { moves: true } : {}),
      ...(this.token === undefined ? { proposed_token: token, seat } : { token: this.token }),
      ...(cursor ? { resume: cursor } : {}),
    });
  }

  /** Somebody who hears nothing for long looks whether the connection still is one. */
  private watch(): void {
    const { timeline } = this.deps;
    timeline.after(SILENCE_MS / 2, () => {
      const silent = timeline.now - this.heardAt;
      if (this.socket && silent > 2 * SILENCE_MS) this.lost(this.socket);
      else if (this.socket && silent > SILENCE_MS) this.write({ type: 'ping' });
      this.watch();
    });
  }

  private receive(text: string): void {
    this.heardAt = this.deps.timeline.now;
    const frame = JSON.parse(text) as ClientOut;
    switch (frame.type) {
      case 'welcome':
        this.shown.push({ seq: frame.seq, type: frame.type, text });
        return this.welcome(frame);
      case 'event':
        this.shown.push({ seq: frame.seq, type: frame.type, text });
        return this.event(frame);
      case 'snapshot':
        this.shown.push({ seq: frame.seq, type: frame.type, text });
        this.view = frame.view;
        this.cursor = { epoch: frame.epoch, seq: frame.seq, digest: frame.digest };
        this.legal = (frame.legal ?? []) as readonly Command[];
        return this.think();
      case 'ack':
        this.deps.acked.highest = Math.max(this.deps.acked.highest, frame.seq);
        if (frame.id === this.pending?.id) this.acknowledged.push(this.pending);
        return this.settle(frame.id);
      case 'error':
        if (frame.id !== undefined) this.settle(frame.id as CommandId);
        return;
      case 'notice':
        if (frame.kind === 'moving') this.connect();
        return;
    }
  }

  private welcome(frame: Welcome): void {
    this.welcomed = true;
    if (frame.token !== undefined) this.token = frame.token;
    this.counter = Math.max(this.counter, frame.last_command);
    if (frame.seq < this.floor) {
      this.deps.complain(`seat ${this.seat} was welcomed at ${frame.seq}, after ${this.floor} had been acknowledged`);
    }
    if (frame.view) {
      this.view = frame.view;
      this.cursor = { epoch: frame.epoch, seq: frame.seq, digest: frame.digest };
    }
    this.legal = (frame.legal ?? []) as readonly Command[];
    if (this.pending) this.socket?.send(this.pending.text);
    this.think();
  }

  private event(frame: EventFrame): void {
    const { cursor, view } = this;
    if (!cursor || !view || frame.seq <= cursor.seq) return;
    if (frame.seq !== cursor.seq + 1)
      return this.deps.complain(`seat ${this.seat} got ${frame.seq} after ${cursor.seq}`);
    this.view = frame.events.reduce<RoomView>((before, event) => foldEvent(before, event), view);
    this.cursor = { epoch: frame.epoch, seq: frame.seq, digest: frame.digest };
    this.legal = (frame.legal ?? []) as readonly Command[];
    this.think();
  }

  /** Moves after a while, if it is still the player's turn then. */
  private think(): void {
    if (this.resting || this.thought || this.pending || !this.mayAct()) return;
    const { timeline, random, thinkMs } = this.deps;
    this.thought = timeline.after(random.next() * thinkMs, () => {
      this.thought = undefined;
      if (this.resting || this.pending || !this.mayAct()) return;
      this.act();
    });
  }

  private mayAct(): boolean {
    const { view } = this;
    if (!view || !this.welcomed) return false;
    if (view.status === 'playing') return this.legal.length > 0;
    return view.status !== 'closed' && view.host === view.seat && view.seats.every((seat) => seat !== null);
  }

  private act(): void {
    const { random, mischief, overHttp, web, history } = this.deps;
    const playing = this.view?.status === 'playing';
    const command = playing ? this.legal[random.between(0, this.legal.length - 1)] : { type: 'start' };
    this.counter += 1;
    const id = `${this.counter}-seat${this.deps.seat}` as CommandId;
    const given: Given = { id, text: JSON.stringify({ type: 'command', id, command }) };
    this.pending = given;
    if (this.token !== undefined && random.next() < overHttp) {
      const tap = history.tap();
      web.give(
        this.token,
        given,
        tap,
        () => this.pending === given,
        (frame) => this.receive(frame),
      );
    } else this.socket?.send(given.text);
    if (random.next() < mischief) this.socket?.send(given.text);
    const recent = this.acknowledged.slice(-REMEMBERED);
    const old = recent[random.between(0, recent.length)];
    if (old && random.next() < mischief) this.socket?.send(old.text);
    if (random.next() < mischief / 4) this.drop();
  }

  private settle(id: CommandId): void {
    if (this.pending?.id !== id) return;
    this.pending = undefined;
    this.think();
  }

  private write(frame: object): void {
    this.socket?.send(JSON.stringify(frame));
  }
}
