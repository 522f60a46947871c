/** Upgrades to players' WebSockets: who may open one, and for which room. */
import { IncomingMessage } from 'node:http';
import { WebSocketServer } from 'ws';
import { CatalogueError, errors } from '../errors.js';
import { parseRoomCode, type RoomCode } from '../protocol/ids.js';
import type { Forwarder } from './forward.js';
import { LIBRARY_OPTIONS, LightSocket } from './light-socket.js';
import type { PlainUpgrade, UpgradeRequest } from './plain-upgrade.js';
import type { Players } from './players.js';
import { requestUrl, roomCodeOf } from './rooms-api.js';
import type { Wire } from './wire.js';

export interface WebSocketDeps {
  readonly players: Players;
  readonly forwarder: Forwarder;
  /** Origins that may connect beside the page's own. */
  readonly origins: readonly string[];
}

const NO_BYTES: Buffer = Buffer.alloc(0);

export class WebSockets {
  private readonly library = new WebSocketServer({ ...LIBRARY_OPTIONS, noServer: true, clientTracking: false });

  constructor(private readonly deps: WebSocketDeps) {}

  /**
   * Answers an upgrade: here, by the room's owner, or with a refusal.
   * @param head what came along with a request that Node's HTTP has read
   */
  async upgrade(request: PlainUpgrade | IncomingMessage, wire: Wire, head = NO_BYTES): Promise<void> {
    const { players, forwarder } = this.deps;
    if (players.breaksOff) return void wire.destroy();
    let code: RoomCode;
    try {
      code = roomAskedFor(request);
      if (!this.originAllowed(request)) throw new CatalogueError('ORIGIN_REFUSED');
    } catch (error) {
      if (!(error instanceof CatalogueError)) throw error;
      return reject(wire, error);
    }
    const pipe = (address: string, taken: AbortSignal) => forwarder.upgrade(request, wire, head, address, taken);
    if (await players.passedOn(code, forwarder.wasForwarded(request), pipe)) return;
    if (wire.destroyed) return;
    if (request instanceof IncomingMessage) {
      this.library.handleUpgrade(request, wire, head, (opened) => this.accept(new LightSocket(wire, opened), code));
    } else {
      const socket = new LightSocket(wire);
      socket.answer(request.answer);
      this.accept(socket, code);
    }
  }

  private accept(socket: LightSocket, code: RoomCode): void {
    socket.listener = this.deps.players.accept(socket, code);
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
