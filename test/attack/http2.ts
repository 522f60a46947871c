/** An attacker's client of HTTP/2: many streams on one connection by TLS, and windows as small as may be. */
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { PlayersDoor } from './door.js';

const ANSWER_MS = 20_000;

export interface Answered {
  readonly stream: ClientHttp2Stream;
  readonly status: number;
  readonly retryAfter: string | undefined;
}

export class Http2 {
  private constructor(
    private readonly door: PlayersDoor,
    private readonly session: ClientHttp2Session,
    private readonly tcp: Socket,
  ) {}

  /** `window`: what a stream may send before it is read, bytes. */
  static async open(door: PlayersDoor, from: string, window = 65_535): Promise<Http2> {
    door.traffic.connections += 1;
    const to = { host: '127.0.0.1', port: door.port, localAddress: from };
    const tls = connectTls({ ...to, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    await once(tls, 'secureConnect');
    const session = connect(`https://127.0.0.1:${door.port}`, {
      createConnection: () => tls,
      settings: { initialWindowSize: window },
    });
    session.on('error', () => undefined);
    return new Http2(door, session, tls);
  }

  /** Asks; whatever follows the head of the answer comes to `stream`. @throws Error when it is not answered */
  async ask(path: string, headers: OutgoingHttpHeaders = {}): Promise<Answered> {
    this.door.traffic.requests += 1;
    const stream = this.session.request({ ':path': path, ...headers });
    stream.on('error', () => undefined);
    const [head] = (await once(stream, 'response', { signal: AbortSignal.timeout(ANSWER_MS) })) as [
      Record<string, string | number | undefined>,
    ];
    const after = head['retry-after'];
    return { stream, status: Number(head[':status']), retryAfter: after === undefined ? undefined : String(after) };
  }

  /** Follows a room's events. */
  follow(room: string): Promise<Answered> {
    return this.ask(`/api/room/events?room_code=${room}`, { accept: 'text/event-stream' });
  }

  /** As one whose device is gone. */
  close(): void {
    this.session.destroy();
    this.tcp.destroy();
  }
}
