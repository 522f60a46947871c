/**
 * Follows a room by event streams, as EventSource does: it comes back with the id of the last entry that it has seen. Now
 * and then it does what readers do: it leaves before the answer, or keeps a connection open and reads no further.
 */
import type { RoomCode } from '../../src/protocol/ids.js';
import type { Timer } from '../../src/runtime/clock.js';
import type { Seeded } from '../chaos/seeded.js';
import type { HttpAsk, HttpAsker, HttpConnection } from './http.js';
import type { Timeline } from './timeline.js';

export interface Told {
  readonly seq: number;
  readonly epoch: number;
  /** JSON of the events. */
  readonly events: string;
}

export interface FollowerDeps {
  readonly timeline: Timeline;
  readonly random: Seeded;
  readonly code: RoomCode;
  /** Undefined when nobody is there to ask. */
  readonly ask: (ask: HttpAsk, asker: HttpAsker) => HttpConnection | undefined;
  /** Whether an entry may be told of. */
  readonly isSafe: (seq: number) => boolean;
  /** Somebody has been told of this entry. */
  readonly heard: (seq: number) => void;
  /** Share of connections that are left early, or read no further. */
  readonly mischief: number;
  readonly complain: (text: string) => void;
  readonly count: (name: string) => void;
}

const BACKOFF_MS = 300;
/** An open stream comments more often than this. */
const SILENCE_MS = 20_000;
/** Until a reader that does not read gives its connection up. */
const STALLED_MS = 30_000;

export class Follower {
  /** Every entry that it was told of. */
  readonly told: Told[] = [];
  private last = 0;
  private connection: HttpConnection | undefined;
  private readonly stalled = new Set<HttpConnection>();
  private open = false;
  private resting = false;
  private silence: Timer | undefined;

  constructor(private readonly deps: FollowerDeps) {
    this.later();
  }

  /** The last entry that it knows; undefined while it does not follow. */
  get at(): number | undefined {
    return this.open ? this.last : undefined;
  }

  /** Streams that it has open. */
  get streams(): number {
    return this.stalled.size + (this.connection ? 1 : 0);
  }

  /** From now on it only reads. */
  rest(): void {
    this.resting = true;
    for (const connection of this.stalled) connection.cancel();
    this.stalled.clear();
  }

  private later(): void {
    this.deps.timeline.after(this.deps.random.next() * BACKOFF_MS, () => this.connect());
  }

  private connect(): void {
    const { code, random, mischief, timeline, count } = this.deps;
    const headers = { accept: 'text/event-stream', ...(this.last > 0 ? { 'last-event-id': String(this.last) } : {}) };
    let [status, body] = [0, ''];
    const mine = () => connection !== undefined && connection === this.connection;
    const over = () => {
      if (connection) this.stalled.delete(connection);
      if (!mine()) return;
      if (status !== 200 && status !== 0) this.refused(status, body);
      this.leave();
      this.later();
    };
    const connection = this.deps.ask(
      { method: 'GET', url: `/api/room/events?room_code=${code}`, headers },
      {
        head: (given) => {
          status = given;
          count(`event stream: ${status}`);
          if (mine()) this.open = status === 200;
        },
        data: (text) => {
          if (!mine()) return;
          this.listen();
          body += text;
          if (status === 200) body = this.read(body);
        },
        ended: over,
        broken: over,
      },
    );
    this.connection = connection;
    if (!connection) return this.later();
    this.listen();
    if (this.resting || random.next() >= mischief) return;
    if (random.next() < 0.5) {
      count('event stream: left early');
      timeline.after(random.next() * 20, () => mine() && this.abandon(connection));
    } else {
      timeline.after(random.next() * 2_000, () => {
        if (!mine() || this.resting) return;
        count('event stream: read no further');
        connection.stall();
        this.stalled.add(connection);
        timeline.after(STALLED_MS, () => connection.cancel());
        this.leave();
        this.later();
      });
    }
  }

  /** Whoever hears nothing for long looks whether the connection still is one. */
  private listen(): void {
    this.silence?.cancel();
    this.silence = this.deps.timeline.after(SILENCE_MS, () => this.connection && this.abandon(this.connection));
  }

  private abandon(connection: HttpConnection): void {
    connection.cancel();
    this.leave();
    this.later();
  }

  private leave(): void {
    this.silence?.cancel();
    this.connection = undefined;
    this.open = false;
  }

  /** Takes the whole messages from the front. */
  private read(text: string): string {
    const messages = text.split('\n\n');
    const rest = messages.pop() ?? '';
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1];
      const id = Number(/^id: (\d+)$/m.exec(message)?.[1]);
      if (data !== undefined) this.hear(id, JSON.parse(data) as { type: string } & Record<string, unknown>);
    }
    return rest;
  }

  private hear(id: number, { type, seq, epoch, events }: { type: string } & Record<string, unknown>): void {
    const { complain, code, count, isSafe, heard } = this.deps;
    if (!isSafe(id)) complain(`${code}: an event stream told ${id} before its copies had it`);
    if (seq !== id) complain(`${code}: an event stream calls entry ${seq} ${id}`);
    if (type === 'snapshot') {
      count('event stream: snapshot');
      if (id <= this.last) complain(`${code}: an event stream went back from ${this.last} to ${id}`);
    } else if (id !== this.last + 1) complain(`${code}: an event stream went from ${this.last} to ${id}`);
    else this.told.push({ seq: id, epoch: Number(epoch), events: JSON.stringify(events) });
    this.last = id;
    heard(id);
  }

  private refused(status: number, body: string): void {
    const { error } = JSON.parse(body) as { error: { code: string; retry: boolean } };
    if (!error.retry) this.deps.complain(`${this.deps.code}: an event stream was refused with ${status} ${error.code}`);
  }
}
