/** Players' WebSockets: who may open one, which room it belongs to, and what passes through it. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import type { Ownership } from '../cluster/ownership.js';
import { type ErrorCode, errors } from '../errors.js';
import { parseRoomCode, type RoomCode } from '../protocol/ids.js';
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { Metrics } from '../runtime/metrics.js';
import { FORWARDED_HEADER, type Forwarder } from './forward.js';
import { GatheringSocket } from './gathering-socket.js';
import { HelloDeadlines } from './hello-deadlines.js';
import { MAX_FRAME_BYTES } from './limits.js';
import { takePlainFrames } from './plain-frames.js';
import { PlayerSocket, type PlayerSocketDeps } from './player-socket.js';
import { requestUrl } from './rooms-api.js';
import { Routing } from './routing.js';

export interface WebSocketDeps {
  readonly ownership: Ownership;
  readonly forwarder: Forwarder;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Origins that may connect beside the page's own. */
  readonly origins: readonly string[];
  readonly pingMs: number;
  readonly messageRate: number;
  readonly whenFresh: () => Promise<void>;
  /** Whether this instance alone has lost Redis, and has given its rooms up. */
  readonly isolated: () => boolean;
}

const MAX_FRAGMENTS = 16;
/** Sockets are pinged in so many parts. */
const PING_PARTS = 50;
/** A closed socket whose other side does not take part in closing (it floods, or is gone) is cut off after this. */
const CLOSE_TIMEOUT_MS = 1_500;

/** Its player is a field, not something that each listener holds: there are many sockets, and they share the listeners. */
class OpenedSocket extends WebSocket {
  player?: PlayerSocket;
}

function receive(this: OpenedSocket, data: RawData, binary: boolean): void {
  this.player?.receive(data, binary);
}

function heard(this: OpenedSocket): void {
  this.player?.heard();
}

function pinged(this: OpenedSocket, data: Buffer): void {
  this.player?.pinged(data);
}

const ignore = () => undefined;

/** `closeTimeout` is younger than the library's types. */
const SERVER_OPTIONS: ServerOptions<typeof OpenedSocket> & { readonly closeTimeout: number } = {
  WebSocket: OpenedSocket,
  noServer: true,
  maxPayload: MAX_FRAME_BYTES,
  maxFragments: MAX_FRAGMENTS,
  perMessageDeflate: false,
  autoPong: false,
  clientTracking: false,
  closeTimeout: CLOSE_TIMEOUT_MS,
};

export class WebSockets {
  private readonly playerDeps: PlayerSocketDeps;
  private readonly server = new WebSocketServer<typeof OpenedSocket>(SERVER_OPTIONS);
  private readonly sockets = new Set<PlayerSocket>();
  private readonly routing: Routing;

  constructor(private readonly deps: WebSocketDeps) {
    this.playerDeps = { ...deps, hellos: new HelloDeadlines(deps.clock) };
    this.routing = new Routing(deps.ownership, deps.clock);
    this.ping();
  }

  get size(): number {
    return this.sockets.size;
  }

  /**
   * Answers an upgrade: here, by the room's owner, or with a refusal. An isolated instance breaks it off unanswered, as a
   * dead one would: HAProxy then tries another, and an instance that passes it on takes the room over.
   */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', ignore);
    if (this.deps.isolated()) return void socket.destroy();
    const url = requestUrl(request);
    if (url?.pathname !== '/ws') return reject(socket, 'NOT_FOUND');
    if (!this.originAllowed(request)) return reject(socket, 'ORIGIN_REFUSED');
    const codes = url.searchParams.getAll('room_code');
    const code = codes.length === 1 ? parseRoomCode(codes[0] ?? '') : undefined;
    if (code === undefined) return reject(socket, 'BAD_ROOM_CODE');
    const { forwarder, metrics } = this.deps;
    const pipe = (address: string, taken: AbortSignal) => forwarder.upgrade(request, socket, head, address, taken);
    if (await this.routing.passedOn(code, forwarder.wasForwarded(request), pipe)) {
      metrics.forwards.inc({ kind: 'websocket' });
      return;
    }
    if (socket.destroyed) return;
    delete request.headers[FORWARDED_HEADER];
    this.server.handleUpgrade(request, socket, head, (opened) => {
      socket.off('error', ignore);
      this.accept(opened, socket, code);
    });
  }

  /** Closes what is still open. */
  closeAll(code: ErrorCode): void {
    for (const socket of this.sockets) socket.close(code);
  }

  private accept(opened: OpenedSocket, wire: Duplex, code: RoomCode): void {
    const player = new PlayerSocket(new GatheringSocket(opened, wire), code, this.playerDeps);
    opened.player = player;
    this.sockets.add(player);
    takePlainFrames(wire, player);
    opened.on('message', receive);
    opened.on('ping', pinged);
    opened.on('pong', heard);
    // A broken frame: the library has answered it with the close code that fits.
    opened.on('error', ignore);
    opened.on('close', () => {
      this.sockets.delete(player);
      player.gone();
    });
  }

  private originAllowed(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    if (origin === undefined) return true;
    if (this.deps.origins.includes(origin)) return true;
    // Over TLS a page that came without it may be anybody's. How TLS ends before HAProxy is not seen from here.
    const secure = request.headers['x-forwarded-proto'] === 'https';
    if (!URL.canParse(origin) || (secure && !origin.startsWith('https:'))) return false;
    const { protocol, host: page } = new URL(origin);
    // Parsed by the page's scheme: a port that is the scheme's own may be written or not.
    return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === page;
  }

  /**
   * One timer for all sockets: who has not answered the last ping is gone. They are pinged a part at a time, each once in
   * a round: all at once they would hold up every room for as long as that many writes take.
   */
  private ping(part = 1, rest = this.sockets.values()): void {
    this.deps.clock.after(this.deps.pingMs / PING_PARTS, () => {
      const isLast = part === PING_PARTS;
      let left = isLast ? Number.POSITIVE_INFINITY : Math.ceil(this.sockets.size / PING_PARTS);
      for (let next = rest.next(); !next.done; next = rest.next()) {
        next.value.ping();
        if (--left === 0) break;
      }
      if (isLast) this.ping();
      else this.ping(part + 1, rest);
    });
  }
}

function reject(socket: Duplex, code: ErrorCode): void {
  const { http, message, retry } = errors[code];
  const body = JSON.stringify({ error: { code, message, retry } });
  socket.end(
    `HTTP/1.1 ${http} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
