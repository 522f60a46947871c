/** The instance's port: Node's HTTP server, the upgrades that it hands over, and the pipes to other instances. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Livez } from '../cluster/livez.js';
import { CatalogueError } from '../errors.js';
import type { InstanceId } from '../protocol/ids.js';
import type { Ticks } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import { Forwarder, requestHead } from './forward.js';
import { isAnswering, whenGone } from './gone.js';
import type { HttpApi } from './http.js';
import { MAX_BODY_BYTES } from './limits.js';
import type { Players } from './players.js';
import { Pulse } from './pulse.js';
import { WebSockets } from './websocket.js';

export interface HttpServerDeps {
  readonly api: HttpApi;
  readonly players: Players;
  readonly clock: Ticks;
  readonly log: Logger;
  /** Asks another instance whether it lives. */
  readonly probe: (address: string) => Promise<Livez>;
  /** Whether the lease of another instance is over. */
  readonly leaseRanOut: (id: InstanceId) => boolean;
  /** Shared by all instances; marks forwarded requests. */
  readonly secret: string;
  /** Marks them too while the secret is being changed. */
  readonly alsoSecret: string | undefined;
  /** Origins that may connect beside the page's own. */
  readonly origins: readonly string[];
}

/** Slow clients: the whole request must be here within this, ms. */
const REQUEST_TIMEOUT_MS = 5_000;
/** How often slow clients are looked for; Node's own 30 s would let them stay that much longer. */
const TIMEOUT_CHECK_MS = 500;
/** Sockets that are still there so long after the end of listening came in its last moments: they are cut off. */
const CLOSE_GRACE_MS = 1_500;

const ignore = () => undefined;

export class HttpServer {
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();
  private readonly forwarder: Forwarder;
  private readonly webSockets: WebSockets;

  constructor(private readonly deps: HttpServerDeps) {
    const { players, clock, log, probe, leaseRanOut, secret, alsoSecret, origins } = deps;
    this.forwarder = new Forwarder(secret, alsoSecret, new Pulse(clock, probe, leaseRanOut));
    this.webSockets = new WebSockets({ players, forwarder: this.forwarder, origins });
    this.server = createServer(
      {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      },
      (request, response) => {
        this.answer(request, response).catch((error: unknown) => {
          log.error({ err: error }, 'answer failed');
          response.destroy();
        });
      },
    );
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    const { sockets } = this;
    // One for all: there are many.
    function forget(this: Duplex): void {
      sockets.delete(this);
    }
    this.server.on('connection', (socket: Duplex) => {
      // It has been here before, with an upgrade that was not wanted.
      if (sockets.has(socket)) return;
      sockets.add(socket);
      socket.on('close', forget);
      // Its end follows. Nobody else listens while an upgrade is decided on.
      socket.on('error', ignore);
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

  /** Cuts the connections that are passed on to other instances: the players come back. */
  cutForwarded(): void {
    this.forwarder.closeAll();
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

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // It would be answered before what was asked first.
    if (isAnswering(socket)) return void socket.destroy();
    if (!this.webSockets.wants(request)) return this.answerPlainly(request, socket, head);
    this.webSockets.upgrade(request, socket, head).catch((error: unknown) => {
      this.deps.log.error({ err: error }, 'upgrade failed');
      socket.destroy();
    });
  }

  /** Node leaves every connection on which an upgrade is asked for. It gets this one back, with the request that does not. */
  private answerPlainly(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const plain = requestHead(request, (name) => name !== 'upgrade');
    socket.unshift(Buffer.concat([Buffer.from(plain, 'latin1'), head]));
    this.server.emit('connection', socket);
  }

  private answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // What goes wrong with a connection, or is written too late, ends this connection alone.
    request.on('error', ignore);
    response.on('error', () => response.destroy());
    whenGone(request, response, ignore);
    return this.deps.api.answer({
      request,
      response,
      wasForwarded: this.forwarder.wasForwarded(request),
      readBody: () => readBody(request),
      whenGone: (then) => whenGone(request, response, then),
      forward: (body, address) => this.forwarder.request(request, body, response, address),
    });
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
