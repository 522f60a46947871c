/**
 * A room's public events as server-sent events: a spectator's place without a WebSocket.
 *
 * INVARIANT: the ids on a stream rise by one from entry to entry; only a snapshot may skip some. Whatever happens to the
 * connection ends this stream and nothing else.
 */
import { CatalogueError, type ErrorCode } from '../errors.js';
import type { ClientOut, EventFrame } from '../protocol/client-out.js';
import type { Frame } from '../protocol/frame.js';
import type { Seq } from '../protocol/ids.js';
import type { Connection } from '../room/audience.js';
import type { Ticks, Timer } from '../runtime/clock.js';
import type { HttpResponse } from './exchange.js';
import { MAX_BUFFERED_BYTES } from './limits.js';
import type { Past } from './public-log.js';

/** Keeps proxies from closing a stream on which nothing happens. */
const COMMENT_MS = 15_000;
/** What a reader has not taken that long after the end of its stream is thrown away, with the connection. */
const LINGER_MS = 2_000;

/**
 * opening: the room has not admitted the stream; nothing is written, so that it can still be refused with a status.
 * catching up: attached; live entries wait until the past is written. live: entries are written as they happen.
 * over: nothing is written any more.
 */
type Phase = 'opening' | 'catching up' | 'live' | 'over';

export class EventStream implements Connection {
  readonly clientId = 'event-stream';
  /** Resolves when the room has admitted the stream. @throws CatalogueError when it has not. */
  readonly admitted: Promise<void>;
  private phase: Phase = 'opening';
  /** Why it is over. */
  private refusal: ErrorCode = 'MOVED';
  private answer: { admit(): void; refuse(error: CatalogueError): void } | undefined;
  /** What happens while the past is still being read. */
  private waiting: EventFrame[] = [];
  private waitingBytes = 0;
  private last = 0;
  private comments: Timer | undefined;
  private linger: Timer | undefined;

  constructor(
    private readonly response: HttpResponse,
    private readonly clock: Ticks,
  ) {
    this.admitted = new Promise((admit, refuse) => {
      this.answer = { admit, refuse };
    });
    this.admitted.catch(() => undefined);
  }

  /**
   * Writes the past, then what has happened meanwhile; from then on everything at once.
   * @throws CatalogueError why the stream has ended meanwhile
   */
  begin(past: Past): void {
    if (this.phase !== 'catching up') throw new CatalogueError(this.refusal);
    this.response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    this.response.flushHeaders();
    this.phase = 'live';
    this.comment();
    if ('snapshot' in past) {
      this.write(past.snapshot.seq, JSON.stringify(past.snapshot));
    } else {
      this.last = past.after;
      for (const { seq, text } of past.entries) this.write(seq, `{"type":"event",${text.slice(1)}`);
    }
    const { waiting } = this;
    this.waiting = [];
    for (const frame of waiting) this.event(frame);
  }

  /** Never throws: the room that sends goes on without whoever cannot be sent to. */
  send(frame: Frame): void {
    try {
      this.take(frame);
    } catch {
      this.destroy();
    }
  }

  private take(frame: Frame): void {
    if (this.phase === 'over') return;
    const told = JSON.parse(frame.text) as ClientOut;
    if (told.type === 'welcome' && this.phase === 'opening') {
      this.phase = 'catching up';
      this.answer?.admit();
    } else if (told.type === 'event') {
      if (this.phase === 'live') return this.event(told);
      this.waiting.push(told);
      this.waitingBytes += frame.text.length;
      if (this.waitingBytes > MAX_BUFFERED_BYTES) this.destroy();
    }
  }

  /** Ends the stream: with the error's status while it has not begun. */
  close(code: ErrorCode): void {
    const hasBegun = this.phase === 'live';
    if (this.phase === 'over') return;
    this.phase = 'over';
    this.refusal = code;
    this.comments?.cancel();
    this.answer?.refuse(new CatalogueError(code));
    if (!hasBegun) return;
    this.response.end();
    this.linger = this.clock.after(LINGER_MS, () => this.destroy());
  }

  moved(): void {
    this.close('MOVED');
  }

  /** The connection has ended. */
  gone(): void {
    this.phase = 'over';
    this.comments?.cancel();
    this.linger?.cancel();
    this.answer?.refuse(new CatalogueError('MOVED'));
  }

  private destroy(): void {
    this.gone();
    this.response.destroy();
  }

  private comment(): void {
    this.comments = this.clock.after(COMMENT_MS, () => {
      this.put(': still here\n\n');
      if (this.phase === 'live') this.comment();
    });
  }

  private event({ seq, at, epoch, events }: EventFrame): void {
    // Told with the past.
    if (seq <= this.last) return;
    // Ruled out by the order in which a room works; whoever follows comes back and starts from where it was.
    if (seq !== this.last + 1) return this.destroy();
    this.write(seq, JSON.stringify({ type: 'event', seq, at, epoch, events }));
  }

  /** @param body JSON */
  private write(seq: Seq, body: string): void {
    this.last = seq;
    this.put(`id: ${seq}\ndata: ${body}\n\n`);
  }

  private put(text: string): void {
    if (this.phase !== 'live') return;
    if (this.response.writableLength > MAX_BUFFERED_BYTES) this.destroy();
    else this.response.write(text);
  }
}
