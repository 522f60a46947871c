/**
 * Pipes a connection to the instance that owns its room, byte for byte. One hop only: a forwarded request carries the
 * cluster's secret, and whoever gets it does not forward again.
 */
import { timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { parseHostPort } from '../runtime/address.js';
import { whenGone } from './gone.js';
import type { Pulse } from './pulse.js';

export const FORWARDED_HEADER = 'x-hokm-forwarded';
const CONNECT_TIMEOUT_MS = 500;
/** A process that is stopped still takes connections: who has not begun to answer an upgrade by then cannot be reached. */
const UPGRADE_TIMEOUT_MS = 400;
/** The same for a plain request; above the time that a command may wait for its commit. */
const REQUEST_TIMEOUT_MS = 9_000;
/** No process listened at an address: for so long nobody else is sent there. A dead owner's players all come at once. */
const REFUSED_MS = 500;

export class Forwarder {
  /** Ends of the connections being piped. */
  private readonly piped = new Set<() => void>();
  /** Monotonic ms at which each address last refused a connection. */
  private readonly refused = new Map<string, number>();
  /** Secrets that mark what comes from another instance. */
  private readonly known: readonly Buffer[];

  constructor(
    /** Marks what is passed on from here. */
    private readonly secret: string,
    /** Marks what instances pass on that have the next secret already, or still the last one. */
    alsoKnown: string | undefined,
    private readonly pulse: Pick<Pulse, 'watch'>,
  ) {
    this.known = [secret, ...(alsoKnown === undefined ? [] : [alsoKnown])].map((text) => Buffer.from(text));
  }

  /** Cuts what is still piped: the players connect again. */
  closeAll(): void {
    for (const end of this.piped) end();
  }

  /** Whether another instance of this cluster has sent the request here. */
  wasForwarded(incoming: IncomingMessage): boolean {
    const header = incoming.headers[FORWARDED_HEADER];
    if (header === undefined) return false;
    const given = Buffer.from(String(header));
    return this.known.some((secret) => given.length === secret.length && timingSafeEqual(given, secret));
  }

  /**
   * Hands a WebSocket upgrade to `address`. False when nobody answers there in time, or it is `given` up before; the socket is
   * then still untouched.
   */
  upgrade(
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    address: string,
    given: AbortSignal,
  ): Promise<boolean> {
    const place = parseHostPort(address);
    if (!place || this.hasRefused(address)) return Promise.resolve(false);
    return new Promise((resolve) => {
      const owner = connect({ ...place, noDelay: true });
      const giveUp = () => owner.destroy();
      const timer = setTimeout(giveUp, UPGRADE_TIMEOUT_MS);
      given.addEventListener('abort', giveUp);
      owner.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') this.refused.set(address, performance.now());
      });
      owner.once('close', () => {
        clearTimeout(timer);
        resolve(false);
      });
      owner.once('connect', () => {
        owner.write(this.passedHead(incoming), 'latin1');
        if (head.length > 0) owner.write(head);
      });
      owner.once('data', (first: Buffer) => {
        clearTimeout(timer);
        given.removeEventListener('abort', giveUp);
        resolve(true);
        const end = () => {
          this.piped.delete(end);
          unwatch();
          owner.destroy();
          socket.destroy();
        };
        const unwatch = this.pulse.watch(address, end);
        this.piped.add(end);
        if (socket.destroyed) end();
        for (const side of [owner, socket]) {
          side.on('error', end);
          side.on('close', end);
        }
        socket.write(first);
        owner.pipe(socket);
        socket.pipe(owner);
      });
    });
  }

  private hasRefused(address: string): boolean {
    const at = this.refused.get(address);
    if (at === undefined) return false;
    if (performance.now() - at < REFUSED_MS) return true;
    this.refused.delete(address);
    return false;
  }

  /** Answers a plain request with what `address` answers. False when nobody answers there. */
  request(incoming: IncomingMessage, body: Buffer, response: ServerResponse, address: string): Promise<boolean> {
    const place = parseHostPort(address);
    if (!place) return Promise.resolve(false);
    return new Promise((resolve) => {
      // Whoever has left is not there to end what would be opened for it.
      if (response.destroyed || incoming.socket.destroyed) return resolve(true);
      const headers = { ...incoming.headers, [FORWARDED_HEADER]: this.secret };
      const outgoing = request(
        { ...place, method: incoming.method ?? 'GET', path: incoming.url ?? '/', headers, agent: false },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
          answer.on('error', () => response.destroy());
          resolve(true);
        },
      );
      const unwatch = this.pulse.watch(address, () => outgoing.destroy());
      outgoing.once('close', unwatch);
      const connecting = setTimeout(() => outgoing.destroy(), CONNECT_TIMEOUT_MS);
      const answering = setTimeout(() => outgoing.destroy(), REQUEST_TIMEOUT_MS);
      outgoing.on('socket', (socket) => socket.once('connect', () => clearTimeout(connecting)));
      outgoing.on('response', () => clearTimeout(answering));
      outgoing.on('error', () => {
        clearTimeout(connecting);
        clearTimeout(answering);
        if (response.headersSent) response.destroy();
        resolve(response.headersSent);
      });
      whenGone(incoming, response, () => outgoing.destroy());
      outgoing.end(body);
    });
  }

  private passedHead(incoming: IncomingMessage): string {
    return requestHead(incoming, (name) => name !== FORWARDED_HEADER, `${FORWARDED_HEADER}: ${this.secret}\r\n`);
  }
}

/** The request's first lines as they came, of its headers those whose names (in small letters) are kept. */
export function requestHead(incoming: IncomingMessage, isKept: (name: string) => boolean, more = ''): string {
  const { method, url, httpVersion, rawHeaders } = incoming;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (isKept(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[at + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n${more}\r\n`;
}
