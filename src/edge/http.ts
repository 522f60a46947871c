/** What the instance answers over HTTP: one table of routes, one place that turns errors into answers. */
import { LostLately, type Ownership } from '../cluster/ownership.js';
import { CatalogueError, type ErrorCode, errors } from '../errors.js';
import { type RoomCode, roomOfToken, type Seq } from '../protocol/ids.js';
import type { Mailbox } from '../room/mailbox.js';
import { CorruptRoom } from '../room/store.js';
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { InstanceMetrics } from '../runtime/metrics.js';
import { bounded } from './bounded.js';
import type { HttpRequest, HttpResponse, Incoming } from './exchange.js';
import type { Health } from './health.js';
import type { Operators } from './operators.js';
import type { RoomReads } from './room-reads.js';
import { type RoomsApi, requestUrl, roomCodeOf } from './rooms-api.js';
import type { PageRoutes } from './static.js';

export interface HttpApiDeps {
  readonly api: RoomsApi;
  readonly reads: RoomReads;
  readonly health: Health;
  readonly ownership: Ownership;
  readonly metrics: InstanceMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** The web page's files. */
  readonly pages: PageRoutes;
  readonly operators: Pick<Operators, 'admit'>;
  /** Origin under which players reach the cluster; undefined: as they say themselves. */
  readonly publicOrigin: string | undefined;
}

interface Exchange extends Pick<Incoming, 'request' | 'response' | 'wasForwarded' | 'whenGone' | 'forward'> {
  readonly url: URL;
  readonly body: Buffer;
}

type Handler = (exchange: Exchange) => Promise<void> | void;

export class HttpApi {
  private readonly routes: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
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
        this.deps.operators.admit(request);
        const { health } = this.deps;
        json(response, 200, url.searchParams.has('room_code') ? health.roomStatus(roomCodeOf(url)) : health.status());
      },
    },
    '/metrics': {
      GET: async ({ request, response }) => {
        this.deps.operators.admit(request);
        const text = await this.deps.metrics.text();
        response.writeHead(200, { 'content-type': this.deps.metrics.contentType }).end(text);
      },
    },
  };

  private isShut = false;

  constructor(private readonly deps: HttpApiDeps) {}

  /** Refuses all that players ask for from now on, and answers operators alone. */
  shut(): void {
    this.isShut = true;
  }

  /** Answers a request. Never throws. */
  async answer(incoming: Incoming): Promise<void> {
    await this.dispatch(incoming).catch((error: unknown) => this.refuse(incoming.response, error));
  }

  private async dispatch({ readBody, ...incoming }: Incoming): Promise<void> {
    const { request, response } = incoming;
    const url = requestUrl(request);
    if (url === undefined) throw new CatalogueError('BAD_REQUEST');
    if (this.isShut && url.pathname.startsWith('/api/')) throw new CatalogueError('MOVED');
    const table = [this.routes, this.deps.pages].find((routes) => Object.hasOwn(routes, url.pathname));
    const methods: Readonly<Record<string, Handler>> | undefined = table?.[url.pathname];
    if (!methods) throw new CatalogueError('NOT_FOUND');
    const handler = methods[request.method ?? ''];
    if (!handler) {
      response.setHeader('allow', Object.keys(methods).join(', '));
      throw new CatalogueError('METHOD_NOT_ALLOWED');
    }
    await handler({ ...incoming, url, body: await readBody() });
  }

  private async createRoom({ request, response, body }: Exchange): Promise<void> {
    const code = await this.deps.api.create(parseJson(body));
    json(response, 201, urlsOf(request, code, this.deps.publicOrigin));
  }

  private async showRoom(exchange: Exchange): Promise<void> {
    const mailbox = await this.mailboxFor(exchange, roomCodeOf(exchange.url));
    if (mailbox) json(exchange.response, 200, await this.deps.reads.view(mailbox));
  }

  private async showEvents(exchange: Exchange): Promise<void> {
    const { request, response, url } = exchange;
    const code = roomCodeOf(url);
    const lastSeen = request.headers['last-event-id'] ?? url.searchParams.get('after') ?? '0';
    const after = Number(lastSeen);
    if (!Number.isSafeInteger(after) || after < 0) throw new CatalogueError('BAD_REQUEST', 'after: expected a seq');
    const { ownership, reads } = this.deps;
    const follows = request.headers.accept?.includes('text/event-stream') === true;
    if (!follows && !ownership.here(code)) {
      // A room that nobody plays is read without a claim: reading shall keep none alive.
      const page = await reads.unownedPage(code, after as Seq);
      if (page) return sendJson(response, 200, page.text);
    }
    const mailbox = await this.mailboxFor(exchange, code);
    if (!mailbox) return;
    if (follows) await reads.follow(mailbox, exchange, after as Seq);
    else sendJson(response, 200, (await reads.page(mailbox, after as Seq)).text);
  }

  private async reconnect(exchange: Exchange): Promise<void> {
    const { request, response, body } = exchange;
    const { api, reads } = this.deps;
    const token = api.tokenIn(parseJson(body));
    const named = roomOfToken(token);
    if (named !== undefined) {
      const mailbox = await this.mailboxFor(exchange, named).catch(unlessUnavailable);
      // The room's owner has answered.
      if (mailbox === undefined) return;
      const seat = mailbox && (await reads.seatOf(mailbox, token));
      if (seat !== undefined && seat !== null)
        return json(response, 200, { ...urlsOf(request, named, this.deps.publicOrigin), seat });
    }
    const { room, seat } = await api.findSeat(token);
    json(response, 200, { ...urlsOf(request, room, this.deps.publicOrigin), seat });
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
  private async mailboxFor(exchange: Exchange, code: RoomCode): Promise<Mailbox | undefined> {
    const location = await bounded(this.deps.clock, this.deps.ownership.open(code));
    if (location.at === 'here') return location.mailbox;
    if (location.at === 'nowhere') throw new CatalogueError('ROOM_UNAVAILABLE');
    if (location.at === 'elsewhere' && !exchange.wasForwarded) {
      this.deps.metrics.forwards.inc({ kind: 'http' });
      if (await exchange.forward(exchange.body, location.address)) return undefined;
    }
    throw new CatalogueError('OWNER_UNREACHABLE');
  }

  private refuse(response: HttpResponse, error: unknown): void {
    // Whoever has left in the middle of the request needs no answer.
    if (response.destroyed) return;
    const known =
      error instanceof CatalogueError
        ? error
        : new CatalogueError(error instanceof CorruptRoom ? 'ROOM_FAILED' : 'FROZEN');
    if (known !== error && !(error instanceof LostLately)) this.deps.log.error({ err: error }, 'request failed');
    this.deps.metrics.errors.inc({ code: known.code });
    if (response.headersSent) return void response.destroy();
    const { http, retry } = errors[known.code];
    if (retry) response.setHeader('retry-after', '1');
    json(response, http, { error: { code: known.code, message: known.message, retry } });
  }
}

/** Null where there is no such room, or none yet: a token can look as if it named one. */
function unlessUnavailable(error: unknown): null {
  if (error instanceof LostLately) return null;
  if (error instanceof CatalogueError && error.code === 'ROOM_UNAVAILABLE') return null;
  throw error;
}

function json(response: HttpResponse, status: number, body: unknown): void {
  sendJson(response, status, JSON.stringify(body));
}

function sendJson(response: HttpResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text);
}

/** Where a room is reached: under the cluster's own name, else under the one by which the asker reached us. */
function urlsOf(
  request: HttpRequest,
  code: RoomCode,
  publicOrigin: string | undefined,
): { room_code: RoomCode; ws_url: string; play_url: string } {
  // Of these headers HAProxy lets in what it has written itself, or a balancer that it trusts.
  const secure = request.headers['x-forwarded-proto'] === 'https' ? 's' : '';
  const page = publicOrigin ?? `http${secure}://${request.headers.host ?? 'localhost'}`;
  return {
    room_code: code,
    ws_url: `${page.replace(/^http/, 'ws')}/ws?room_code=${code}`,
    play_url: `${page}/?room_code=${code}`,
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
