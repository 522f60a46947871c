/** A room's public events as server-sent events: a spectator's place without a WebSocket. */
import type { ClientOut } from '../protocol/client-out.js';
import type { Frame } from '../protocol/frame.js';
import type { Seq } from '../protocol/ids.js';
import type { Connection } from '../room/audience.js';
import type { HttpResponse } from './exchange.js';
import { MAX_BUFFERED_BYTES } from './limits.js';
import type { PublicEntry } from './rooms-api.js';

/** Keeps proxies from closing a stream on which nothing happens. */
const COMMENT_MS = 15_000;

export class EventStream implements Connection {
  readonly clientId = 'event-stream';
  /** What happens while the past is still being read. */
  private waiting: Frame[] | undefined = [];
  private last = 0;
  private readonly comments: NodeJS.Timeout;

  constructor(private readonly response: HttpResponse) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    this.comments = setInterval(() => response.write(': still here\n\n'), COMMENT_MS);
    response.on('close', () => clearInterval(this.comments));
  }

  /** Writes the past, then what has happened meanwhile; from then on everything at once. */
  begin(past: readonly PublicEntry[]): void {
    for (const entry of past) this.write(entry.seq, { type: 'event', ...entry });
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const frame of waiting) this.send(frame);
  }

  send(frame: Frame): void {
    if (this.waiting) {
      this.waiting.push(frame);
      return;
    }
    const told = JSON.parse(frame.text) as ClientOut;
    if (told.type !== 'event') return;
    const { seq, at, epoch, events } = told;
    this.write(seq, { type: 'event', seq, at, epoch, events });
  }

  close(): void {
    this.response.end();
  }

  moved(): void {
    this.response.end();
  }

  private write(seq: Seq, body: unknown): void {
    if (seq <= this.last) return;
    this.last = seq;
    if (this.response.writableLength > MAX_BUFFERED_BYTES) this.response.destroy();
    else this.response.write(`id: ${seq}\ndata: ${JSON.stringify(body)}\n\n`);
  }
}
