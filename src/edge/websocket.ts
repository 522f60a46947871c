/** Players' WebSockets: who may open one, which room it belongs to, and what passes through it. */
import { IncomingMessage } from 'node:http';
import { WebSocketServer } from 'ws';
import type { Ownership } from '../cluster/ownership.js';
import { CatalogueError, type ErrorCode, errors } from '../errors.js';
import { parseRoomCode, type RoomCode } from '../protocol/ids.js';
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { Metrics } from '../runtime/metrics.js';
import type { Forwarder } from './forward.js';
import { LIBRARY_OPTIONS, LightSocket } from './light-socket.js';
import type { PlainUpgrade, UpgradeRequest } from './plain-upgrade.js';
import { helloDeadlines, PlayerSocket, type PlayerSocketDeps } from './player-socket.js';
import { requestUrl, roomCodeOf } from './rooms-api.js';
import { Routing } from './routing.js';
import type { Wire } from './wire.js';

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

/** Sockets are pinged in so many parts. */
const PING_PARTS = 50;

const NO_BYTES: Buffer = Buffer.alloc(0);

export class WebSockets {
  private readonly playerDeps: PlayerSocketDeps;
  private readonly library = new WebSocketServer({ ...LIBRARY_OPTIONS, noServer: true, clientTracking: false });
  private readonly sockets = new Set<PlayerSocket>();
  private readonly routing: Routing;

  constructor(private readonly deps: WebSocketDeps) {
    this.playerDeps = {
      ...deps,
      hellos: helloDeadlines(deps.clock),
      onGone: (player) => this.sockets.delete(player),
    };
    this.routing = new Routing(deps.ownership, deps.clock);
    this.ping();
  }

  get size(): number {
    return this.sockets.size;
  }

  /**
   * Answers an upgrade: here, by the room's owner, or with a refusal. An isolated instance breaks it off unanswered, as a
   * dead one would: HAProxy then tries another, and an instance that passes it on takes the room over.
   * @param head what came along with a request that Node's HTTP has read
   */
  async upgrade(request: PlainUpgrade | IncomingMessage, wire: Wire, head = NO_BYTES): Promise<void> {
    if (this.deps.isolated()) return void wire.destroy();
    let code: RoomCode;
    try {
      code = roomAskedFor(request);
      if (!this.originAllowed(request)) throw new CatalogueError('ORIGIN_REFUSED');
    } catch (error) {
      if (!(error instanceof CatalogueError)) throw error;
      return reject(wire, error);
    }
    const { forwarder, metrics } = this.deps;
    const pipe = (address: string, taken: AbortSignal) => forwarder.upgrade(request, wire, head, address, taken);
    if (await this.routing.passedOn(code, forwarder.wasForwarded(request), pipe)) {
      metrics.forwards.inc({ kind: 'websocket' });
      return;
    }
    if (wire.destroyed) return;
    if (request instanceof IncomingMessage) {
      this.library.handleUpgrade(request, wire, head, (opened) => this.accept(new LightSocket(wire, opened), code));
    } else {
      const socket = new LightSocket(wire);
      socket.answer(request.answer);
      this.accept(socket, code);
    }
  }

  /** Closes what is still open. */
  closeAll(code: ErrorCode): void {
    for (const socket of this.sockets) socket.close(code);
  }

  private accept(socket: LightSocket, code: RoomCode): void {
    const player = new PlayerSocket(socket, code, this.playerDeps);
    socket.listener = player;
    this.sockets.add(player);
  }

  private originAllowed(request: UpgradeRequest): boolean {
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

/** What a player's address nearly always is. */
const PLAIN_ADDRESS = /^\/ws\?room_code=([0-9A-Za-z]{8})$/;

/** @throws CatalogueError NOT_FOUND, BAD_ROOM_CODE */
function roomAskedFor(request: UpgradeRequest): RoomCode {
  const plain = parseRoomCode(PLAIN_ADDRESS.exec(request.url ?? '')?.[1] ?? '');
  if (plain) return plain;
  const url = requestUrl(request);
  if (url?.pathname !== '/ws') throw new CatalogueError('NOT_FOUND');
  return roomCodeOf(url);
}

function reject(wire: Wire, { code, message }: CatalogueError): void {
  const { http, retry } = errors[code];
  const body = JSON.stringify({ error: { code, message, retry } });
  wire.end(
    `HTTP/1.1 ${http} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
