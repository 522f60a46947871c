/** The instance's HTTP port: one table of routes, one place that turns errors into answers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Ownership } from '../cluster/ownership.js';
import { CatalogueError, type ErrorCode, errors } from '../errors.js';
import type { RoomCode, Seq } from '../protocol/ids.js';
import type { Mailbox } from '../room/mailbox.js';
import { CorruptRoom } from '../room/store.js';
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { Metrics } from '../runtime/metrics.js';
import { packageRoot } from '../runtime/package-root.js';
import { Doorway } from './doorway.js';
import { EventStream } from './event-stream.js';
import type { Forwarder } from './forward.js';
import type { Health } from './health.js';
import { MAX_BODY_BYTES } from './limits.js';
import { type RoomsApi, requestUrl, roomCodeOf } from './rooms-api.js';
import { pageRoutes } from './static.js';
import type { WebSockets } from './websocket.js';

export interface HttpDeps {
  readonly api: RoomsApi;
  readonly health: Health;
  readonly webSockets: WebSockets;
  readonly ownership: Ownership;
  readonly forwarder: Forwarder;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** Bearer token for operators who are not on this machine. */
  readonly opsToken: string | undefined;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly body: Buffer;
}

type Handler = (exchange: Exchange) => Promise<void> | void;

/** Slow clients: the whole request must be here within this, ms. */
const REQUEST_TIMEOUT_MS = 5_000;
/** How often slow clients are looked for; Node's own 30 s would let them stay that much longer. */
const TIMEOUT_CHECK_MS = 500;
const OPEN_TIMEOUT_MS = 5_000;
/** Sockets that are still there so long after the end of listening came in its last moments: they are cut off. */
const CLOSE_GRACE_MS = 1_500;

export class HttpServer {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly streams = new Set<EventStream>();
  private readonly routes: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
    ...pageRoutes(new URL('dist/web/', packageRoot)),
    '/api/rooms': {
      GET: async ({ response }) => json(response, 200, await this.deps.api.list()),
      POST: (exchange) => this.createRoom(exchange),
    },
    '/api/room': { GET: (exchange) => this.showRoom(exchange) },
    '/api/room/events': { GET: (exchange) => this.showEvents(exchange) },
    '/api/reconnect': { POST: (exchange) => this.reconnect(exchange) },
    '/api/room/commands': { POST: (exchange) => this.takeCommand(exchange) },
    '/livez': {
      GET: ({ response }) => json(response, 200, this.deps.health.alive()),
    },
    '/health': {
      GET: ({ response }) => {
        const { code, body } = this.deps.health.health();
        json(response, code, body);
      },
    },
    '/status': {
      GET: ({ request, response, url }) => {
        this.requireOperator(request);
        const { health } = this.deps;
        json(response, 200, url.searchParams.has('room_code') ? health.roomStatus(roomCodeOf(url)) : health.status());
      },
    },
    '/metrics': {
      GET: async ({ request, response }) => {
        this.requireOperator(request);
        const text = await this.deps.metrics.text();
        response.writeHead(200, { 'content-type': this.deps.metrics.contentType }).end(text);
      },
    },
  };

  constructor(private readonly deps: HttpDeps) {
    this.server = createServer(
      {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      },
      (request, response) => {
        this.answer(request, response).catch((error: unknown) => this.refuse(response, error));
      },
    );
    const { sockets } = this;
    // One for all: there are many.
    function forget(this: Socket): void {
      sockets.delete(this);
    }
    new Doorway(this.server, deps.clock, (request, wire, head) => {
      deps.webSockets.upgrade(request, wire, head).catch((error: unknown) => {
        deps.log.error({ err: error }, 'upgrade failed');
        wire.destroy();
      });
    });
    this.server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', forget);
    });
  }

  /** Resolves with the port. @throws when the port cannot be had */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port, backlog: 4_096 }, () => {
        this.server.off('error', reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /** Ends the event streams: who follows comes back, to wherever the room is then. */
  closeStreams(): void {
    for (const stream of this.streams) stream.close();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    const late = setTimeout(() => {
      for (const socket of this.sockets) socket.destroy();
    }, CLOSE_GRACE_MS);
    await closed;
    clearTimeout(late);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = requestUrl(request);
    if (url === undefined) throw new CatalogueError('BAD_REQUEST');
    const methods = Object.hasOwn(this.routes, url.pathname) ? this.routes[url.pathname] : undefined;
    if (!methods) throw new CatalogueError('NOT_FOUND');
    const handler = methods[request.method ?? ''];
    if (!handler) {
      response.setHeader('allow', Object.keys(methods).join(', '));
      throw new CatalogueError('METHOD_NOT_ALLOWED');
    }
    await handler({ request, response, url, body: await readBody(request) });
  }

  private async createRoom({ request, response, body }: Exchange): Promise<void> {
    const code = await this.deps.api.create(parseJson(body));
    json(response, 201, urlsOf(request, code));
  }

  private async showRoom(exchange: Exchange): Promise<void> {
    const mailbox = await this.mailboxFor(exchange, roomCodeOf(exchange.url));
    if (mailbox) json(exchange.response, 200, { ...mailbox.position, view: mailbox.view('spectator') });
  }

  private async showEvents(exchange: Exchange): Promise<void> {
    const { request, response, url } = exchange;
    const code = roomCodeOf(url);
    const lastSeen = request.headers['last-event-id'] ?? url.searchParams.get('after') ?? '0';
    const after = Number(lastSeen);
    if (!Number.isSafeInteger(after) || after < 0) throw new CatalogueError('BAD_REQUEST', 'after: expected a seq');
    if (!request.headers.accept?.includes('text/event-stream')) {
      json(response, 200, await this.deps.api.events(code, after as Seq));
      return;
    }
    const mailbox = await this.mailboxFor(exchange, code);
    if (!mailbox) return;
    // What has begun as a stream can no longer be refused with a status.
    if (mailbox.over) throw new CatalogueError(mailbox.status === 'closed' ? 'ROOM_CLOSED' : 'MOVED');
    const stream = new EventStream(response);
    this.streams.add(stream);
    response.on('close', () => {
      this.streams.delete(stream);
      mailbox.detach(stream);
    });
    await this.deps.api.follow(mailbox, stream, after as Seq);
  }

  private async reconnect({ request, response, body }: Exchange): Promise<void> {
    const { room, seat } = await this.deps.api.reconnect(parseJson(body));
    json(response, 200, { ...urlsOf(request, room), seat });
  }

  private async takeCommand(exchange: Exchange): Promise<void> {
    const { request, response, url, body } = exchange;
    const code = roomCodeOf(url);
    const token = /^Bearer (\S{1,64})$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined)
      throw new CatalogueError('UNAUTHORIZED', 'Send the seat token as "Authorization: Bearer TOKEN".');
    const mailbox = await this.mailboxFor(exchange, code);
    if (!mailbox) return;
    const reply = await this.deps.api.command(mailbox, token, parseJson(body));
    if ('seq' in reply) json(response, 200, reply);
    else json(response, errors[reply.error.code as ErrorCode].http, { error: reply.error });
  }

  /** The room, opened here; undefined when its owner is another instance, which has then given the answer. */
  private async mailboxFor({ request, response, body }: Exchange, code: RoomCode): Promise<Mailbox | undefined> {
    const location = await bounded(this.deps.ownership.open(code));
    if (location.at === 'here') return location.mailbox;
    if (location.at === 'nowhere') throw new CatalogueError('ROOM_UNAVAILABLE');
    if (location.at === 'elsewhere' && !this.deps.forwarder.wasForwarded(request)) {
      this.deps.metrics.forwards.inc({ kind: 'http' });
      if (await this.deps.forwarder.request(request, body, response, location.address)) return undefined;
    }
    throw new CatalogueError('OWNER_UNREACHABLE');
  }

  private requireOperator(request: IncomingMessage): void {
    const { opsToken } = this.deps;
    const address = request.socket.remoteAddress ?? '';
    if (/^(::ffff:)?127\./.test(address) || address === '::1') return;
    if (opsToken !== undefined && request.headers.authorization === `Bearer ${opsToken}`) return;
    throw new CatalogueError('UNAUTHORIZED');
  }

  private refuse(response: ServerResponse, error: unknown): void {
    // Whoever has left in the middle of the request needs no answer.
    if (response.destroyed) return;
    const known =
      error instanceof CatalogueError
        ? error
        : new CatalogueError(error instanceof CorruptRoom ? 'ROOM_FAILED' : 'FROZEN');
    if (known !== error) this.deps.log.error({ err: error }, 'request failed');
    this.deps.metrics.errors.inc({ code: known.code });
    if (response.headersSent) return void response.destroy();
    const { http, retry } = errors[known.code];
    if (retry) response.setHeader('retry-after', '1');
    json(response, http, { error: { code: known.code, message: known.message, retry } });
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text);
}

/** Where a room is reached, under the name by which the asker reached us. */
function urlsOf(request: IncomingMessage, code: RoomCode): { room_code: RoomCode; ws_url: string; play_url: string } {
  const host = request.headers.host ?? 'localhost';
  const secure = request.headers['x-forwarded-proto'] === 'https' ? 's' : '';
  return {
    room_code: code,
    ws_url: `ws${secure}://${host}/ws?room_code=${code}`,
    play_url: `http${secure}://${host}/?room_code=${code}`,
  };
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new CatalogueError('BAD_REQUEST', 'The body is not JSON.');
  }
}

/** What is too much is read to its end and thrown away: the next request of the connection comes after it. */
function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(new CatalogueError('FRAME_TOO_LARGE', `A body may have at most ${MAX_BODY_BYTES} bytes.`));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

/** An open room or an error within a bound, so that no request hangs while Redis is away. */
function bounded<T>(opening: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new CatalogueError('FROZEN')), OPEN_TIMEOUT_MS);
    opening.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
