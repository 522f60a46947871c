/** Upgrades to players' WebSockets: who may open one, and for which room. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { CatalogueError, errors } from '../errors.js';
import { parseRoomCode, type RoomCode } from '../protocol/ids.js';
import type { Forwarder } from './forward.js';
import type { Players } from './players.js';
import { requestUrl, roomCodeOf } from './rooms-api.js';
import { WS_OPTIONS, WsSocket } from './ws-socket.js';

export interface WebSocketDeps {
  readonly players: Players;
  readonly forwarder: Forwarder;
  /** Origins that may connect beside the page's own. */
  readonly origins: readonly string[];
}

export class WebSockets {
  private readonly library = new WebSocketServer({ ...WS_OPTIONS, noServer: true, clientTracking: false });

  constructor(private readonly deps: WebSocketDeps) {}

  /**
   * Whether a request to upgrade is one for a player's WebSocket. Any other is answered as if it did not ask for an upgrade
   * (RFC 9110, 7.8).
   */
  wants({ url, headers }: Pick<IncomingMessage, 'url' | 'headers'>): boolean {
    if (headers.upgrade?.toLowerCase() !== 'websocket') return false;
    return PLAIN_ADDRESS.test(url ?? '') || requestUrl({ url })?.pathname === '/ws';
  }

  /**
   * Answers an upgrade that is wanted: here, by the room's owner, or with a refusal.
   * @param head what came along with the request
   */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { players, forwarder } = this.deps;
    if (players.breaksOff) return void socket.destroy();
    let code: RoomCode;
    try {
      code = roomAskedFor(request);
      if (!this.originAllowed(request)) throw new CatalogueError('ORIGIN_REFUSED');
    } catch (error) {
      if (!(error instanceof CatalogueError)) throw error;
      return reject(socket, error);
    }
    const pipe = (address: string, taken: AbortSignal) => forwarder.upgrade(request, socket, head, address, taken);
    if (await players.passedOn(code, forwarder.wasForwarded(request), pipe)) return;
    if (socket.destroyed) return;
    this.library.handleUpgrade(request, socket, head, (opened) => {
      const accepted = new WsSocket(opened, socket);
      accepted.listen(players.accept(accepted, code, addressOf(request)));
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
}

/** The player's address, IPv6 by its network, as HAProxy tells it of whoever its limits are for. */
function addressOf({ headers }: IncomingMessage): string | undefined {
  const address = headers['x-hokm-address'];
  return typeof address === 'string' ? address : undefined;
}

/** What a player's address nearly always is. */
const PLAIN_ADDRESS = /^\/ws\?room_code=([0-9A-Za-z]{8})$/;

/** @throws CatalogueError BAD_ROOM_CODE */
function roomAskedFor(request: IncomingMessage): RoomCode {
  const plain = parseRoomCode(PLAIN_ADDRESS.exec(request.url ?? '')?.[1] ?? '');
  if (plain) return plain;
  const url = requestUrl(request);
  if (!url) throw new CatalogueError('BAD_REQUEST');
  return roomCodeOf(url);
}

function reject(socket: Duplex, { code, message }: CatalogueError): void {
  const { http, retry } = errors[code];
  const body = JSON.stringify({ error: { code, message, retry } });
  socket.end(
    `HTTP/1.1 ${http} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
